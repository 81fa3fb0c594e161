"""Delivery receipts: only news counts, and an unknown error is an alarm."""

import itertools

import pytest

from tests.twilio_samples import STATUS, status_form
from webhook.twilio_edge.inbound import BadWebhook
from webhook.twilio_edge.status import ERRORS, ErrorClass, Receipt, Status, read_receipt


def read(form: dict[str, str]) -> Receipt:
    return read_receipt(list(form.items()))


@pytest.mark.parametrize("name", STATUS["forms"])
def test_every_sample_is_read(name: str) -> None:
    """A receipt that cannot be read is news that is lost."""
    receipt = read(status_form(name))
    assert receipt.status.value == STATUS["forms"][name]["MessageStatus"]


def test_any_order_of_receipts_ends_in_the_same_status() -> None:
    """They come late, twice and out of order: the last to arrive is not the latest."""
    for statuses, last in (
        ((Status.QUEUED, Status.SENT, Status.DELIVERED, Status.READ), Status.READ),
        ((Status.SENT, Status.UNDELIVERED, Status.SENT), Status.UNDELIVERED),
    ):
        for order in itertools.permutations(statuses):
            known = None
            for status in order:
                known = status if status.follows(known) else known
            assert known is last


def test_nothing_follows_a_failure() -> None:
    """A failure is final: what arrives after it is old news."""
    failures = [status for status in Status if status.is_failure]
    assert {status.value for status in failures} == {"failed", "undelivered", "canceled"}
    assert not any(status.follows(failed) for status in Status for failed in failures)


@pytest.mark.parametrize(
    ("code", "class_"),
    [
        ("63016", ErrorClass.CONTENT),
        ("21610", ErrorClass.PERSON),
        ("20429", ErrorClass.RETRY),
        ("30002", ErrorClass.CONFIGURATION),
        ("21617", ErrorClass.BUG),
        ("99999", ErrorClass.UNKNOWN),
    ],
)
def test_an_error_says_what_it_asks_of_us(code: str, class_: ErrorClass) -> None:
    """Retrying what can never arrive costs money and hides the fault."""
    receipt = read(status_form("whatsapp outside the window", ErrorCode=code))
    assert receipt.error_class is class_
    assert class_.is_alarm is (class_ in {ErrorClass.CONFIGURATION, ErrorClass.BUG, ErrorClass.UNKNOWN})


def test_a_failure_without_a_code_is_an_alarm_and_a_delivery_is_not() -> None:
    """Not knowing why is a reason to look."""
    assert read(status_form("whatsapp sent", MessageStatus="failed")).error_class is ErrorClass.UNKNOWN
    assert read(status_form("whatsapp read")).error_class is None


def test_a_status_and_a_code_that_nobody_knows_are_taken() -> None:
    """Twilio adds words without notice."""
    receipt = read(status_form("whatsapp sent", MessageStatus="teleported", ErrorCode="abc"))
    assert (receipt.status, receipt.error_code) == (Status.OTHER, 0)


@pytest.mark.parametrize("changed", [{"MessageSid": "x"}, {"MessageSid": ""}, {"MessageStatus": "", "SmsStatus": ""}])
def test_a_receipt_of_nothing_is_refused(changed: dict[str, str]) -> None:
    """It names no message, or says nothing about it."""
    with pytest.raises(BadWebhook):
        read(status_form("whatsapp sent", **changed))


def test_every_code_has_one_class() -> None:
    """A code in two classes would be acted on by chance."""
    assert len(ERRORS) >= 50
    assert all(10_000 <= code <= 69_999 for code in ERRORS)
