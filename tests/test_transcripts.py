"""The conversations of tests/transcripts, replayed: each file is the whole expectation of what it shows.

`python -m webhook.transcripts --update` writes them anew after a change that is meant; the difference is to be read.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from bot.catalogue import Answer, Catalogue
from bot.folding import fold
from tests import learned_world
from webhook.transcripts import BOT, BadTranscript, main, read_script, replay, transcript_files, update

ROOT = Path(__file__).resolve().parent.parent
TRANSCRIPTS = ROOT / "tests" / "transcripts"
FILES = transcript_files(ROOT)
LANGUAGES = ("en", "es")
CHANNELS = ("sms", "whatsapp")
LONG = 8
"""From so many turns on a transcript is a story, not a glance."""

REQUIRED = """
    enter-mexico-belizean regional-visitor-card enter-mexico-visa enter-mexico-fee enter-mexico-children mexico-overstay
    vehicle-and-goods
    enter-belize-mexican enter-belize-visa extend-stay-belize belize-exit-fee belize-overstay belize-children
    border-crossings border-hours scam-gestor
    border-worker-card job-offer-visa farm-work-mexico work-rights-mexico
    work-permit-belize work-permit-belize-cost farm-work-belize labour-complaint-belize minimum-wage-belize
    free-movement-belize
    mexico-regularise mexico-residence humanitarian-card asylum-mexico mexico-rights mexico-health mexico-school
    detained-mexico residence-belize amnesty-belize asylum-belize belize-health-school
    danger-now emergency-numbers trafficking-helplines trafficking-signs trafficking-or-smuggling report-trafficking
    victim-rights violence-help child-danger smuggler-danger missing-person self-harm medical-emergency phone-watched
    hub offices-mexico offices-belize consulate-of-belize consulate-of-mexico shelter-food nearest-office
    welcome main who-are-you privacy delete-my-data advisor complaint number-does-not-work my-data language thanks
"""
"""What the service must be able to say, by id."""

_TURN = re.compile(r" \.\.\.  node: (\S+)    language: (\w*)")


@cache
def shipped() -> Catalogue:
    """The content as it is developed: unconfirmed help lines are shown, marked as such."""
    return learned_world.shipped()


def channel_of(text: str) -> str:
    return read_script(text).channel.value


def pages_of(text: str) -> set[str]:
    """The pages that a transcript shows: not the question before a page, but the page, with its title."""
    shown, reply = set(), ""
    for line in text.splitlines():
        reply = line if line.startswith(BOT) else reply + line
        if turn := _TURN.match(line):
            answer = shipped().answers.get(turn.group(1))
            if answer and title_of(answer, turn.group(2)) in fold(reply):
                shown.add(answer.id)
    return shown


def title_of(answer: Answer, language: str) -> str:
    """The bold first line of a page, folded; "" for menus and short answers, which have none."""
    first = answer.paragraphs[0].texts.get(language or "en", "").splitlines()[0]
    return fold(first) if first.startswith("*") else ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_replaying_gives_the_file_back(path: Path) -> None:
    """A change of wording or of a move is seen here by whoever makes it, as the person on the phone would see it."""
    written = path.read_text(encoding="utf-8")
    assert replay(written, shipped()).splitlines() == written.splitlines()


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_required_page_is_visited(language: str, channel: str) -> None:
    """No page of the mission is left unread in either language on either channel."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((TRANSCRIPTS / language).glob("*.txt"))]
    visited = set().union(*(pages_of(text) for text in texts if channel_of(text) == channel))
    assert set(REQUIRED.split()) - visited == set()


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_long_stories(language: str, channel: str) -> None:
    """Mistakes, detours and changes of mind only show in conversations that go on."""
    stories = [
        path.stem
        for path in sorted((TRANSCRIPTS / language).glob("*.txt"))
        if not path.stem.startswith(("pages-", "paginas-"))
        and channel_of(text := path.read_text(encoding="utf-8")) == channel
        and len(read_script(text).lines) >= LONG
    ]
    assert len(stories) >= 4


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_transcript_says_why_it_matters(path: Path) -> None:
    """Staff read the first line and know what the conversation is about."""
    heading = read_script(path.read_text(encoding="utf-8")).heading
    assert heading
    assert len(heading[0].removeprefix("#").split()) >= 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_text_message_needs_more_than_three_segments(path: Path) -> None:
    """Each segment is billed, to somebody who may have little credit (safety R62)."""
    counts = re.findall(r"segments: (\d+)", path.read_text(encoding="utf-8"))
    assert all(int(count) <= 3 for count in counts)


def test_messages_can_come_quickly() -> None:
    """A flood of messages is a story too: without `[every 1s]` it could not be told."""
    heading = "# A child plays with the phone, many messages at once.\nchannel: sms    language: en    at: 2026-11-22T15:00Z\n"
    quick = replay(heading + "them> [every 1s]\n" + "them> menu\n" * 22, shipped())
    slow = replay(heading + "them> menu\n" * 22, shipped())
    assert "outcome: held_back" in quick
    assert "outcome: held_back" not in slow


@pytest.mark.parametrize(
    "text",
    ["them> hello\n", "# Nothing\nchannel: sms    at: 2026-11-22T15:00Z\nthem> [dance]\n"],
    ids=["no heading", "unknown thing sent"],
)
def test_what_cannot_be_replayed_is_refused(text: str) -> None:
    """A slip of the pen in a transcript must not pass for a conversation."""
    with pytest.raises(BadTranscript):
        replay(text, shipped())


def test_updating_writes_what_the_bot_says_now(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After a change that is meant, nobody should have to type the new replies."""
    path = tmp_path / "hello.txt"
    path.write_text("# Somebody says hello.\nchannel: sms    language: en    at: 2026-11-22T15:00Z\nthem> hello\n")
    assert main([str(path)]) == 1
    assert capsys.readouterr().out.strip() == str(path)
    assert update([path], shipped()) == [path]
    assert "1 Enter Mexico" in path.read_text(encoding="utf-8")
    assert main([str(path)]) == 0
