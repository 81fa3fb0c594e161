"""Writes down the complaint of a turn before the turn is committed, and sees that nothing is claimed that is not so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

import structlog

from bot import complaining
from bot.catalogue import Catalogue
from bot.turn import Effect, State, Turn
from webhook.complaints.box import ComplaintBox
from webhook.complaints.sealing import Complaint, NotSealed, seal
from webhook.observe import Metrics, fault_of
from webhook.settings import Complaints
from webhook.twilio_edge.inbound import Received

TAKEN, FAILED = "taken", "failed"

log = structlog.get_logger()

Keep = Callable[[Catalogue, State, Turn], Turn]


class KeepsComplaints:
    """The road of complaints: sealed for the focal point, into a folder of their own. Never to the queue or the store."""

    def __init__(self, complaints: Complaints, metrics: Metrics) -> None:
        self._recipient = complaints.recipient
        self._box = ComplaintBox(complaints.folder, complaints.days)
        self._metrics = metrics

    def of(self, received: Received) -> KeepingOne:
        """Follows one message until it is answered."""
        return KeepingOne(self, received)

    def put(self, effect: Effect, received: Received) -> bool:
        """Seal a complaint and write it down. False if it was there already. Raises OSError, NotSealed."""
        complaint = Complaint(
            reference=effect.fields["reference"],
            at=received.inbound.received_at.astimezone(UTC).isoformat(timespec="seconds"),
            language=effect.fields["language"],
            channel=received.inbound.channel.value,
            text=effect.fields["text"],
            address=(received.number or received.address) if effect.fields["answer"] else "",
            danger=effect.fields["danger"],
        )
        return self._box.put(complaint.reference, seal(complaint, self._recipient), received.inbound.received_at)

    def take_back(self, reference: str) -> None:
        try:
            self._box.take_back(reference)
        except OSError as error:
            log.error("complaint_not_taken_back", **fault_of(error))

    def count(self, result: str) -> None:
        self._metrics.complaints.labels(result).inc()


class KeepingOne:
    """One message, whose turn may be stepped several times before it is committed.

    `told` is the last turn that has a complaint on the disk: what it says is true, whatever becomes of the session.
    """

    def __init__(self, keeps: KeepsComplaints, received: Received) -> None:
        self._keeps = keeps
        self._received = received
        self._written = ""
        self.told: Turn | None = None

    def kept(self, catalogue: Catalogue, state: State, turn: Turn) -> Turn:
        """The turn, once its complaint is on the disk; another that says so if it could not be written."""
        effect = complaining.made(turn)
        if effect is None:
            self._take_back()
            return turn
        try:
            if self._keeps.put(effect, self._received):
                self._written = effect.fields["reference"]
                self._keeps.count(TAKEN)
        except (OSError, NotSealed) as error:
            log.error("complaint_not_kept", **fault_of(error))
            self._keeps.count(FAILED)
            self.told = None
            return complaining.not_kept(catalogue, state, self._received.inbound, turn)
        self.told = turn
        return turn

    def _take_back(self) -> None:
        """Stepped again, the message is no complaint after all: another message was first, and left the prompt."""
        self.told = None
        if self._written:
            self._keeps.take_back(self._written)
            self._written = ""
