"""What the answer of the provider, or a failure told later, asks of us.

The classes of the codes are in `webhook/twilio_edge/status.py`; here is what follows from them. A code that nobody knows
is an alarm and never a retry.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from webhook.outbox.entries import Entry, Kind
from webhook.outbox.reasons import REASON_OF_CLASS, Reason
from webhook.twilio_edge.status import ERRORS, ErrorClass, Status

OPTED_OUT = 21610
WINDOW_SHUT = 63016
NOT_JOINED = 63015
DAILY_CAP = 63038
NOT_FOUND = 20404
TOO_MANY = 429

_SLOWER = frozenset({21611, 30001, 63017, 63018})
_BACK_AFTER_S = {30003: 900.0, 30008: 60.0, 30410: 30.0, 63010: 30.0, 63012: 30.0}
_SLOWER_BACK_AFTER_S = 300.0
_CAP_PAUSE_S = 3600.0
_ABOUT_CONTENT = frozenset({ErrorClass.CONTENT, ErrorClass.BUG, ErrorClass.UNKNOWN})


class Came(StrEnum):
    """What came of one request to the provider."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # it answered, and did not take the message
    NOT_REACHED = "not_reached"  # no connection: nothing was processed
    LOST = "lost"  # the request went out and no answer came back: nobody knows


@dataclass(frozen=True, slots=True)
class Answer:
    """The provider's answer: its id of the message if it took it, else the HTTP status and its error code (0: none)."""

    came: Came
    sid: str = ""
    http_status: int = 0
    code: int = 0

    @property
    def is_unknown(self) -> bool:
        """Whether nobody can tell if the message went out."""
        is_refused = self.came is Came.REFUSED and self.http_status < 500
        return not (is_refused or self.came in (Came.ACCEPTED, Came.NOT_REACHED) or self.http_status == TOO_MANY)


class Do(StrEnum):
    """What is to be done with a message that was not accepted, or failed."""

    RETRY = "retry"
    FIND_OUT = "find_out"  # the outcome is unknown
    GIVE_UP = "give_up"
    OPT_OUT = "opt_out"  # the person wants no messages on this channel: give up, and send no others
    REOPEN = "reopen"  # the window is shut: template, or wait until the person writes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done. `after_s` for retries; `reason` why it is given up; `is_alarm`: an operator must look now."""

    do: Do
    after_s: float = 0.0
    reason: str = ""
    error_class: ErrorClass | None = None
    is_alarm: bool = False


def verdict_on(answer: Answer, tries: int, jitter: float) -> Verdict:
    """What an answer that is not an acceptance asks. `tries` went before; `jitter` (0 to 1) keeps retries apart."""
    if answer.came is Came.NOT_REACHED:
        return Verdict(Do.RETRY, _backoff(1.0, 60.0, tries, jitter), error_class=ErrorClass.RETRY)
    if answer.is_unknown:
        return Verdict(Do.FIND_OUT, error_class=ErrorClass.RETRY)
    class_ = ERRORS.get(answer.code, ErrorClass.UNKNOWN)
    if answer.code in _SLOWER:
        return Verdict(Do.RETRY, _backoff(30.0, 900.0, tries, jitter), error_class=class_)
    if answer.http_status == TOO_MANY or class_ is ErrorClass.RETRY:
        return Verdict(Do.RETRY, _backoff(2.0, 300.0, tries, jitter), error_class=ErrorClass.RETRY)
    return _final(answer.code, class_)


def verdict_on_failure(status: Status, code: int, *, was_back: bool) -> Verdict:
    """What a failure asks that was told after the message had been accepted. Each message is brought back once."""
    if status is Status.CANCELED:
        return Verdict(Do.GIVE_UP, reason=Reason.CANCELED)
    class_ = ERRORS.get(code, ErrorClass.UNKNOWN)
    if class_ is ErrorClass.RETRY and not was_back:
        return Verdict(Do.RETRY, _BACK_AFTER_S.get(code, _SLOWER_BACK_AFTER_S), error_class=class_)
    if code == WINDOW_SHUT and was_back:
        return Verdict(Do.GIVE_UP, reason=Reason.WINDOW, error_class=class_)
    verdict = _final(code, class_)
    if verdict.do is Do.RETRY:  # nothing of it is left to wait with
        return Verdict(Do.GIVE_UP, reason=Reason.CONFIGURATION, error_class=class_, is_alarm=True)
    return verdict


def goes_as_text(entry: Entry, verdict: Verdict, code: int) -> bool:
    """Whether a reply goes out once more as plain text: it was refused for its template, or for a reason nobody knows."""
    is_template = entry.kind is Kind.REPLY and bool(entry.content_sid)
    may_be_why = code == NOT_FOUND or verdict.error_class in _ABOUT_CONTENT
    return is_template and verdict.do is Do.GIVE_UP and may_be_why


def _final(code: int, class_: ErrorClass) -> Verdict:
    if code == OPTED_OUT:
        return Verdict(Do.OPT_OUT, reason=Reason.OPTED_OUT, error_class=class_)
    if code == WINDOW_SHUT:
        return Verdict(Do.REOPEN, reason=Reason.WINDOW, error_class=class_)
    if code == NOT_JOINED:  # a developer's phone: nobody has to be woken
        return Verdict(Do.GIVE_UP, reason=Reason.SANDBOX, error_class=class_)
    if code == DAILY_CAP:
        return Verdict(Do.RETRY, _CAP_PAUSE_S, error_class=class_, is_alarm=True)
    return Verdict(Do.GIVE_UP, reason=REASON_OF_CLASS[class_], error_class=class_, is_alarm=class_.is_alarm)


def _backoff(base_s: float, most_s: float, tries: int, jitter: float) -> float:
    """Twice as long each time, and somewhere between half and whole of it."""
    longest_s = min(most_s, base_s * 2.0 ** min(tries, 20))
    return longest_s * (0.5 + 0.5 * jitter)
