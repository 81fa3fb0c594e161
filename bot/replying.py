"""Makes the turn that a decision leads to: enters a node, asks its question, shows its answer or menu."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from bot import formatting, rendering
from bot.catalogue import (
    ADVISOR,
    CONSENT,
    LANGUAGE_SLOT,
    MAIN,
    MY_DATA,
    NOT_THIS,
    RATHER_NOT,
    WELCOME,
    Answer,
    Node,
    NodeId,
    Question,
    option_id,
)
from bot.channels import PENS
from bot.drawing import Choice, Keys, Page, draw, draw_in_words, sentences
from bot.inbound import Channel, Location
from bot.native import Native, native_form
from bot.scene import NOWHERE, Given, Scene
from bot.session import MAX_PATH, Owner, Session
from bot.turn import Call, Clears, State, Turn

MAX_HOPS = 12
MAX_NOTICES = 2


def enter(scene: Scene, id_: NodeId, given: Given = NOWHERE) -> Turn | Call:
    """Go to a node: through its questions and routes to what there is to say or do."""
    catalogue = scene.catalogue
    for _ in range(MAX_HOPS):
        if id_ not in catalogue.answers:
            return show(scene.led_by(scene.phrase("gone")), MAIN, outcome="gone")
        node = catalogue.node(id_)
        if node.hide_when and catalogue.matches(node.hide_when, scene.values):
            id_ = node.instead or MAIN
            continue
        question = None if scene.stateless else _open_question(scene, node, given)
        if question is not None:
            return ask(scene, node, question)
        target = _route(scene, node)
        if target != id_:
            id_ = target
            continue
        if node.action and scene.stateless and node.ask and not given:
            return show(scene.led_by(scene.phrase("action_failed")), id_, outcome="action_failed")
        if node.action:
            return call(scene, node, given)
        return show(scene, id_)
    return show(scene, MAIN)


def _open_question(scene: Scene, node: Node, given: Given) -> Question | None:
    """The first question of a node that is not answered yet. Personal ones are skipped by who has said no to them."""
    for slot in node.ask:
        question = scene.catalogue.questions[slot]
        if question.kind == "place":
            if not given:
                return question
        elif slot not in scene.values and not (question.personal and scene.prefs.consent is False):
            return question
    return None


def _route(scene: Scene, node: Node) -> NodeId:
    return next((route.go for route in node.then if scene.catalogue.matches(route.when, scene.values)), node.id)


# --- questions ---------------------------------------------------------------------------------------------------


def ask(scene: Scene, node: Node, question: Question, *, outcome: str = "asked") -> Turn:
    """Ask for a slot; before a personal one, for consent (once)."""
    scene = _warned(scene, node.id)
    if question.personal and scene.prefs.consent is None:
        text, choices, asking = _consent_question(scene, question), _choices(scene, consent_options()), CONSENT
    else:
        text, choices, asking = question.text[scene.tongue], _choices(scene, options_of(scene, question)), question.slot
    return _reply(scene, node.id, text.splitlines(), choices, asking=asking, outcome=outcome)


def consent_options() -> tuple[str, str]:
    return option_id(CONSENT, "yes"), option_id(CONSENT, "no")


def options_of(scene: Scene, question: Question) -> list[str]:
    """The ids of the options of a question, "rather not say" last."""
    if question.slot == LANGUAGE_SLOT:
        return [option_id(LANGUAGE_SLOT, language) for language in scene.catalogue.languages]
    ids = [option_id(question.slot, option.value) for option in question.options]
    return [*ids, option_id(question.slot, RATHER_NOT)] if ids else []


def _consent_question(scene: Scene, question: Question) -> str:
    hours = formatting.quantity(
        Decimal(max(1, question.keeps_s // 3600)), "hour", scene.catalogue.locales[scene.tongue]
    )
    return scene.phrase("consent", hours=hours)


# --- answers and menus -------------------------------------------------------------------------------------------


def show(scene: Scene, id_: NodeId, *, outcome: str = "answered", danger: str = "") -> Turn:
    """Show the answer or menu of a node."""
    catalogue = scene.catalogue
    answer = catalogue.answers[id_]
    scene = _warned(scene, id_)
    lines = rendering.body(catalogue, answer, scene.view(_filled(scene, answer)))
    choices = _choices(scene, follow_ups(scene, id_, found=bool(danger) or scene.found))
    return _reply(scene, id_, lines, choices, outcome=outcome, danger=danger)


def _warned(scene: Scene, id_: NodeId) -> Scene:
    """The same turn with the warning that others with this phone could read it, where it needs one."""
    return scene.led_by(scene.phrase("phone_warning")) if _needs_warning(scene, id_) else scene


def _needs_warning(scene: Scene, id_: NodeId) -> bool:
    """Whether others must not read what comes, and nobody has said so yet (safety R14). Danger answers say it themselves."""
    catalogue = scene.catalogue
    if scene.session.sensitive or catalogue.is_danger(id_):
        return False
    tells_all = id_ == MY_DATA and any(
        slot in catalogue.questions and catalogue.questions[slot].personal for slot in scene.values
    )
    return catalogue.is_sensitive(id_) or tells_all


def welcome(scene: Scene) -> Turn:
    """The first reply to somebody who greets: who we are, and the main menu (design §3, safety R01)."""
    catalogue = scene.catalogue
    if not scene.language:
        return welcome_in_all(scene)
    lines = rendering.body(catalogue, catalogue.answers[WELCOME], scene.view())
    scene = replace(scene, lead=(*notices(scene, None), *scene.lead), offers_language=True)
    return _reply(scene, MAIN, lines, _choices(scene, follow_ups(scene, MAIN)), outcome="welcomed", noticed=True)


def welcome_in_all(scene: Scene) -> Turn:
    """The first reply while nobody knows the language: all of them, 911, SOS, and the languages to choose."""
    catalogue = scene.catalogue
    lines = [catalogue.phrase("welcome_both", language) for language in catalogue.languages]
    choices = [option_id(LANGUAGE_SLOT, language) for language in catalogue.languages]
    return _reply(scene, WELCOME, lines, _choices(scene, choices), outcome="welcomed", noticed=True)


def again(scene: Scene) -> Turn | Call:
    """Where the person stands, once more."""
    if scene.session.node in ("", WELCOME):
        return welcome(scene)
    return enter(scene, scene.session.node)


def rest(scene: Scene) -> Turn | Call:
    """The rest of a long answer."""
    session = scene.session
    if session.node not in scene.catalogue.answers:
        return again(scene)
    if not session.more:
        return say(scene, "nothing_more", session.offered or follow_ups(scene, session.node), outcome="no_more")
    answer = scene.catalogue.answers[session.node]
    lines = rendering.body(scene.catalogue, answer, scene.view(_filled(scene, answer)))
    choices = _choices(scene, follow_ups(scene, session.node))
    return _reply(scene, session.node, lines, choices, start=session.more, outcome="continued", noticed=True)


def say(scene: Scene, key: str, options: Sequence[str] = (), *, outcome: str, **values: object) -> Turn:
    """One of the fixed phrases, with choices; the person stays where they are."""
    return say_lines(scene, scene.told(key, **values), options, outcome=outcome)


def say_lines(scene: Scene, lines: Sequence[str], options: Sequence[str] = (), *, outcome: str) -> Turn:
    """The same with any lines."""
    node = scene.session.node or MAIN
    asking = scene.session.asking
    return _reply(scene, node, lines, _choices(scene, options), asking=asking, outcome=outcome, stays=True)


def follow_ups(scene: Scene, id_: NodeId, *, found: bool = False) -> list[str]:
    """What is offered under a node: its menu or its follow-ups, without those that must not be shown to this person.

    `found`: the bot has made this out of free words, and may be wrong (safety R24).
    """
    catalogue = scene.catalogue
    node = catalogue.node(id_)
    shown = [target for target in (*node.menu, *node.next) if not is_hidden(scene, target)]
    if id_ in catalogue.lexicon.nodes and _has_desk(scene) and ADVISOR not in shown:
        shown.append(ADVISOR)
    if found and not node.menu:
        shown.append(NOT_THIS)
    return shown


def _has_desk(scene: Scene) -> bool:
    """Whether a human can be reached from here: in danger nobody is offered who cannot (design §7)."""
    return scene.catalogue.desk_hours is not None and not scene.stateless


def is_hidden(scene: Scene, id_: NodeId) -> bool:
    node = scene.catalogue.nodes.get(id_)
    return node is not None and bool(node.hide_when) and scene.catalogue.matches(node.hide_when, scene.values)


_FIRST_NOTICE = {Channel.SMS: "first_notice_sms", Channel.WHATSAPP: "first_notice"}


def notices(scene: Scene, answer: Answer | None) -> list[str]:
    """Urgent notices of the day: those that concern an answer, or all for a first reply."""
    found = [
        notice.text[scene.tongue]
        for notice in scene.catalogue.notices
        if notice.from_day <= scene.today <= notice.until_day
        and (answer is None or answer.id in notice.topics or answer.topic in notice.topics)
    ]
    return [line for text in found[:MAX_NOTICES] for line in text.splitlines()]


def _filled(scene: Scene, answer: Answer) -> dict[str, str]:
    """The values that only the program knows, for the pages that show them."""
    return {"my_data": my_data(scene)} if answer.id == MY_DATA else {}


def my_data(scene: Scene) -> str:
    """What is kept about the person, in words (safety R58)."""
    catalogue, language = scene.catalogue, scene.tongue
    lines = []
    if scene.prefs.language:
        name = catalogue.language_names.get(scene.prefs.language, scene.prefs.language)
        lines.append(scene.phrase("data_language", value=name))
    if scene.session.ticket:
        lines.append(scene.phrase("data_ticket", code=scene.session.ticket))
    if scene.prefs.consent is not None:
        lines.append(scene.phrase("data_consent_yes" if scene.prefs.consent else "data_consent_no"))
    for slot, value in scene.values.items():
        if slot in catalogue.questions:
            labels = catalogue.option_labels.get(option_id(slot, value))
            shown = labels[language] if labels else catalogue.country_name(value, language)
            question = sentences((catalogue.questions[slot].text[language],))[0].text
            lines.append(scene.phrase("data_slot", question=question, value=shown))
    return "\n".join(lines or [scene.phrase("data_nothing")])


# --- actions -----------------------------------------------------------------------------------------------------


def call(scene: Scene, node: Node, given: Given) -> Call:
    """An action is needed before anything can be said."""
    location = None
    if given.latitude is not None and given.longitude is not None:
        location = Location(given.latitude, given.longitude)
    return Call(
        node.action,
        node.id,
        scene.state,
        scene.tongue,
        location,
        given.town,
        scene.lead,
        scene.first,
        scene.danger,
        scene.effects,
        given.choice,
    )


def show_result(scene: Scene, id_: NodeId, lines: Sequence[str], *, outcome: str) -> Turn:
    """What an action has found, with the follow-ups of its node."""
    scene = _warned(scene, id_)
    return _reply(scene, id_, lines, _choices(scene, follow_ups(scene, id_)), outcome=outcome, whole=True)


def show_lines(
    scene: Scene,
    id_: NodeId,
    lines: Sequence[str],
    options: Sequence[str],
    *,
    outcome: str,
    danger: str = "",
    asking: str = "",
    whole: bool = False,
) -> Turn:
    """Other lines than its own at a node, with choices. `whole`: there is no "more" to ask for."""
    choices = _choices(scene, options)
    return _reply(scene, id_, lines, choices, outcome=outcome, danger=danger, asking=asking, whole=whole)


def beside(
    scene: Scene, lines: Sequence[str], options: Sequence[str] = (), *, outcome: str, asking: str = "", danger: str = ""
) -> Turn:
    """What the bot says while an advisor has the chat: the person's place is kept, and nothing but `options` is offered."""
    node = scene.session.node or MAIN
    return _reply(
        scene, node, lines, _choices(scene, options),
        asking=asking, outcome=outcome, danger=danger, stays=True, noticed=True, has_keys=False,
    )  # fmt: skip


