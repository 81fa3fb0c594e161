"""One turn from end to end: load, step, perhaps an action, commit, reply.

Nothing is said before the state that explains it is stored. When the store cannot be used the person is answered all
the same, without memory; a message that comes again gets the reply it was given before.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from bot import complaining, conversation, handoff
from bot.actions.runner import BUDGET_S as ACTION_BUDGET_S
from bot.actions.runner import RunsActions
from bot.catalogue import Catalogue
from bot.inbound import Inbound, OptOut
from bot.session import Owner, Prefs, Session
from bot.turn import ActionResult, Call, Effect, State, Turn
from webhook.complaints.keeping import KeepingOne, KeepsComplaints
from webhook.desk.inbox import Inbox
from webhook.observe import Metrics, fault_of
from webhook.outbox.native import NativeReplies
from webhook.reload import CatalogueHolder
from webhook.store.faults import StoreDown
from webhook.store.noting import QuestionNotes
from webhook.store.sessions import Loaded, Outcome, SessionStore
from webhook.twilio_edge.inbound import Received

MAX_CONFLICTS = 10
LATE_BUDGET_S = 10.0  # nobody waits for the response when an answer leaves through the outbox
COMMIT_RESERVE_S = 0.6  # what the store may still need after an action
REPORTS = frozenset({"complaint", "complaint-write", "number-does-not-work"})
"""Pages whose opening tells the operator that something may be wrong (safety R50)."""

FORGOTTEN = State(Session(), Prefs())
FAILED = ActionResult(failed=True)

log = structlog.get_logger()


class Step(Protocol):
    """Decides what a message leads to (see `bot.conversation.step`)."""

    def __call__(
        self, catalogue: Catalogue, state: State, inbound: Inbound, *, stateless: bool = False
    ) -> Turn | Call: ...


class Resume(Protocol):
    """Goes on after an action (see `bot.conversation.resume`)."""

    def __call__(
        self, catalogue: Catalogue, call: Call, inbound: Inbound, result: ActionResult, *, stateless: bool = False
    ) -> Turn: ...


WritesEntry = Callable[[str, str], bytes]
"""Makes an outbox entry of a person's code and a text."""


@dataclass(slots=True)
class _Attempt:
    """One message on its way: the catalogue it began with, until when it must be answered, and what an action said.

    `lost_ticket` is one that the session still speaks of, and the store no longer has. `late` is how a reply leaves when
    the message did not come by the webhook; `was_seen` says that it had been answered before.
    """

    catalogue: Catalogue
    inbound: Inbound
    deadline: float
    asked: Call | None = None
    result: ActionResult = FAILED
    complaint: KeepingOne | None = None
    lost_ticket: str = ""
    late: WritesEntry | None = None
    was_seen: bool = False


