"""Before and while somebody waits for an advisor: the yes that opens a ticket, the first note, and what may be added.

Nothing goes to an advisor before the page that says exactly what will, and a yes to that page (safety R37). A no leaves
no record (R38). While waiting the bot works as usual; what it cannot answer joins the ticket.
"""

from __future__ import annotations

from dataclasses import replace

from bot import replying
from bot.catalogue import (
    ADVISOR,
    CHECK_WORD,
    FIRST_NOTE,
    HAND_OVER,
    HELP_NUMBERS,
    LANGUAGE_SLOT,
    LEAVING,
    MAIN,
    NEAREST,
    SAFE_TIME,
    WAITING,
    WELCOME,
    Catalogue,
    NodeId,
    option_id,
)
from bot.handoff import CHECK_WORD as CHECK_WORD_GIVEN
from bot.handoff import OPENED, asked_of, left, said, ticket_of
from bot.handoff import SAFE_TIME as SAFE_TIME_GIVEN
from bot.scene import Given, Scene
from bot.session import Owner, Session
from bot.turn import ActionResult, Call, Effect, Turn

STEPS = "steps"
PROMISED = "promised"
MAX_CHECK_WORD = 20
SKIP = option_id(WAITING, "skip")
DESK_SLOTS = frozenset({HAND_OVER, WAITING, SAFE_TIME, LEAVING})
"""Slots of choices that belong to the hand-over. None of them is ever kept in a session."""

PROMPTS = frozenset({"complaint-write", "complaint-reply"})
"""Pages at which whatever is written next is taken for a complaint: nobody comes back to them unasked."""


# --- what is known of who asks -----------------------------------------------------------------------------------


def came_from(session: Session) -> NodeId:
    """The topic of a ticket: the page somebody stood at when they asked for an advisor; "" if none says anything."""
    places = [id_ for id_ in (*session.path, session.node) if id_ not in ("", MAIN, WELCOME, ADVISOR)]
    return places[-1] if places else ""


def steps_of(session: Session) -> tuple[NodeId, ...]:
    """The way through the menu that somebody may share: the last pages, oldest first."""
    return tuple(dict.fromkeys(id_ for id_ in (*session.path, session.node) if id_ not in ("", MAIN, WELCOME, ADVISOR)))


def danger_told(catalogue: Catalogue, session: Session, danger: str) -> str:
    """Whether who asks has told of danger: "certain" where they come from a danger answer, "possible" where they may have.

    A chat is sensitive for an hour after danger, and after pages that others must not read. Where no such page is on the
    person's way, it may well have been danger.
    """
    way = (*session.path, session.node)
    if danger == "certain" or any(id_ in catalogue.danger_nodes for id_ in way):
        return "certain"
    is_explained = any(catalogue.is_sensitive(id_) and not catalogue.is_danger(id_) for id_ in way)
    return "possible" if danger or (session.sensitive and not is_explained) else ""


def parked(session: Session) -> NodeId:
    """The place to come back to when the hand-over is over."""
    places = [id_ for id_ in (*session.path, session.node) if id_ not in ("", WELCOME, ADVISOR, *PROMPTS)]
    return places[-1] if places else MAIN


# --- yes or no -----------------------------------------------------------------------------------------------------


def options_of(scene: Scene) -> list[str]:
    """The choices under the page that asks: with the steps only if there are any, and in danger never."""
    danger = danger_told(scene.catalogue, scene.session, scene.danger)
    shares = ["steps"] if steps_of(scene.session) and not danger else []
    return [option_id(HAND_OVER, value) for value in ("yes", *shares, "no")]


def agreed(scene: Scene, value: str) -> Turn | Call:
    """The answer to the page. It counts only right below that page; anywhere else the page comes again (safety R37)."""
    if scene.session.asking != HAND_OVER or option_id(HAND_OVER, value) not in scene.session.offered:
        return replying.enter(scene, ADVISOR)
    if value == "no":
        target = parked(scene.session)
        return replying.enter(scene.led_by(*scene.told("not_handed_over")), target)
    return replying.enter(scene, ADVISOR, Given(choice=value))


def resumed(scene: Scene, call: Call, result: ActionResult, lines: list[str]) -> Turn | None:
    """The page that the action has found for the person; None if it is no page of the hand-over."""
    names = {str(event.get("event")) for event in result.events}
    slots = {str(event.get("name")): event.get("value") for event in result.events if event.get("event") == "slot"}
    if call.choice and "pause" in names and not scene.session.ticket and not scene.stateless:
        return _opened(scene, call, slots, lines)
    if scene.session.ticket:
        return _page(scene, lines, waiting_options(), outcome="waits")
    if slots.get("requested_slot") == HAND_OVER and not scene.stateless:
        if not call.state.prefs.language:  # nobody can agree to what they cannot read (R37)
            scene = scene.spoken("")
            choices = [option_id(LANGUAGE_SLOT, language) for language in scene.catalogue.languages]
            return _page(scene, scene.told("language_first"), choices, outcome="asked_language")
        if danger_told(scene.catalogue, scene.session, scene.danger):
            scene = replace(scene, lead=(), first=False)  # like a danger answer it comes alone; the numbers are in it
        return _page(scene, lines, options_of(scene), asking=HAND_OVER, outcome="asked_consent")
    return None


