"""Everything is drawn as the phone will show it, in every language, on every channel, for every case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from bot import rendering, replying, segments
from bot.catalogue import ADVISOR, MAIN, NEAREST, WELCOME, Answer, Language
from bot.channels import PENS
from bot.channels.sms import MAX_SEGMENTS
from bot.channels.whatsapp import MAX_BODY_WITH_CHOICES, MAX_TEXT
from bot.check.cases import near_lists, scene_at, scenes
from bot.check.project import Project
from bot.faults import Fault
from bot.inbound import Channel
from bot.scene import Scene
from bot.session import Session
from bot.turn import Turn

MAX_PAGES = 2
MAX_MENU_SEGMENTS = 2


@dataclass(frozen=True)
class TooLong:
    """One way in which an answer is too long in one language: by how much at worst, and in which case."""

    code: str
    count: int
    most: int
    case: str


def pages(project: Project) -> Iterator[Fault]:
    """No answer needs more messages than it may have: one in danger and for the welcome, two otherwise."""
    for answer in project.answers:
        worst: dict[tuple[str, Language], TooLong] = {}
        for case, scene in scenes(project, answer):
            found = _too_long(project, scene, answer, case)
            if found is not None and found.count > (
                known.count if (known := worst.get((found.code, scene.language))) else 0
            ):
                worst[found.code, scene.language] = found
        for (code, language), found in worst.items():
            if code == "not-gsm":
                yield project.answer_fault(answer.id, code, characters=found.case)
                continue
            if code == "sms-too-long" and ("line-too-long", language) in worst:
                continue  # told already, and nearer to the cause
            yield _fault(project, answer, language, found)


def _fault(project: Project, answer: Answer, language: Language, found: TooLong) -> Fault:
    """The fault at the longest line of what is shown."""
    is_sms = found.code != "whatsapp-too-long" and answer.sms is not None
    where = [("sms",)] if is_sms else [("text", index) for index in range(len(answer.paragraphs))]
    lines = [
        (len(text), -line)
        for part in where
        for tongue, written in project.texts_of("answer", answer.id, *part)
        for text, line in written.lines()
        if tongue == language
    ]
    document = project.documents["answer", answer.id]
    line = -max(lines)[1] if lines else 1
    values = {
        "id": answer.id,
        "language": language,
        "count": found.count,
        "most": found.most,
        "case": found.case or "-",
    }
    return Fault(document.source.path, line, found.code, values)


def _too_long(project: Project, scene: Scene, answer: Answer, special: str) -> TooLong | None:
    """What is too long about an answer in one case."""
    turns = list(messages(scene, answer.id))
    case = ", ".join([*filter(None, [special]), *(f"{slot}={value}" for slot, value in scene.values.items())])
    if scene.inbound.channel is not Channel.SMS:
        most = MAX_BODY_WITH_CHOICES if turns[-1].state.session.offered else MAX_TEXT
        count = sum(len(turn.reply or "") for turn in turns)
        return TooLong("whatsapp-too-long", max(count, most + 1), most, case) if len(turns) > 1 else None
    foreign = "".join(segments.outside_gsm(turn.reply or "") for turn in turns)
    if foreign:
        return None if project.has_foreign_letters else TooLong("not-gsm", 1, 0, " ".join(dict.fromkeys(foreign)))
    longest = max(segments.count(turn.reply or "").segments for turn in turns)
    if longest > MAX_SEGMENTS:
        return TooLong("line-too-long", longest, MAX_SEGMENTS, case)
    is_one_page = scene.catalogue.is_danger(answer.id) or answer.id in (WELCOME, MAIN)
    if len(turns) > (1 if is_one_page else MAX_PAGES):
        code = "sms-danger-too-long" if is_one_page else "sms-too-long"
        return TooLong(code, len(turns), 1 if is_one_page else MAX_PAGES, case)
    is_menu = bool(scene.catalogue.node(answer.id).menu) and answer.id != MAIN and not scene.first
    if is_menu and not answer.review.sources and longest > MAX_MENU_SEGMENTS:
        return TooLong("menu-page-too-long", longest, MAX_MENU_SEGMENTS, case)
    return None


def messages(scene: Scene, id_: str) -> Iterator[Turn]:
    """Every message that it takes to show an answer, one after the other."""
    turn = replying.welcome(scene) if id_ == WELCOME else replying.show(scene, id_)
    yield turn
    for _ in range(9):
        if not turn.state.session.more:
            return
        scene = replace(scene, session=turn.state.session, lead=(), first=False)
        rest = replying.rest(scene)
        assert isinstance(rest, Turn)
        turn = rest
        yield turn


def results(project: Project) -> Iterator[Fault]:
    """What an action finds comes in one message: there is nothing to ask "more" of."""
    answer = project.catalogue.answers[NEAREST]
    if answer not in project.answers or project.has_foreign_letters:
        return
    for language, channel in product(project.catalogue.languages, Channel):
        for town, text in near_lists(project.catalogue, channel, language, project.today):
            scene = scene_at(project.catalogue, NEAREST, channel, language, project.today, {})
            lines = rendering.body(project.catalogue, answer, scene.view({"nearest": text}))
            turn = replying.show_result(scene, NEAREST, lines, outcome="checked")
            if not turn.state.session.offered and replying.follow_ups(scene, NEAREST):
                found = TooLong("result-too-long", 2, 1, f"{channel.value}, {town}")
                yield _fault(project, answer, language, found)
                break


def questions(project: Project) -> Iterator[Fault]:
    """A question fits in one message with its options, and so does the consent that comes before it."""
    catalogue = project.catalogue
    for question in catalogue.questions.values():
        asking = next((node for node in catalogue.nodes.values() if question.slot in node.ask), None)
        for language, channel in product(catalogue.languages, Channel if asking is not None else ()):
            assert asking is not None
            scene = scene_at(catalogue, asking.id, channel, language, project.today, {})
            turn = replying.ask(scene, asking, question)
            if _is_cut(turn, channel, question.text[language], replying.options_of(scene, question)):
                document = project.documents["question", question.slot]
                line = document.line("text", language)
                values = {"slot": question.slot, "language": language}
                yield Fault(document.source.path, line, "question-too-long", values)
            undecided = replace(scene, prefs=replace(scene.prefs, consent=None))
            if not question.personal:
                continue
            turn = replying.ask(undecided, asking, question)
            if len(turn.state.session.offered) < len(replying.consent_options()):
                yield project.entry_fault(
                    "phrases", "consent", "phrase-too-long", language, id="consent", language=language
                )


def _is_cut(turn: Turn, channel: Channel, text: str, options: Sequence[str]) -> bool:
    """Whether a reply leaves out the end of a text, or some of its choices."""
    end = PENS[channel].plain(text.strip().splitlines()[-1])[-20:] if text.strip() else ""
    session = turn.state.session
    return session.more > 0 or end not in (turn.reply or "") or len(session.offered) < len(options)


ALONE = ("exit_done", "deleted", "not_possible_now", "opted_out", "service_down", "too_fast", "nearest-unknown-town")
"""Phrases that are whole replies."""

ON_TOP = ("first_notice", "phone_warning", "opted_in", "language_set", "gone", "nothing_more", "back_from_danger")
"""Phrases that stand above something else: at most above the main menu."""

WITH_CHOICES = ("not_understood", "not_understood_again", "which_one", "which_town", "cannot_read_voice",
                "cannot_read_image", "cannot_read_other")  # fmt: skip
"""Phrases with choices below: at most four with long labels, and the help numbers above in a sensitive chat."""


def phrases(project: Project) -> Iterator[Fault]:
    """The program's own replies fit in one SMS message, with what stands above and below them."""
    catalogue = project.catalogue
    for language in catalogue.languages:
        told = {key for key, is_too_long in _sized(project, language) if is_too_long}
        for key in sorted(told) if not project.has_foreign_letters else ():
            yield project.entry_fault("phrases", key, "phrase-too-long", language, id=key, language=language)


