"""Everything is drawn as the phone will show it, in every language, on every channel, for every case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import product

from bot import rendering, replying
from bot.catalogue import CONSENT, COUNTRY_SLOT, MAIN, WELCOME, Answer, Catalogue, Question
from bot.channels.whatsapp import MAX_BODY_WITH_CHOICES
from bot.check.project import Project
from bot.conversation import step
from bot.faults import Fault
from bot.inbound import Channel, Inbound
from bot.scene import Scene
from bot.session import Prefs, Session, Slot
from bot.turn import State, Turn
from bot.words import Command

MAX_PAGES = 2
FAR = 10**10
"""A second in the far future: the slots of a case never run out while it is drawn."""


def pages(project: Project) -> Iterator[Fault]:
    """No answer needs more messages than it may have: one in danger and for the welcome, two otherwise."""
    for answer in project.catalogue.answers.values():
        worst: dict[tuple[str, str], tuple[int, Mapping[str, str]]] = {}
        for scene in scenes(project, answer):
            code, count = _too_long(scene, answer)
            key = (code, scene.language)
            if code and count > worst.get(key, (0, {}))[0]:
                worst[key] = (count, scene.values)
        for (code, language), (count, values) in worst.items():
            case = ", ".join(f"{slot}={value}" for slot, value in values.items()) or "-"
            part = "sms" if answer.sms is not None and code.startswith("sms") else "text"
            yield project.answer_fault(answer.id, code, part, id=answer.id, language=language, count=count, case=case)
    for question in project.catalogue.questions.values():
        yield from _long_question(project, question)


def _too_long(scene: Scene, answer: Answer) -> tuple[str, int]:
    """The class of fault and by how much, or nothing."""
    turns = list(messages(scene, answer.id))
    most = 1 if scene.catalogue.is_danger(answer.id) or answer.id in (WELCOME, MAIN) else MAX_PAGES
    if scene.inbound.channel is Channel.SMS:
        if len(turns) > most:
            return ("sms-danger-too-long" if most == 1 else "sms-too-long"), len(turns)
        return "", 0
    warning = [scene.phrase("phone_warning")] if answer.sensitive else []
    length = len("\n".join([*warning, *rendering.body(scene.catalogue, answer, scene.view())]))
    return ("whatsapp-too-long", length) if length > MAX_BODY_WITH_CHOICES or len(turns) > 1 else ("", 0)


def messages(scene: Scene, id_: str) -> Iterator[Turn]:
    """Every message that it takes to show an answer, one after the other."""
    turn = replying.welcome(scene) if id_ == WELCOME else replying.show(scene, id_)
    yield turn
    for _ in range(9):
        if not turn.state.session.more:
            return
        scene = replace(scene, session=turn.state.session, lead=())
        rest = replying.rest(scene)
        assert isinstance(rest, Turn)
        turn = rest
        yield turn


def scenes(project: Project, answer: Answer) -> Iterator[Scene]:
    """Every case in which an answer may be shown: languages, channels, and the values that it or its help lines test.

    The person comes from somewhere (so that "back" is offered) and is new to sensitive topics (so that the warning is);
    or writes for the first time (so that who we are goes on top).
    """
    catalogue = project.catalogue
    at = datetime.combine(project.today, time(12), UTC)
    cases = product(catalogue.languages, Channel, tested_values(catalogue, answer), (False, True))
    for language, channel, values, first in cases:
        inbound = Inbound("check", channel, "", at)
        slots = {name: Slot(value, FAR) for name, value in values.items()}
        session = Session(node="" if first or answer.id in (MAIN, WELCOME) else MAIN, slots=slots)
        yield Scene(catalogue, inbound, session, Prefs(language=language), language, first)


def tested_values(catalogue: Catalogue, answer: Answer) -> Iterator[dict[str, str]]:
    """Every combination of the slots that an answer tests, each also unknown. The country changes help lines."""
    tested: dict[str, list[str]] = {COUNTRY_SLOT: ["", "mexico", "belize"]}
    for paragraph in answer.paragraphs:
        for slot, wanted in paragraph.only.items():
            if slot in catalogue.questions:
                member = next(iter(sorted(catalogue.groups[wanted])), wanted) if wanted in catalogue.groups else wanted
                tested.setdefault(slot, [""])
                if member not in tested[slot]:
                    tested[slot].append(member)
    for combination in product(*tested.values()):
        yield {slot: value for slot, value in zip(tested, combination, strict=True) if value}


def _long_question(project: Project, question: Question) -> Iterator[Fault]:
    catalogue = project.catalogue
    asking = next((node for node in catalogue.nodes.values() if question.slot in node.ask), None)
    if asking is None:
        return
    at = datetime.combine(project.today, time(12), UTC)
    document = project.documents["question", question.slot]
    for language, channel in product(catalogue.languages, Channel):
        scene = Scene(
            catalogue,
            Inbound("check", channel, "", at),
            Session(node=MAIN),
            Prefs(language, consent=True),
            language,
            False,
        )
        if replying.ask(scene, asking, question).state.session.more:
            line = document.line("text", language)
            yield Fault(document.source.path, line, "question-too-long", {"slot": question.slot, "language": language})


def phrases(project: Project) -> Iterator[Fault]:
    """The program's own replies fit in one message: tried in the states in which they are said."""
    catalogue = project.catalogue
    at = datetime.combine(project.today, time(12), UTC)
    words = {Command.EXIT: "exit_done", Command.DELETE: "deleted", Command.OPT_OUT: "opted_out"}
    for language, (command, key) in product(catalogue.languages, words.items()):
        word = next((text for text, meaning in catalogue.words.by_text.items() if meaning.command is command), "")
        turn = step(catalogue, State(Session(), Prefs(language)), Inbound("check", Channel.SMS, word, at))
        if isinstance(turn, Turn) and turn.reply and not _fits(turn.reply):
            yield project.entry_fault("phrases", key, "phrase-too-long", language, id=key, language=language)
    for key in ("welcome_both", "consent", "not_understood", "too_fast", "service_down", CONSENT):
        if key not in catalogue.phrases:
            continue
        texts = catalogue.phrases[key].texts.values()
        whole = "\n".join(texts) if key == "welcome_both" else max(texts, key=len)
        if not _fits(whole):
            yield project.entry_fault("phrases", key, "phrase-too-long", id=key, language="-")


def _fits(text: str) -> bool:
    from bot.channels import PENS

    pen = PENS[Channel.SMS]
    return pen.fits("\n".join(pen.plain(line) for line in text.splitlines()), 0)