class Conversation:
    """Answers messages. Safe to use from any thread.

    Without a `store` (stateless mode) everything is answered without memory. Without `notes` no question is kept for
    the editors, without `complaints` no complaint is taken, without an `inbox` nobody is handed over, and without `natives` every reply is text.
    """

    def __init__(
        self,
        holder: CatalogueHolder,
        store: SessionStore | None,
        actions: RunsActions,
        metrics: Metrics,
        *,
        step: Step = conversation.step,
        resume: Resume = conversation.resume,
        clock: Callable[[], float] = time.monotonic,
        notes: QuestionNotes | None = None,
        complaints: KeepsComplaints | None = None,
        inbox: Inbox | None = None,
        natives: NativeReplies | None = None,
    ) -> None:
        self._holder = holder
        self._store = store
        self._actions = actions
        self._metrics = metrics
        self._step = step
        self._resume = resume
        self._clock = clock
        self._notes = notes
        self._complaints = complaints
        self._inbox = inbox
        self._natives = natives
        self._store_is_lost = False

    def take_turn(self, received: Received, *, deadline: float) -> str | None:
        """The reply to a message, or None for silence. `deadline` is the moment of `clock` at which Twilio gives up."""
        attempt = _Attempt(self._holder.current, received.inbound, deadline)
        attempt.complaint = self._complaints.of(received) if self._complaints else None
        if self._store is not None:
            try:
                answered, reply = self._kept_turn(self._store, attempt, received)
                self._note_store(lost=False)
                if answered:
                    return reply
            except StoreDown as down:
                self._metrics.store_errors.inc()
                self._note_store(lost=True, why=str(down))
        told = attempt.complaint.told if attempt.complaint else None  # on the disk, so it may be said
        turn = told or self._decide(attempt, FORGOTTEN, stateless=True)
        self._count(turn, received.inbound, kept=False)
        return turn.reply

    def answer_by_outbox(self, received: Received, write: WritesEntry) -> str:
        """Answer a message that never came to the webhook: one turn, and its reply leaves through the outbox alone.

        Gives what happened: "seen" (answered before), "answered", "silent" (nothing is said to it) or "conflict". Raises
        StoreDown: without the store nothing is said, since nobody could tell whether it had been said before.
        """
        if self._store is None:
            return "conflict"
        attempt = _Attempt(self._holder.current, received.inbound, self._clock() + LATE_BUDGET_S, late=write)
        attempt.complaint = self._complaints.of(received) if self._complaints else None
        done, reply = self._kept_turn(self._store, attempt, received)
        if attempt.was_seen:
            return "seen"
        return "conflict" if not done else "answered" if reply else "silent"

    def take_late(self, received: Received) -> str:
        """Take a message that came too late to be answered: it joins the open ticket ("joined"), or is "counted".

        It is marked as seen, and nothing is said. "seen" if it had been answered before. Raises StoreDown.
        """
        catalogue, lost = self._holder.current, ""
        for _ in range(1 + MAX_CONFLICTS if self._store else 0):
            assert self._store is not None
            loaded = self._store.load(received.person, received.inbound, catalogue.codes)
            if loaded.seen:
                return "seen"
            state = _without_ticket(loaded.state, lost)
            joins = self._inbox is not None and not complaining.is_prompted(state.session)
            ticket = state.session.ticket if joins else ""
            fields = {"ticket": ticket, "text": received.inbound.text, "danger": "", "note": ""}
            turn = Turn(state, None, outcome="late", effects=(Effect(handoff.SAID, fields),) if ticket else ())
            outcome, _ = self._commit(self._store, loaded, turn, received)
            if outcome is Outcome.COMMITTED:
                if self._inbox is not None:
                    self._inbox.committed(turn, loaded)
                return "joined" if ticket else "counted"
            if outcome is Outcome.REPEAT:
                return "seen"
            lost = ticket if outcome is Outcome.GONE else lost
        return "conflict"

    def last_resort(self, received: Received | None) -> str | None:
        """A reply after an error of ours: without memory and actions; if even that fails, the line that says so."""
        inbound = received.inbound if received else None
        catalogue = self._holder.current
        if inbound is not None:
            try:
                decided = self._step(catalogue, FORGOTTEN, inbound, stateless=True)
                if isinstance(decided, Call):
                    decided = self._resume(catalogue, decided, inbound, FAILED, stateless=True)
                return decided.reply
            except Exception as error:  # whatever broke, the person must hear something
                log.error("last_resort_failed", **fault_of(error))
            if inbound.opt_out in (OptOut.STOP, OptOut.START):
                return None  # Twilio has answered already
        return "\n".join(catalogue.phrase("service_down", language) for language in catalogue.languages)

    def _kept_turn(self, store: SessionStore, attempt: _Attempt, received: Received) -> tuple[bool, str | None]:
        """The reply of a turn that was committed, or had been before. (False, None) if others were always first."""
        for _ in range(1 + MAX_CONFLICTS):
            loaded = store.load(received.person, attempt.inbound, attempt.catalogue.codes)
            if loaded.seen:
                attempt.was_seen = True
                self._metrics.repeats.inc()
                return True, loaded.reply
            turn = self._decide(attempt, _without_ticket(loaded.state, attempt.lost_ticket))
            if attempt.complaint is not None:
                turn = attempt.complaint.kept(attempt.catalogue, loaded.state, turn)
            outcome, reply = self._commit(store, loaded, turn, received, attempt.late)
            if outcome is Outcome.COMMITTED:
                if self._inbox is not None:
                    self._inbox.committed(turn, loaded)
                self._count(turn, attempt.inbound, kept=True)
                self._note(turn, attempt.inbound)
                return True, reply
            if outcome is Outcome.REPEAT:
                attempt.was_seen = True
                self._metrics.repeats.inc()
                return True, reply
            if outcome is Outcome.GONE:
                attempt.lost_ticket = loaded.state.session.ticket
                log.warning("ticket_lost", ticket=attempt.lost_ticket)
            self._metrics.conflicts.inc()
            if self._clock() > attempt.deadline - COMMIT_RESERVE_S:
                break
        return False, None

    def _commit(
        self, store: SessionStore, loaded: Loaded, turn: Turn, received: Received, late: WritesEntry | None = None
    ) -> tuple[Outcome, str | None]:  # fmt: skip
        """Write a turn. Gives what became of it, and what goes back to the webhook: one way of a reply excludes the other."""
        ticket = self._inbox.asked(turn, received, loaded) if self._inbox is not None else None
        if late is not None:  # nobody waits for a response to the webhook
            entries = [late(loaded.key, turn.reply)] if turn.reply else []
            committed = store.commit(loaded, turn, entries=entries, ticket=ticket)
        elif native := self._natives.entry_for(turn, loaded.key, received) if self._natives is not None else None:
            committed = store.commit(loaded, turn, entries=[native], ticket=ticket)
            turn = replace(turn, reply=None)
        else:
            committed = store.commit(loaded, turn, reply=turn.reply or "", ticket=ticket)
        return committed.outcome, turn.reply if committed.outcome is Outcome.COMMITTED else committed.reply

    def _decide(self, attempt: _Attempt, state: State, *, stateless: bool = False) -> Turn:
        """The turn from a state, with the action that it asks for."""
        decided = self._step(attempt.catalogue, state, attempt.inbound, stateless=stateless)
        if isinstance(decided, Turn):
            return decided
        if self._inbox is not None and not stateless:
            decided = replace(decided, desk=self._inbox.facts())
        result = self._act(attempt, decided)
        if stateless:
            return self._resume(attempt.catalogue, decided, attempt.inbound, result, stateless=True)
        return self._resume(attempt.catalogue, decided, attempt.inbound, result)

    def _act(self, attempt: _Attempt, call: Call) -> ActionResult:
        """What the action says. One that was asked before, in this turn, is not asked again: it only reads."""
        if attempt.asked is not None and _same_question(attempt.asked, call):
            return attempt.result
        if self._clock() + ACTION_BUDGET_S + COMMIT_RESERVE_S > attempt.deadline:
            return FAILED
        attempt.result = self._actions.run(attempt.catalogue, call, attempt.inbound)
        attempt.asked = call
        return attempt.result

    def _count(self, turn: Turn, inbound: Inbound, *, kept: bool) -> None:
        channel = inbound.channel.value
        self._metrics.turns.labels(turn.outcome, channel, turn.language).inc()
        if turn.danger:
            self._metrics.dangers.labels(turn.danger, channel).inc()
        if turn.node in REPORTS and turn.outcome == "answered":
            self._metrics.reports.labels(turn.node).inc()
        if not kept:
            self._metrics.forgotten.inc()

    def _note(self, turn: Turn, inbound: Inbound) -> None:
        """Hand on what the editors may learn from. The person waits for none of it."""
        if self._notes is not None and turn.effects:
            self._notes.note(turn.effects, inbound.at_s)

    def _note_store(self, *, lost: bool, why: str = "") -> None:
        """Say once that the store was lost, and once that it is back."""
        if lost == self._store_is_lost:
            return
        self._store_is_lost = lost
        if lost:
            log.error("store_lost", why=why)
        else:
            log.info("store_back")


def _without_ticket(state: State, ticket: str) -> State:
    """The state without a ticket that is lost: the bot answers again."""
    if not ticket or state.session.ticket != ticket:
        return state
    return replace(state, session=replace(state.session, owner=Owner.BOT, ticket=""))


def _same_question(asked: Call, call: Call) -> bool:
    """Whether two calls ask the same of the same action, so that one result serves both."""
    return (
        asked.action,
        asked.node,
        asked.location,
        asked.town,
        asked.language,
        asked.choice,
        asked.state.session.ticket,
    ) == (call.action, call.node, call.location, call.town, call.language, call.choice, call.state.session.ticket)