def _sized(project: Project, language: Language) -> Iterator[tuple[str, bool]]:
    """Each phrase, and whether something is left over when it is said."""
    catalogue = project.catalogue
    scene = scene_at(catalogue, MAIN, Channel.SMS, language, project.today, {})
    for key in ALONE:
        text = PENS[Channel.SMS].plain(scene.phrase(key))
        yield key, segments.count(text).segments > MAX_SEGMENTS
    for key in ON_TOP:
        turn = replying.show(scene.led_by(scene.phrase(key)), MAIN)
        yield key, len(turn.state.session.offered) < len(replying.follow_ups(scene, MAIN))
    here = replace(scene, session=Session(node=MAIN))
    helped = here.led_by(here.phrase("help_line", numbers="; ".join(_emergency(here))))
    longest = sorted(catalogue.answers, key=lambda id_: -len(catalogue.answers[id_].label[language]))[:3]
    for key in WITH_CHOICES:
        yield key, _loses(helped, key, [*longest, ADVISOR])
    for question in catalogue.questions.values():
        yield "not_understood_choice", _loses(helped, "not_understood_choice", replying.options_of(helped, question))
    if language == catalogue.languages[0]:
        turn = replying.welcome_in_all(replace(scene, language=""))
        yield "welcome_both", len(turn.state.session.offered) < len(catalogue.languages)


def _loses(scene: Scene, key: str, options: list[str]) -> bool:
    """Whether a phrase leaves no room for all of its choices."""
    turn = replying.say(scene, key, options, outcome="checked")
    return len(turn.state.session.offered) < len(options)


def _emergency(scene: Scene) -> list[str]:
    return rendering.help_lines(scene.catalogue, "emergency", scene.view())
