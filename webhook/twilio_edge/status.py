"""Delivery receipts: what Twilio tells later about a message of ours, and what a failure asks of us.

Receipts come late, twice and out of order. So a status has a rank, and only a higher rank is news.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from webhook.twilio_edge.inbound import BadWebhook, first_values

ENTRY_PARAMETER = "o"
"""The parameter of a callback's address that holds the id of our outbox entry."""

_MESSAGE_ID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_CODE = re.compile(r"[0-9]{1,6}")


class Status(StrEnum):
    """How far a message has come. A status nobody knows yet counts as OTHER, below all."""

    OTHER = "other"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    READ = "read"
    CANCELED = "canceled"
    UNDELIVERED = "undelivered"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """Higher is later. The failures are final: nothing that arrives after them changes anything."""
        return _RANKS.get(self, 0)

    @property
    def is_failure(self) -> bool:
        return self.rank == FINAL_RANK

    def follows(self, known: "Status | None") -> bool:
        """Whether this is news, given the status that is known."""
        return known is None or self.rank > known.rank


FINAL_RANK = 5
_RANKS = {
    Status.ACCEPTED: 1,
    Status.SCHEDULED: 1,
    Status.QUEUED: 1,
    Status.SENDING: 1,
    Status.SENT: 2,
    Status.PARTIALLY_DELIVERED: 2,
    Status.DELIVERED: 3,
    Status.READ: 4,
    Status.CANCELED: FINAL_RANK,
    Status.UNDELIVERED: FINAL_RANK,
    Status.FAILED: FINAL_RANK,
}


class ErrorClass(StrEnum):
    """What a failure asks of us."""

    CONFIGURATION = "configuration"  # somebody must mend the account: alarm
    RETRY = "retry"  # try again, later and later
    PERSON = "person"  # this person cannot be reached this way: stop
    CONTENT = "content"  # the text or the template must change
    BUG = "bug"  # ours
    UNKNOWN = "unknown"  # a code that is not in the table: alarm, and no retry

    @property
    def is_alarm(self) -> bool:
        """Whether an operator must look now."""
        return self in {ErrorClass.CONFIGURATION, ErrorClass.BUG, ErrorClass.UNKNOWN}


# Twilio's error dictionary, by what to do; codes change, so a missing one is an alarm and never a retry.
_CODES_BY_CLASS = {
    ErrorClass.CONFIGURATION: (
        20003, 20404, 21212, 21408, 21606, 21612, 21703, 30002, 30034, 30450,
        63001, 63002, 63007, 63015, 63020, 63038, 63051,
    ),
    ErrorClass.RETRY: (20429, 20500, 20503, 21611, 30001, 30003, 30008, 30410, 63010, 63012, 63017, 63018),
    ErrorClass.PERSON: (21211, 21610, 21614, 30005, 30006, 63003, 63014, 63024, 63033),
    ErrorClass.CONTENT: (
        30004, 30007, 63013, 63016, 63021, 63027, 63028, 63032, 63040, 63041, 63042, 63049,
    ),
    ErrorClass.BUG: (11751, 21617, 21655, 21656, 63005, 63019, 63034, 63036),
}  # fmt: skip
ERRORS = {code: class_ for class_, codes in _CODES_BY_CLASS.items() for code in codes}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt: Twilio's id of our message, how far it is, and the error code (0: none)."""

    message_id: str
    status: Status
    error_code: int = 0

    @property
    def error_class(self) -> ErrorClass | None:
        """What the error asks of us; None without an error."""
        if not self.error_code:
            return ErrorClass.UNKNOWN if self.status.is_failure and self.status is not Status.CANCELED else None
        return ERRORS.get(self.error_code, ErrorClass.UNKNOWN)


def read_receipt(fields: Sequence[tuple[str, str]]) -> Receipt:
    """The receipt in a form. Raises BadWebhook when it names no message or no status."""
    form = first_values(fields)
    message_id = form.get("MessageSid", "")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise BadWebhook("MessageSid")
    written = form.get("MessageStatus") or form.get("SmsStatus") or ""
    if not written:
        raise BadWebhook("MessageStatus")
    code = form.get("ErrorCode", "")
    return Receipt(message_id, _status(written), int(code) if _CODE.fullmatch(code) else 0)


def _status(written: str) -> Status:
    try:
        return Status(written.lower())
    except ValueError:
        return Status.OTHER