def nobody_here(scene: Scene) -> Turn:
    """There is no desk: the page that says what there is instead; without the store, that it may be there in a while."""
    if scene.stateless and scene.catalogue.desk_hours is not None:
        scene = scene.led_by(*scene.told("not_possible_now"))
    return replying.show(scene, ADVISOR)


def _opened(scene: Scene, call: Call, slots: dict[str, object], lines: list[str]) -> Turn:
    """The ticket is opened, and the first note asked for."""
    session, ticket = scene.session, ticket_of(scene.inbound)
    promised = slots.get(PROMISED)
    fields = {
        "ticket": ticket,
        "language": scene.tongue,
        "topic": came_from(session),
        "danger": danger_told(scene.catalogue, session, scene.danger),
        "path": ",".join(steps_of(session)) if call.choice == STEPS and slots.get(STEPS) is True else "",
        "promised_s": str(promised if isinstance(promised, int) else scene.now_s + LEAST_PROMISE_S),
    }
    scene = scene.noting((Effect(OPENED, fields),)).with_session(owner=Owner.QUEUE, ticket=ticket)
    filled = [line.replace("{code}", ticket) for line in lines]
    return _page(scene, filled, [SKIP], asking=FIRST_NOTE, outcome="handed_over")


LEAST_PROMISE_S = 15 * 60
"""Until when somebody should come, if the action has not said it."""


def _page(scene: Scene, lines: list[str], options: list[str], *, outcome: str, asking: str = "") -> Turn:
    return replying.show_lines(scene, ADVISOR, lines, options, outcome=outcome, asking=asking, whole=True)


def is_of_the_desk(tapped: str) -> bool:
    """Whether a button belongs to the hand-over, however old: it must never be read as a yes to something else."""
    return tapped.partition("=")[0] in DESK_SLOTS


# --- while waiting -------------------------------------------------------------------------------------------------


def waiting_options() -> list[str]:
    return [option_id(WAITING, value) for value in ("note", "safe-time", "check-word", "stop")]


def in_line(scene: Scene, *keys: str, outcome: str) -> Turn:
    """The short page of who waits, below what was just done."""
    lines = [line for key in keys for line in scene.told(key)]
    lines += scene.told("you_wait", code=scene.session.ticket)
    return _page(scene, lines, waiting_options(), outcome=outcome)


def chosen(scene: Scene, slot: str, value: str) -> Turn | Call:
    """A choice of the waiting page, or of the question for the safe time."""
    if slot == HAND_OVER:
        return agreed(scene, value)
    if not scene.session.ticket or slot == LEAVING:  # an old button: what it belonged to is over
        return replying.enter(scene, ADVISOR)
    if slot == SAFE_TIME:
        return _safe_time(scene, value)
    match value:
        case "note":
            return _page(scene, scene.told("first_note"), [SKIP], asking=FIRST_NOTE, outcome="asked")
        case "check-word":
            return _page(scene, scene.told("check_word"), [SKIP], asking=CHECK_WORD, outcome="asked")
        case "safe-time":
            question = scene.catalogue.questions[SAFE_TIME]
            lines = question.text[scene.tongue].splitlines()
            return _page(scene, lines, replying.options_of(scene, question), asking=SAFE_TIME, outcome="asked")
        case "stop":
            target = parked(scene.session)
            return replying.enter(left(scene, "no_longer").led_by(*scene.told("no_longer_waiting")), target)
        case _:
            return in_line(scene, outcome="waits")


def _safe_time(scene: Scene, value: str) -> Turn:
    """Kept in the ticket and nowhere else."""
    if value not in {option.value for option in scene.catalogue.questions[SAFE_TIME].options}:
        return in_line(scene, outcome="waits")
    return in_line(asked_of(scene, SAFE_TIME_GIVEN, value=value), "safe_time_kept", outcome="safe_time")


def noted(scene: Scene, folded: str) -> Turn | Call | None:
    """The note or the word that was asked for, while waiting; None if none was."""
    if scene.session.owner is not Owner.QUEUE or scene.stateless:
        return None
    if scene.session.asking == FIRST_NOTE:
        return in_line(said(scene, note=True), "joined", outcome="joined")
    if scene.session.asking == CHECK_WORD:
        return _check_word(scene)
    return None


def _check_word(scene: Scene) -> Turn:
    words = scene.inbound.text.split()
    if len(words) != 1 or len(words[0]) > MAX_CHECK_WORD:
        return _page(scene, scene.told("check_word_again"), [SKIP], asking=CHECK_WORD, outcome="asked_again")
    return in_line(asked_of(scene, CHECK_WORD_GIVEN, text=words[0]), "check_word_kept", outcome="check_word")


# --- when nobody comes ---------------------------------------------------------------------------------------------


def ways_meanwhile(scene: Scene) -> list[str]:
    """Where else to ask, for who waits in vain: what works at once, and the way out of the line."""
    shown = [id_ for id_ in (HELP_NUMBERS, NEAREST, "hub") if id_ in scene.catalogue.answers]
    return [*shown, *(option_id(WAITING, value) for value in ("note", "stop"))]
