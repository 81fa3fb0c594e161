"""Everything that is said around an advisor comes in one message, in its longest case: there is nothing to ask "more" of.

The longest case is a newcomer, or somebody whose words may tell of danger, who asks in another language than their own, at
any hour of the week, with the longest topic, while many people wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import product

from bot import desk_turns, handing_over, rendering, replying, segments
from bot.actions.desk_pages import Asked, DeskPages
from bot.catalogue import ADVISOR, HAND_OVER, LEAVING, MAIN, SAFE_TIME, Catalogue, Language, option_id
from bot.channels.sms import MAX_SEGMENTS
from bot.channels.whatsapp import MAX_BODY_WITH_CHOICES
from bot.check.cases import scene_at
from bot.check.project import Project
from bot.desk import Desk
from bot.faults import Fault
from bot.heeding import numbers
from bot.inbound import Channel
from bot.scene import Scene
from bot.session import Owner
from bot.turn import Turn

DESKS = (Desk(waiting=187, talking=2, on_duty=2), Desk())
MOMENTS = tuple(timedelta(days=day, hours=hour) for day in range(7) for hour in (3, 15, 23))
"""From the day of the check on: each day, by night, in the morning and late in the evening, as clocks go in UTC."""

CODE = "WWWWWWWW"
"""The widest case code."""


@dataclass(frozen=True)
class Said:
    """A reply in one case: the phrase to shorten if it is too long, and how many choices belong below."""

    key: str
    channel: Channel
    turn: Turn
    choices: int

    @property
    def is_cut(self) -> bool:
        """Whether something of it is lost or comes later."""
        text, session = self.turn.reply or "", self.turn.state.session
        if session.more or len(session.offered) < self.choices:
            return True
        if self.channel is Channel.SMS:
            return segments.count(text).segments > MAX_SEGMENTS
        return len(text) > MAX_BODY_WITH_CHOICES


def desks(project: Project) -> Iterator[Fault]:
    """Each phrase whose page is too long is told once a language."""
    catalogue = project.catalogue
    if ADVISOR not in catalogue.answers or project.has_foreign_letters or not project.library.is_whole("phrases"):
        return
    for language in catalogue.languages:
        for key in sorted({said.key for said in _said(project, language) if said.is_cut}):
            yield project.entry_fault("phrases", key, "phrase-too-long", language, id=key, language=language)


def _said(project: Project, language: Language) -> Iterator[Said]:
    for catalogue, channel in product((project.catalogue, project.other_hub), Channel):
        scene = _scene(project, catalogue, channel, language)
        yield from _pages(project, scene)
        yield from _while_waiting(scene)
        yield from _while_talking(scene)


def _scene(project: Project, catalogue: Catalogue, channel: Channel, language: Language) -> Scene:
    """Somebody who came from the menu, and for whom another language is on offer."""
    scene = scene_at(catalogue, ADVISOR, channel, language, project.today, {})
    scene = scene.with_session(path=(MAIN, ADVISOR))
    return replace(scene, offers_language=len(catalogue.languages) > 1)


def _helped(scene: Scene) -> Scene:
    return scene.led_by(*scene.told("quiet_help", numbers=numbers(scene)))


def _pages(project: Project, scene: Scene) -> Iterator[Said]:
    """The pages of the action, for every desk, at every hour, for newcomers and for who may be in danger."""
    answers, language, channel = scene.catalogue.answers, scene.tongue, scene.inbound.channel
    pages, topic = DeskPages(scene.catalogue), max(answers, key=lambda id_: len(answers[id_].label[language]))
    start = datetime.combine(project.today, time(0), UTC)
    new, helped = replace(scene, first=True, session=replace(scene.session, node="")), _helped(scene)
    for desk, ahead, danger in product(DESKS, MOMENTS, ("", "certain")):
        asked = Asked(language, channel, "", start + ahead, desk, "", "", topic, danger, has_steps=False)
        promised = pages.promised(asked)
        if promised is None:
            return
        key = "will_see_sms" if channel is Channel.SMS or danger else "will_see"
        yield _page(key, scene if danger else new, pages.page(asked, promised), _choices("yes", "no"))
        if not danger:
            shares = pages.page(replace(asked, has_steps=True), promised)
            yield _page(key, scene, shares, _choices("yes", "steps", "no"))
        lines = [line.replace("{code}", CODE) for line in pages.page(replace(asked, choice="yes"), promised)]
        yield _page("first_note", helped, lines, [handing_over.SKIP])
        lines = pages.page(replace(asked, ticket=CODE), promised)
        yield _page("meanwhile", new, lines, handing_over.waiting_options())


def _choices(*values: str) -> list[str]:
    return [option_id(HAND_OVER, value) for value in values]


def _page(key: str, scene: Scene, lines: Sequence[str], options: Sequence[str]) -> Said:
    turn = replying.show_lines(scene, ADVISOR, lines, options, outcome="checked", whole=True)
    return Said(key, scene.inbound.channel, turn, len(options))


def _while_waiting(scene: Scene) -> Iterator[Said]:
    """The short replies to who waits, and what is said to them unasked."""
    catalogue, channel, at = scene.catalogue, scene.inbound.channel, scene.inbound.received_at
    waiting = scene.with_session(node=ADVISOR, owner=Owner.QUEUE, ticket=CODE)
    helped, options = _helped(waiting), len(handing_over.waiting_options())
    for key in ("joined", "check_word_kept", "safe_time_kept"):
        yield Said(key, channel, handing_over.in_line(helped, key, outcome="checked"), options)
    for key in ("first_note", "check_word"):
        yield _page(key, helped, scene.told(key), [handing_over.SKIP])
    if SAFE_TIME in catalogue.questions:
        question = catalogue.questions[SAFE_TIME]
        lines = question.text[scene.tongue].splitlines()
        yield _page("waiting_safe_time", helped, lines, replying.options_of(scene, question))
    ways = len(handing_over.ways_meanwhile(waiting))
    yield Said("not_taken", channel, desk_turns.not_taken(catalogue, waiting.state, channel, at), ways)
    yield Said("put_back", channel, desk_turns.put_back(catalogue, waiting.state, channel, at), ways)
    yield Said("advisor_silent", channel, desk_turns.advisor_silent(catalogue, waiting.state, channel, at), ways)
    yield Said("untouched", channel, desk_turns.untouched(catalogue, waiting.state, channel, at), 0)
    menu = len(replying.follow_ups(scene, MAIN))
    for key in ("not_handed_over", "no_longer_waiting"):
        yield Said(key, channel, replying.show(scene.led_by(*scene.told(key)), MAIN), menu)


def _while_talking(scene: Scene) -> Iterator[Said]:
    """What the bot says although an advisor has the chat, and when it has it back."""
    catalogue, channel, at = scene.catalogue, scene.inbound.channel, scene.inbound.received_at
    talking = scene.with_session(node=MAIN, path=(), owner=Owner.ADVISOR, ticket=CODE)
    menu = len(replying.follow_ups(scene, MAIN))
    yield Said("handed_back", channel, desk_turns.handed_back(catalogue, talking.state, channel, at), menu)
    yield Said("talk_left", channel, replying.show(scene.led_by(*scene.told("talk_left")), MAIN), menu)
    for key in ("leave_talk", "leave_talk_complaint"):
        options = (option_id(LEAVING, "yes"), option_id(LEAVING, "no"))
        yield Said(key, channel, replying.beside(talking, scene.told(key), options, outcome="checked"), len(options))
    for id_ in sorted(catalogue.lexicon.nodes & set(catalogue.answers)):
        lines = rendering.body(catalogue, catalogue.answers[id_], scene.view())
        alone = Said("danger_passed_on", channel, replying.beside(talking, lines, outcome="checked"), 0)
        lines = (*lines, *scene.told("danger_passed_on"))
        if not alone.is_cut:  # or the answer itself is to blame, and told
            yield replace(alone, turn=replying.beside(talking, lines, outcome="checked"))
