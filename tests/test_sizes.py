"""Every page of every answer, as it is drawn: small enough to be sent, cheap enough to be read.

Every combination of the slots that an answer tests, on both channels, in both languages, for newcomers and for people
who are already talking, with unconfirmed help lines shown (development) and hidden (production).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import segments
from bot.catalogue import MAIN, WELCOME, Catalogue
from bot.check import cases, sizes
from bot.check.moves import MAX_DEPTH, by_word, choices_to
from bot.check.project import Project
from bot.inbound import Channel
from bot.library import Library
from bot.scene import Scene
from bot.turn import Turn
from tests.conversation_world import NOW, shipped


@pytest.fixture(scope="module", params=[True, False], ids=["development", "production"])
def catalogue(request: pytest.FixtureRequest) -> Catalogue:
    return shipped(show_unconfirmed=request.param)


def shown(catalogue: Catalogue) -> Iterator[tuple[Scene, str, list[Turn]]]:
    """Every answer in every case, with the messages it takes."""
    project = Project(Library(), catalogue, NOW.date())
    for answer in catalogue.answers.values():
        for _, scene in cases.scenes(project, answer):
            yield scene, answer.id, list(sizes.messages(scene, answer.id))


def test_every_page_can_be_sent(catalogue: Catalogue) -> None:
    """Three segments a page and two pages on SMS; one message on WhatsApp; danger and welcome in one (R62)."""
    for scene, id_, turns in shown(catalogue):
        alone = catalogue.is_danger(id_) or id_ in (MAIN, WELCOME) or scene.inbound.channel is Channel.WHATSAPP
        assert len(turns) <= (1 if alone else 2), (id_, scene.language, scene.first, dict(scene.values))
        for turn in turns:
            assert turn.reply
            if scene.inbound.channel is Channel.SMS:
                cost = segments.count(turn.reply)
                assert (cost.encoding, cost.segments <= 3) == ("GSM-7", True), (id_, turn.reply)
            else:
                assert len(turn.reply) <= 1600, id_


def test_later_menus_are_cheap(catalogue: Catalogue) -> None:
    """After the welcome no menu costs more than two segments: people walk through several."""
    for scene, id_, turns in shown(catalogue):
        if catalogue.node(id_).menu and scene.inbound.channel is Channel.SMS and not scene.first:
            assert [segments.count(turn.reply or "").segments <= 2 for turn in turns] == [True], (id_, turns[0].reply)


def test_every_answer_is_three_choices_away_or_nearer() -> None:
    """Nobody has to dig: at most three choices lead from the main menu to any answer."""
    catalogue = shipped()
    depths = choices_to(catalogue)
    said = by_word(catalogue)
    for id_ in catalogue.answers:
        assert id_ in said or depths[id_] <= MAX_DEPTH, id_