# --- leaving -----------------------------------------------------------------------------------------------------


def leave(scene: Scene, key: str, *, outcome: str, clears: Clears, silent: bool = False) -> Turn:
    """Drop what was said and shown; answer with one neutral line, or not at all."""
    session = _stamped(scene, scene.session.afresh())
    pen = PENS[scene.inbound.channel]
    reply = None if silent else pen.join([pen.plain(line) for line in scene.told(key)])
    state = replace(scene.state, session=session)
    return Turn(state, reply, "", scene.tongue, outcome, clears=clears, effects=scene.effects)


def silence(scene: Scene, outcome: str) -> Turn:
    """No reply: somebody else has answered, or a reply would do harm."""
    state = replace(scene.state, session=_stamped(scene, scene.session))
    return Turn(state, None, scene.session.node, scene.language, outcome, scene.danger, effects=scene.effects)


# --- putting it together -----------------------------------------------------------------------------------------


def _choices(scene: Scene, ids: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(Choice(id_, scene.catalogue.label(id_, scene.tongue)) for id_ in ids)


def _reply(
    scene: Scene,
    id_: NodeId,
    lines: Sequence[str],
    choices: tuple[Choice, ...],
    *,
    asking: str = "",
    start: int = 0,
    outcome: str,
    danger: str = "",
    stays: bool = False,
    noticed: bool = False,
    whole: bool = False,
    has_keys: bool = True,
) -> Turn:
    """Draw a reply and remember what it offered."""
    lead = scene.lead if noticed else _lead(scene, id_, danger)
    lead = (*lead, rendering.PARAGRAPH_END) if lead else ()
    path = scene.session.path if stays else _path(scene, id_)
    pen = PENS[scene.inbound.channel]
    if scene.stateless:
        page = draw_in_words(pen, (*lead, *lines), choices, scene.phrase("write_one"), scene.phrase("word_menu"))
        native = None
    else:
        has_menu = has_keys and id_ not in (MAIN, WELCOME)
        page, native = _drawn(scene, lead, tuple(lines), choices, start, has_menu=has_menu, has_back=bool(path))
    session = replace(
        scene.session,
        node=scene.session.node if stays and scene.session.node else id_,
        asking=asking,
        more=scene.session.more if stays else 0 if whole else max(0, page.more - len(sentences(lead))),
        offered=page.offered,
        printed=page.printed,
        path=path,
        misses=scene.session.misses if stays else 0,
        sensitive=scene.session.sensitive or scene.catalogue.is_sensitive(id_) or bool(danger or scene.danger),
        tongue=scene.language if scene.language != scene.prefs.language else "",
        version=scene.session.version + 1,
        active_s=scene.now_s,
    )
    return Turn(
        State(session, scene.prefs),
        page.text,
        id_,
        scene.language,
        outcome,
        danger or scene.danger,
        effects=scene.effects,
        ranked=scene.understood.ranked,
        native=None if outcome in _SPEAKS_OF_NUMBERS or _is_text_only(scene, session, id_) else native,
    )


_SPEAKS_OF_NUMBERS = frozenset({"not_understood"})
"""Outcomes whose words ask for a number: who mistypes needs to see them."""


def _is_text_only(scene: Scene, session: Session, id_: NodeId) -> bool:
    """Whether a reply must need nothing but the answer to the webhook, and leave as little behind as it can."""
    return session.sensitive or session.owner is Owner.ADVISOR or scene.catalogue.is_danger(id_)


def _drawn(
    scene: Scene, lead: tuple[str, ...], lines: tuple[str, ...], choices: tuple[Choice, ...], start: int,
    *, has_menu: bool, has_back: bool,
) -> tuple[Page, Native | None]:  # fmt: skip
    keys = Keys(
        menu=scene.phrase("key_menu") if has_menu else "",
        back=scene.phrase("key_back") if has_back and has_menu else "",
        more=scene.phrase("key_more"),
        language=_language_key(scene),
    )
    pen, all_lines = PENS[scene.inbound.channel], (*lead, *lines)
    at = start + len(sentences(lead)) if start else 0
    page = draw(pen, all_lines, choices, keys, at)
    if scene.inbound.channel is not Channel.WHATSAPP:
        return page, None
    return page, native_form(pen, all_lines, choices, keys, at, scene.phrase("see_options"))


def _lead(scene: Scene, id_: NodeId, danger: str) -> tuple[str, ...]:
    """What goes on top: for a very first message who is speaking, in one line; then notices. Danger comes alone."""
    alone = bool(danger) or scene.catalogue.is_danger(id_)
    who = [scene.phrase(_FIRST_NOTICE[scene.inbound.channel])] if scene.first and not alone else []
    return (*who, *notices(scene, scene.catalogue.answers.get(id_)), *scene.lead)


def _language_key(scene: Scene) -> str:
    """How to change the language, where it is offered: "EN: English"."""
    if not scene.offers_language:
        return ""
    catalogue = scene.catalogue
    others = [language for language in catalogue.languages if language != scene.prefs.language]
    return "  ".join(f"{language.upper()}: {catalogue.language_names[language]}" for language in others)


def _path(scene: Scene, id_: NodeId) -> tuple[NodeId, ...]:
    """The way back: where the person was before, oldest first. The main menu begins a new one."""
    session: Session = scene.session
    if id_ == MAIN:
        return ()
    if session.node in ("", WELCOME, id_):
        return session.path or ((MAIN,) if session.node != id_ else ())
    if id_ == ADVISOR:  # asked for again and again: the place before stays the last one, to come back to
        return (*(each for each in session.path if each != ADVISOR), session.node)[-MAX_PATH:]
    if id_ in session.path:
        return session.path[: session.path.index(id_)]
    return (*session.path, session.node)[-MAX_PATH:]


def _stamped(scene: Scene, session: Session) -> Session:
    return replace(session, version=session.version + 1, active_s=scene.now_s)
