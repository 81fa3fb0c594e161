"""Safety requirements R67 and R68: approved texts only, and a fixed set of messages that must pass before each release.

The set stands in `tests/safety/regression_<language>.tsv`, one message a line, with the node it must lead to and how:

- `danger`: the danger answer, at once. All of these pass, always.
- `calm`: an everyday message in which danger must not be seen; which answer it gets is not tested.
- `answer`: this answer at once.
- `near`: misspelt or loose; this answer is at least among what is offered.

It is a floor, not a measure: what is recognised beyond it is measured on messages that nobody has tuned for.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.channels import PENS
from bot.inbound import Channel
from bot.rendering import PLACEHOLDER
from tests.conversation_world import ROOT, shipped
from tests.safety_world import heard, newcomer, person, write

FOLDER = Path(__file__).parent / "safety"
HOW = ("danger", "calm", "answer", "near")


@dataclass(frozen=True)
class Row:
    """One message of the set."""

    message: str
    node: str
    how: str
    language: str


def rows(language: str) -> list[Row]:
    with (FOLDER / f"regression_{language}.tsv").open(encoding="utf-8", newline="") as file:
        return [Row(**row, language=language) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


SET = [*rows("en"), *rows("es")]


def passes(row: Row, channel: Channel, *, new: bool) -> bool:
    """Whether a message leads where it must, for somebody new or somebody in the middle of a chat."""
    catalogue = shipped()
    turn = write(catalogue, newcomer() if new else person(row.language), row.message, channel)
    match row.how:
        case "danger":
            return (turn.danger, turn.node) == ("certain", row.node) and "911" in (turn.reply or "")
        case "calm":
            return turn.danger == "" and bool(turn.reply)
        case "answer":
            return turn.node == row.node
        case _:
            # somebody new may first be asked for the language; who is understood at once need not choose
            return new or row.node in (turn.node, *turn.state.session.offered)


def test_r68_the_set_is_large_and_has_both_languages() -> None:
    """Two hundred messages, as many in each language, misspelt ones and danger of every kind among them."""
    catalogue = shipped()
    assert len({row.message for row in SET}) >= 200
    for language in catalogue.languages:
        own = rows(language)
        assert len(own) >= 100
        assert {row.how for row in own} == set(HOW)
        in_danger = {row.node for row in own if row.how == "danger"}
        assert in_danger >= catalogue.lexicon.nodes - {"emergency-numbers"}
    for row in SET:
        assert row.node in catalogue.answers or (row.how, row.node) == ("calm", "-"), row


@pytest.mark.parametrize("new", [True, False], ids=["newcomer", "in a chat"])
@pytest.mark.parametrize("channel", Channel)
def test_r68_danger_passes_at_one_hundred_per_cent(channel: Channel, new: bool) -> None:
    """Not one cry for help in the set may be missed, by nobody, anywhere."""
    missed = [row for row in SET if row.how == "danger" and not passes(row, channel, new=new)]
    assert missed == []


@pytest.mark.parametrize("new", [True, False], ids=["newcomer", "in a chat"])
@pytest.mark.parametrize("channel", Channel)
def test_r68_everything_else_passes(channel: Channel, new: bool) -> None:
    """What was understood once is understood in the next release; and nobody is frightened without need."""
    failed = [row for row in SET if row.how != "danger" and not passes(row, channel, new=new)]
    assert failed == []


def test_r67_no_module_can_make_up_a_text() -> None:
    """Nothing that generates language is among the libraries: what is said was written and checked by people."""
    models = r"openai|anthropic|transformers|torch|llama|langchain|cohere|mistral|gpt|vertexai|bedrock"
    needed = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[project.optional-dependencies]")[0]
    assert not re.search(models, needed, re.IGNORECASE)
    for folder in ("bot", "webhook"):
        for file in (ROOT / folder).rglob("*.py"):
            assert not re.search(rf"^\s*(import|from) ({models})\b", file.read_text(encoding="utf-8"), re.MULTILINE), (
                file.name
            )


def _pattern(template: str) -> re.Pattern[str]:
    """What a written line can look like once its values are in."""
    parts = PLACEHOLDER.split(template)
    return re.compile(".*".join(re.escape(part) for part in parts[::2]), re.DOTALL)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r67_every_sentence_on_danger_stands_in_a_file(language: str, channel: Channel) -> None:
    """Line by line, a danger answer is a text of the content, a help line of the file, a choice, or a key."""
    catalogue = shipped()
    pen = PENS[channel]
    names = {pen.plain(line.name[language]) for line in catalogue.lines.values()}
    names |= {pen.plain(catalogue.phrase(f"country_{side}", language)) for side in ("mexico", "belize")} | {"911"}
    for one in heard():
        if (one.language, one.channel) != (language, channel) or not catalogue.is_danger(one.turn.node):
            continue
        answer = catalogue.answers[one.turn.node]
        texts = [answer.sms[language]] if answer.sms else []
        texts += [paragraph.texts[language] for paragraph in answer.paragraphs]
        approved = [
            _pattern(pen.plain(line))
            for text in texts
            for line in text.splitlines()
            if line.strip("{}") and not PLACEHOLDER.fullmatch(line.strip())
        ]
        choices = {
            pen.choice(number, catalogue.label(id_, language))
            for number, id_ in enumerate(one.turn.state.session.offered, 1)
        }
        keys = "  ".join(pen.plain(catalogue.phrase(key, language)) for key in ("key_menu", "key_back"))
        for line in one.text.splitlines():
            known = (
                not line
                or line in choices
                or line in (keys, *keys.split("  "))
                or any(line.startswith(name) for name in names)
                or any(pattern.fullmatch(line) for pattern in approved)
            )
            assert known, (one.where, line)
