"""Whatever people write, the conversation stays whole: a known place, a reply, the same turn for the same message."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import segments, session
from bot.catalogue import WELCOME, CodeTable
from bot.channels import PENS
from bot.conversation import resume, step
from bot.drawing import Choice, Keys, draw, sentences
from bot.folding import fold
from bot.inbound import Channel, Inbound, Location, Media, OptOut
from bot.session import Owner, Prefs, Session, Slot, Unreadable
from bot.turn import ActionResult, Call, State, Turn
from tests.conversation_world import NOW, inbound, say, shipped
from webhook.local import LocalTalk

ROOT = Path(__file__).parent.parent
WORDS = ["hola", "hello", "1", "2", "7", "8", "9", "0", "MENU", "SOS", "x", "back", "más", "no es eso", "work", "si", "no",
         "belice", "soy de honduras", "me quieren matar", "EN", "ES", "STOP", "BORRAR", "asdf", "consulado", ""]  # fmt: skip

message = st.one_of(st.sampled_from(WORDS), st.text(max_size=40))
odd = st.fixed_dictionaries(
    {},
    optional={
        "location": st.builds(Location, st.floats(-90, 90), st.floats(-180, 180)),
        "media": st.lists(st.sampled_from(list(Media)), max_size=3).map(tuple),
        "tapped": st.sampled_from(
            ["main", "danger-now", "nationality=bz", "consent=yes", "@not-this", "gone", "language=xx"]
        ),
        "opt_out": st.sampled_from(list(OptOut)),
    },
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(message, odd), max_size=25), st.sampled_from(list(Channel)), st.booleans())
def test_any_messages_leave_everybody_at_a_known_place(
    messages: list[tuple[str, dict[str, object]]], channel: Channel, stateless: bool
) -> None:
    """No message swallows the conversation, breaks it, or is answered with nothing to go on."""
    catalogue = shipped()
    state = State(Session(), Prefs())
    for at, (text, fields) in enumerate(messages):
        received = replace(inbound(text, channel, **fields), received_at=NOW + timedelta(minutes=at))
        turn = step(catalogue, state, received, stateless=stateless)
        again = step(catalogue, state, received, stateless=stateless)
        assert turn == again, "equal arguments, equal turn"
        if isinstance(turn, Call):
            assert turn.action.startswith("action_")
            turn = resume(catalogue, turn, received, ActionResult(failed=True), stateless=stateless)
        assert turn.state.session.node in ("", *catalogue.answers)
        assert turn.reply is None or turn.reply.strip()
        if turn.reply is not None and channel is Channel.SMS and turn.language:
            assert segments.count(turn.reply).segments <= 3
        stored = session.dump(turn.state.session, catalogue.codes)
        assert session.load(stored, catalogue.codes) == turn.state.session
        assert len(stored) <= 400
        state = turn.state


codes = CodeTable([f"node-{number}" for number in range(40)])
ids = st.sampled_from([f"node-{number}" for number in range(40)])
sessions = st.builds(
    Session,
    node=st.one_of(st.just(""), ids),
    asking=st.sampled_from(["", "nationality", "consent"]),
    more=st.integers(0, 50),
    offered=st.lists(ids, max_size=8).map(tuple),
    printed=st.sampled_from(["", "0", "09"]),
    path=st.lists(ids, max_size=5).map(tuple),
    slots=st.dictionaries(
        st.sampled_from(["country", "nationality"]), st.builds(Slot, st.just("mx"), st.integers(0, 10**9))
    ),
    misses=st.integers(0, 9),
    owner=st.sampled_from(list(Owner)),
    ticket=st.sampled_from(["", "t12"]),
    sensitive=st.booleans(),
    version=st.integers(0, 10**6),
    active_s=st.integers(1, 2 * 10**9),
)


@given(sessions)
def test_a_session_is_read_as_it_was_written(value: Session) -> None:
    """What a person was offered yesterday is what "3" means today."""
    assert session.load(session.dump(value, codes), codes) == value


@given(st.one_of(st.text(), st.sampled_from(["[1]", "[2,0]", "null", "{}", '["a"]', "[1," + "0," * 15 + "0]"])))
def test_a_broken_record_is_told_apart_from_a_session(stored: str) -> None:
    """It is set aside and counted, never taken for a session and never an error on the phone."""
    with pytest.raises(Unreadable):
        session.load(stored, codes)


def test_an_offer_that_is_gone_says_so_and_shows_the_menu() -> None:
    """A menu edited while somebody looks at it must not send them elsewhere."""
    catalogue = shipped()
    state = State(Session(node="main", offered=("?gone", "work"), active_s=1), Prefs("en"))
    state = replace(state, session=replace(state.session, active_s=int(NOW.timestamp())))
    turn = say(catalogue, state, "1", Channel.WHATSAPP)
    assert turn.node == "main"
    assert turn.reply is not None
    assert turn.reply.startswith(catalogue.phrase("gone", "en"))
    assert say(catalogue, state, "2", Channel.WHATSAPP).node == "work"


@pytest.mark.parametrize(("silence", "sensitive"), [(timedelta(hours=25), False), (timedelta(minutes=61), True)])
def test_after_silence_nothing_of_before_is_repeated(silence: timedelta, sensitive: bool) -> None:
    """Another person may hold the phone by now (R19): a neutral start, in the remembered language."""
    catalogue = shipped()
    talk = LocalTalk(catalogue, Channel.WHATSAPP, "en")
    talk.say("violence" if sensitive else "work", NOW)
    talk.say("they hit me" if sensitive else "1", NOW)
    turn = talk.say("hola", NOW + silence)
    assert turn.outcome == "welcomed"
    assert turn.language == "en"
    assert turn.state.session.path == ()
    assert turn.state.session.sensitive is False


def test_a_third_photo_is_not_answered_a_third_time() -> None:
    """Ten photos sent at once are one question."""
    talk = LocalTalk(shipped(), Channel.WHATSAPP, "es")
    talk.say("hola", NOW)
    replies = [talk.say("", NOW + timedelta(seconds=at), media=(Media.IMAGE,)).reply for at in range(3)]
    assert [reply is not None for reply in replies] == [True, False, False]
    assert talk.say("", NOW + timedelta(seconds=70), media=(Media.IMAGE,)).reply is not None


def test_two_bots_do_not_talk_for_ever() -> None:
    """A machine that answers with the same words is answered three times."""
    talk = LocalTalk(shipped(), Channel.SMS, "en")
    replies = [talk.say("Zxq vbnm qwrt auto reply", NOW + timedelta(minutes=at)).reply for at in range(8)]
    assert [reply is not None for reply in replies] == [True] * 3 + [False] * 5
    assert talk.say("something else zzz", NOW + timedelta(minutes=9)).reply is not None


text_lines = st.lists(
    st.lists(st.text(alphabet="abc ", min_size=1, max_size=60).map(lambda t: t.strip().capitalize() + "."), min_size=1, max_size=6)
    .map(" ".join),
    min_size=1,
    max_size=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(text_lines, st.integers(0, 6))
def test_the_pages_of_a_reply_hold_all_of_it_once(lines: list[str], choices: int) -> None:
    """Asking for more gives exactly what was not shown, and the choices come at the end."""
    pen = PENS[Channel.SMS]
    offered = tuple(Choice(f"id{at}", f"Choice {at}") for at in range(choices))
    keys = Keys(menu="0 M", back="9 B", more="MORE")
    shown: list[str] = []
    start = 0
    for _ in range(40):
        page = draw(pen, tuple(lines), offered, keys, start)
        assert segments.count(page.text).segments <= 3
        shown += page.text.splitlines()[:-1]
        if not page.more:
            break
        assert page.offered == ()
        start = page.more
    words = " ".join(shown).split()
    expected = " ".join(part.text for part in sentences(tuple(lines))).split()
    assert words[: len(expected)] == expected


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    """A folded word can be compared with any other folded word."""
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("typed", ["Menú", " MENU ", "menu!", "ｍｅｎｕ", "mENÚ…", "*menu*"])
def test_a_word_is_known_however_it_is_typed(typed: str) -> None:
    """Case, accents, punctuation and full-width letters do not matter."""
    assert fold(typed) == "menu"


@pytest.mark.parametrize("typed", ["2", " 2 ", "2.", "2️⃣", "dos", "two", "opción 2", "la 2", "2)"])
def test_a_number_is_known_however_it_is_typed(typed: str) -> None:
    """People answer "2" in many ways, a keycap emoji among them."""
    assert shipped().words.number(fold(typed)) == 2


def test_the_first_reply_knows_no_language_from_one_odd_word() -> None:
    """A name or a lone letter must not decide: both languages are shown, and the numbers of help."""
    turn = step(shipped(), State(Session(), Prefs()), inbound("Karina", Channel.SMS))
    assert isinstance(turn, Turn)
    assert (turn.node, turn.language) == (WELCOME, "")
    assert turn.reply is not None
    assert all(text in turn.reply for text in ("911", "SOS", "EN", "ES"))


def test_bot_touches_nothing_outside() -> None:
    """Deciding code imports no web, no store, no clock and no chance: what it needs, it is given."""
    forbidden = {
        "flask",
        "redis",
        "twilio",
        "webhook",
        "os",
        "random",
        "secrets",
        "socket",
        "subprocess",
        "requests",
        "time",
    }
    for file in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [str(node.module).split(".")[0]]
            allowed = {"time"} if file.name == "workers.py" else set()
            assert not (set(names) & forbidden) - allowed, file
            called = node.func if isinstance(node, ast.Call) else None
            assert not (isinstance(called, ast.Attribute) and called.attr in ("now", "today", "utcnow")), file


def test_nothing_personal_is_in_the_words_of_an_inbound() -> None:
    """A message that ends up in an error report says nothing of what it said."""
    assert "secreto" not in repr(inbound("secreto", Channel.SMS, location=Location(1.5, 2.5)))
    assert "1.5" not in repr(Inbound("SM1", Channel.SMS, "", NOW, location=Location(1.5, 2.5)))
