"""Questions for the editors: kept without identity, taken back when they must be, shown in groups, added to the content."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import questions
from bot.adding_examples import CannotAdd, with_example
from bot.grouping import grouped
from bot.inbound import Channel, Inbound
from bot.questions import settled
from bot.session import Prefs, Session
from bot.turn import Clears, Effect, State, Turn
from tests.broken_files import base_project
from tests.conftest import SampleCodes
from tests.twilio_samples import message
from webhook.cli import main
from webhook.conversation import Conversation
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.observe import Metrics
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import held_question_key, questions_key
from webhook.store.lifetimes import DAY_S, HELD_QUESTION_TTL_S, QUESTIONS_TTL_S
from webhook.store.noting import TRIES_TO_WITHDRAW, QuestionNotes
from webhook.store.questions import MOST_A_DAY, KeptQuestion, QuestionList
from webhook.store.sessions import SessionStore
from webhook.twilio_edge.inbound import read_inbound

MakeInbound = Callable[..., Inbound]
Everything = Callable[[], dict[bytes, bytes]]

SECRET = "a secret for tests, as long as it must be"
TODAY = 20_000


# --- what a turn asks for -------------------------------------------------------------------------------------------


def asking(text: str, id_: str = "SM1") -> Inbound:
    return Inbound(id_, Channel.SMS, text, datetime(2030, 1, 7, tzinfo=UTC))


def turn_with(effects: tuple[Effect, ...], **changed: object) -> Turn:
    turn = Turn(State(Session(), Prefs()), reply="…", effects=effects)
    return replace(turn, **changed)  # type: ignore[arg-type]  # fields of Turn


def test_a_question_is_scrubbed_before_it_leaves_the_engine() -> None:
    """What never becomes an effect can be kept nowhere."""
    (effect,) = questions.not_understood(asking("soy juan perez, mi cel 983 555 0142, donde pago el crucero"), "es")
    assert effect.kind == questions.NOT_UNDERSTOOD
    assert effect.fields["text"] == "soy …, mi cel …, donde pago el crucero"
    assert effect.fields["language"] == "es"


def test_nothing_is_kept_of_a_message_that_says_nothing() -> None:
    """A number or a sign teaches nobody anything."""
    for text in ("", "?", "12", "+52 983 555 0142", "👍", "a"):
        assert questions.not_understood(asking(text), "es") == ()


def test_the_same_message_has_the_same_entry_and_others_have_others() -> None:
    """A turn that is stepped again after a conflict must not be kept twice."""
    entries = {questions.entry_of(asking("hola", f"SM{number}")) for number in range(200)}
    assert len(entries) == 200
    assert {len(entry) for entry in entries} == {questions.ENTRY_LENGTH}
    assert questions.entry_of(asking("a", "SM1")) == questions.entry_of(asking("b", "SM1"))
    assert questions.entry_of(asking("a", "\ud800")) != ""


def test_a_choice_belongs_to_the_question_only_while_it_is_the_last_reply() -> None:
    """Who asks, goes to the menu and chooses there has not answered "did you mean"."""
    turn, remembered = settled("", turn_with(questions.offered(asking("perro", "SM1"), "es", ["a", "b"])))
    assert turn.effects[0].fields["offered"] == "a,b"
    (chosen,) = questions.chosen(remembered, "a")
    assert chosen == Effect(questions.CHOSEN, {"entry": questions.entry_of(asking("", "SM1")), "chosen": "a"})
    _, later = settled(remembered, turn_with(()))
    assert questions.chosen(later, "a") == ()
    assert questions.refused(later, "a") == ()


def test_a_chat_remembers_its_last_questions_and_no_more() -> None:
    """Enough to take them back; too little to write somebody's history."""
    remembered = ""
    for number in range(7):
        _, remembered = settled(remembered, turn_with(questions.not_understood(asking("perro", f"SM{number}"), "es")))
    assert questions.remembered(remembered) == tuple(
        questions.entry_of(asking("", f"SM{number}")) for number in range(3, 7)
    )
    assert len(remembered) <= 25


@pytest.mark.parametrize(
    "changed",
    [
        {"danger": "certain"},
        {"danger": "possible"},
        {"state": State(Session(sensitive=True), Prefs())},
        {"clears": Clears.ALL},
        {"clears": Clears.COPIES},
    ],
    ids=["danger", "possible danger", "sensitive", "delete", "exit"],
)
def test_in_danger_or_when_somebody_leaves_nothing_is_kept_and_all_is_taken_back(changed: dict[str, object]) -> None:
    """The question before may have been the same cry, misspelt."""
    _, remembered = settled("", turn_with(questions.not_understood(asking("mi perro", "SM1"), "es")))
    asked = questions.not_understood(asking("otra cosa", "SM2"), "es")
    other = Effect("handed_off", {})
    turn, left = settled(remembered, turn_with((*asked, other), **changed))
    assert left == ""
    assert turn.effects == (other, Effect(questions.WITHDRAWN, {"entries": questions.entry_of(asking("", "SM1"))}))


# --- the store --------------------------------------------------------------------------------------------------------


@pytest.fixture
def listed(connection: Connection, keys: Keys) -> QuestionList:
    return QuestionList(connection, keys)


def keep(listed: QuestionList, text: str, id_: str = "SM1", day: int = TODAY, **fields: str) -> str:
    """Keep a question, and give what the session remembers."""
    effects = questions.not_understood(asking(text, id_), "es")
    effects = tuple(Effect(each.kind, {**each.fields, **fields}) for each in effects)
    turn, remembered = settled("", turn_with(effects))
    for effect in turn.effects:
        listed.note(effect, day)
    return remembered


def note(listed: QuestionList, effects: tuple[Effect, ...], day: int = TODAY) -> None:
    for effect in effects:
        listed.note(effect, day)


def only(listed: QuestionList, today: int = TODAY) -> KeptQuestion:
    (kept,) = listed.kept(today).questions
    return kept


def test_what_was_kept_is_read_back(listed: QuestionList) -> None:
    """With all that became of it, and nobody's name."""
    note(listed, questions.offered(asking("donde pago el crucero"), "es", ["fee", "exit"]))
    _, remembered = settled("", turn_with(questions.offered(asking("donde pago el crucero"), "es", ["fee", "exit"])))
    note(listed, questions.chosen(remembered, "fee"), TODAY + 1)
    kept = only(listed, TODAY + 1)
    assert (kept.day, kept.text, kept.language) == (TODAY, "donde pago el crucero", "es")
    assert (kept.offered, kept.chosen, kept.refused) == (("fee", "exit"), "fee", "")


def test_a_copy_of_the_store_tells_neither_words_nor_whose_they_are(
    listed: QuestionList, everything: Everything
) -> None:
    """Not the text, not the id that the session holds, not even how long the text is."""
    short = keep(listed, "donde pago el crucero", "SM1")
    keep(listed, "donde pago el impuesto del crucero grande que llega a mahahual los martes", "SM2")
    note(listed, questions.answered(asking("zanahoria", "SM3"), "es", "fee"))
    whole = b"".join(key + value for key, value in everything().items())
    assert not [word for word in (b"crucero", b"zanahoria", b"SM1", short[:6].encode()) if word in whole]
    fields = listed._connection.command("HGETALL", questions_key(TODAY))
    assert len({len(value) for value in fields.values() if len(value) > 20}) == 1


def test_a_question_lives_thirty_days(listed: QuestionList, connection: Connection) -> None:
    """The privacy page says so; it counts from the first of its day, however many come later."""
    keep(listed, "donde pago el crucero", "SM1")
    assert 0 < connection.command("TTL", questions_key(TODAY)) <= QUESTIONS_TTL_S
    connection.command("EXPIRE", questions_key(TODAY), 100)
    keep(listed, "otra pregunta", "SM2")
    assert connection.command("TTL", questions_key(TODAY)) <= 100


def test_an_answered_question_is_kept_only_if_it_was_not_this(listed: QuestionList, connection: Connection) -> None:
    """What was understood is forgotten in minutes."""
    _, remembered = settled("", turn_with(questions.answered(asking("perro a belice"), "es", "border-hours")))
    note(listed, questions.answered(asking("perro a belice"), "es", "border-hours"))
    assert listed.kept(TODAY).questions == ()
    (key,) = connection.command("KEYS", "*")
    assert 0 < connection.command("TTL", key) <= HELD_QUESTION_TTL_S

    note(listed, questions.refused(remembered, "border-hours"))
    kept = only(listed)
    assert (kept.text, kept.given, kept.refused) == ("perro a belice", "border-hours", "border-hours")
    assert connection.command("KEYS", "*") == [questions_key(TODAY).encode()]


def test_not_this_that_comes_too_late_is_only_counted(connection: Connection, keys: Keys) -> None:
    """There is nothing left to join it to."""
    counted: list[str] = []
    listed = QuestionList(connection, keys, counted.append)
    note(listed, questions.refused(questions.entry_of(asking("")) + questions.OPEN, "x"))
    assert counted == ["question_gone"]
    assert connection.command("KEYS", "*") == []


def test_taking_back_leaves_nothing(listed: QuestionList, everything: Everything) -> None:
    """DELETE erases what was kept of the chat: the question, what was chosen, and one that is only held."""
    empty = everything()
    first = keep(listed, "donde pago el crucero", "SM1", TODAY - 1)
    note(listed, questions.chosen(first, "fee"))
    held = questions.answered(asking("perro", "SM2"), "es", "fee")
    note(listed, held)
    turn, _ = settled(settled(first, turn_with(held))[1], turn_with((), clears=Clears.ALL))
    note(listed, turn.effects)
    assert everything() == empty


def test_taking_back_leaves_the_questions_of_others(listed: QuestionList) -> None:
    """One chat's DELETE is nobody else's."""
    mine = keep(listed, "donde pago el crucero", "SM1")
    keep(listed, "puedo llevar un perro", "SM2")
    turn, _ = settled(mine, turn_with((), clears=Clears.ALL))
    note(listed, turn.effects)
    assert only(listed).text == "puedo llevar un perro"


def test_a_day_takes_so_many_and_the_rest_is_counted(connection: Connection, keys: Keys) -> None:
    """Somebody who floods the bot must not fill the store."""
    counted: list[str] = []
    listed = QuestionList(connection, keys, counted.append)
    connection.command("HSET", questions_key(TODAY), "n", MOST_A_DAY - 1)
    keep(listed, "la ultima", "SM1")
    keep(listed, "de mas", "SM2")
    keep(listed, "otra de mas", "SM3")
    kept = listed.kept(TODAY)
    assert [each.text for each in kept.questions] == ["la ultima"]
    assert kept.beyond == 2
    assert counted == ["question_kept", "question_beyond", "question_beyond"]


def test_a_message_that_is_kept_twice_stands_there_once(listed: QuestionList) -> None:
    """A commit whose answer was lost is done again."""
    keep(listed, "donde pago el crucero")
    keep(listed, "donde pago el crucero")
    assert only(listed).text == "donde pago el crucero"


def test_while_the_secret_changes_questions_are_found_under_the_old_one(connection: Connection) -> None:
    """Rotating must not make a chat's questions impossible to take back."""
    before = QuestionList(connection, Keys(SECRET))
    remembered = keep(before, "donde pago el crucero")
    now = QuestionList(connection, Keys("another secret, as long as it must be too", SECRET))
    assert only(now).text == "donde pago el crucero"
    note(now, questions.chosen(remembered, "fee"))
    assert only(now).chosen == "fee"
    turn, _ = settled(remembered, turn_with((), clears=Clears.ALL))
    note(now, turn.effects)
    assert connection.command("KEYS", "*") == []


def test_what_cannot_be_opened_is_counted_and_hides_nothing_else(connection: Connection, keys: Keys) -> None:
    """A lost secret must not make the list unreadable."""
    keep(QuestionList(connection, Keys("another secret, as long as it must be too")), "perdida", "SM1")
    listed = QuestionList(connection, keys)
    keep(listed, "legible", "SM2")
    kept = listed.kept(TODAY)
    assert ([each.text for each in kept.questions], kept.unread) == (["legible"], 1)


def test_entries_in_the_listing_print_without_their_words(listed: QuestionList) -> None:
    """Values end up in error reports."""
    keep(listed, "donde pago el crucero")
    assert "crucero" not in repr(listed.kept(TODAY))


def test_keys_name_nobody() -> None:
    """They hold a day, and a code that needs the secret."""
    assert questions_key(TODAY) == "v1:{q}:day:20000"
    assert held_question_key("c").startswith("v1:{q}:held:")


# --- beside the answering ---------------------------------------------------------------------------------------------


def test_writing_happens_beside_the_answering(listed: QuestionList) -> None:
    """The person waits for none of it."""
    counted: list[str] = []
    notes = QuestionNotes(listed, counted.append)
    notes.note(questions.not_understood(asking("donde pago el crucero"), "es"), TODAY * DAY_S + 5)
    notes.note((Effect("something_else", {}),), TODAY * DAY_S)
    notes.settle()
    assert only(listed).text == "donde pago el crucero"
    assert counted == []


class Away(QuestionList):
    """A list that cannot be reached, or breaks."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    def note(self, effect: Effect, day: int) -> None:
        self.asked += 1
        raise self.error


@pytest.mark.parametrize("error", [StoreDown("gone"), ZeroDivisionError("a fault of ours")])
def test_a_failure_is_counted_and_reaches_nobody(error: Exception) -> None:
    """A lost question is no reason to lose a reply."""
    counted: list[str] = []
    away = Away(error)
    notes = QuestionNotes(away, counted.append)
    notes.note(questions.not_understood(asking("donde pago el crucero"), "es"), 0)
    notes.settle()
    assert (away.asked, counted) == (1, ["question_lost"])


def test_taking_back_is_tried_for_longer() -> None:
    """It is a promise."""
    counted: list[str] = []
    pauses: list[float] = []
    away = Away(StoreDown("gone"))
    notes = QuestionNotes(away, counted.append, pause=pauses.append)
    notes.note((Effect(questions.WITHDRAWN, {"entries": "abcdef"}),), 0)
    notes.settle()
    assert (away.asked, len(pauses), counted) == (TRIES_TO_WITHDRAW, TRIES_TO_WITHDRAW - 1, ["question_lost"])


class Holder:
    """A catalogue that nobody looks into."""

    class Catalogue:
        codes = SampleCodes()

    current = Catalogue()


@pytest.mark.parametrize("keeps", [True, False], ids=["committed", "without memory"])
def test_only_what_was_committed_is_handed_on(
    store: SessionStore, listed: QuestionList, keys: Keys, *, keeps: bool
) -> None:
    """A message that comes again is kept once; without memory nothing could be taken back, so nothing is kept."""
    notes = QuestionNotes(listed, lambda _: None)

    def step(_: object, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn:
        return turn_with(questions.not_understood(inbound, "es"), state=state, language="es", outcome="not_understood")

    talk = Conversation(
        Holder(),  # type: ignore[arg-type]  # only the codes are used
        store if keeps else None,
        None,  # type: ignore[arg-type]  # no action is asked for
        Metrics(),
        step=step,  # type: ignore[arg-type]  # a Turn is a Turn | Call
        notes=notes,
    )
    form = message("donde pago el crucero", id_=1)
    for _ in range(2):
        received = read_inbound(list(form.items()), received_at=datetime.fromtimestamp(TODAY * DAY_S, UTC), keys=keys)
        assert talk.take_turn(received, deadline=time.monotonic() + 3) in ("…", None)
    notes.settle()
    assert [each.text for each in listed.kept(TODAY).questions] == ["donde pago el crucero"] * keeps


# --- groups -----------------------------------------------------------------------------------------------------------


def test_questions_that_ask_the_same_stand_together() -> None:
    """An editor reads each once."""
    texts = [
        "where i pay cruise tax",
        "dog to belize",
        "pay cruise tax where",
        "Where do I pay cruise tax?",
        "Dog to Belize!",
    ]
    assert sorted(sorted(group) for group in grouped(texts)) == [[0, 2, 3], [1, 4]]
    assert grouped([]) == []


# --- the file ---------------------------------------------------------------------------------------------------------

FILE = """\
# by hand
label:
  en: Fee   # short
text:
  - en: |
      *Fee*
people_ask:
  en: |
    what is the fee

    how much~~~
  # Spanish below
  es: |
      cuanto cuesta
sources:
  - a
""".replace("~", " ")  # spaces at the end of a line are the editor's own


def test_one_line_comes_in_and_all_else_stays_as_it_was() -> None:
    """Comments, blank lines and spaces belong to whoever wrote them."""
    assert with_example(FILE, "en", "fee  for a: dog #1") == FILE.replace(
        "    how much   \n", "    how much   \n    fee for a: dog #1\n"
    )
    assert with_example(FILE, "es", "hay impuesto") == FILE.replace(
        "      cuanto cuesta\n", "      cuanto cuesta\n      hay impuesto\n"
    )


def test_missing_blocks_are_made() -> None:
    """A language without examples, or an answer without any."""
    without_spanish = FILE.replace("  # Spanish below\n  es: |\n      cuanto cuesta\n", "")
    assert with_example(without_spanish, "es", "hola") == without_spanish.replace(
        "    how much   \n", "    how much   \n  es: |\n    hola\n"
    )
    assert with_example("label:\n  en: x\n# here\nsources:\n  - a\n", "en", "hi") == (
        "label:\n  en: x\n# here\npeople_ask:\n  en: |\n    hi\nsources:\n  - a\n"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", [True, False])
def test_line_ends_are_those_of_the_file(newline: str, *, end: bool) -> None:
    """Windows' too, and a last line without one."""
    text = newline.join(["label:", "  en: x", "people_ask:", "  en: |", "    y"]) + (newline if end else "")
    after = with_example(text, "en", "z")
    assert after == text + (f"    z{newline}" if end else f"{newline}    z")


@pytest.mark.parametrize("text", ["people_ask:\n  en: one line\n", "people_ask: {en: x}\n", "- a\n", "[", "\tx", ""])
def test_a_file_that_is_written_otherwise_is_left_alone(text: str) -> None:
    """Better by hand than wrong."""
    with pytest.raises(CannotAdd):
        with_example(text, "en", "hi")


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, valkey_server: EmbeddedServer, connection: Connection
) -> Path:
    """A small project with a list, and settings that name both."""
    root = base_project(tmp_path / "project")
    add_examples(root / "content" / "crossing" / "visa.yaml")
    for name in [name for name in os.environ if name.startswith(("VENTANILLA_", "TWILIO_", "REDIS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VENTANILLA_ROOT", str(root))
    monkeypatch.setenv("VENTANILLA_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("VENTANILLA_SECRET", SECRET)
    monkeypatch.setenv("REDIS_URL", valkey_server.url)
    return root


def add_examples(file: Path) -> None:
    """Give an answer as many examples as it needs, in both languages."""
    text = file.read_text(encoding="utf-8")
    for number in range(8):
        text = with_example(text, "en", f"visa question {number}")
        text = with_example(text, "es", f"pregunta de visa {number}")
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def today() -> int:
    return int(datetime.now(UTC).timestamp()) // DAY_S


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["questions", *arguments])


def fill(listed: QuestionList, today: int) -> None:
    """Eleven people ask for the tax of the cruise ship, today; one for a dog, yesterday."""
    for number in range(11):
        keep(listed, f"where do i pay the cruise tax{'?' * number}", f"A{number}", today)
    note(listed, questions.offered(asking("taking my dog across please"), "en", ["visa", "crossing"]), today - 1)
    _, remembered = settled("", turn_with(questions.offered(asking("taking my dog across please"), "en", ["visa"])))
    note(listed, questions.refused(remembered), today)


def test_the_list_shows_groups_newest_first(project: Path, listed: QuestionList, today: int) -> None:
    """What was asked most of late comes first; what became of it stands below."""
    fill(listed, today)
    result = run()
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("  1  where do i pay the cruise tax")
    assert "11 times · es · last on" in lines[1]
    second = next(at for at, line in enumerate(lines) if line.startswith("  2  taking my dog"))
    assert "fewer than 10 times" in lines[second + 1]
    assert "     refused: none of these" in lines


def test_json_is_one_object_and_tells_no_small_number(project: Path, listed: QuestionList, today: int) -> None:
    """Other programs read it; groups smaller than ten people are not counted anywhere (R55)."""
    fill(listed, today)
    shown = json.loads(run("--json").output)
    first, second = shown["groups"]
    assert (shown["questions"], first["count"], second["count"]) == (12, 11, None)
    assert (second["group"], second["text"]) == (2, "taking my dog across please")
    assert (second["languages"], second["offered"], second["refused"]) == (["en"], ["visa", "crossing"], ["-"])
    assert {"answer", "confidence", "example"} == set(first["nearest"][0]) if first["nearest"] else True


def test_an_empty_list_says_so(project: Path) -> None:
    """No news is an answer."""
    result = run()
    assert (result.exit_code, result.output) == (0, "Nothing to learn from: no question is in the list.\n")


def test_a_group_is_added_to_an_answer_in_one_step(project: Path, listed: QuestionList, today: int) -> None:
    """One line more in the right file, the check on it, and the group leaves the list, since it stands there now."""
    fill(listed, today)
    run()
    file = project / "content" / "crossing" / "visa.yaml"
    before = file.read_text(encoding="utf-8")
    result = run("add", "2", "visa")
    assert "Added to content/crossing/visa.yaml:" in result.output, result.output
    after = file.read_text(encoding="utf-8")
    assert after.count("\n    taking my dog across please\n") == 1
    assert after.replace("    taking my dog across please\n", "", 1) == before
    assert "No errors" in CliRunner().invoke(main, ["check"]).output
    assert "drop 2" in result.output


def test_a_text_is_added_and_found_again(project: Path) -> None:
    """Staff hear questions at the counter too."""
    result = run("add", "do they stamp a dog", "visa", "--lang", "en")
    assert result.exit_code == 0, result.output
    again = run("add", "Do they stamp a DOG?", "visa", "--lang", "en")
    assert again.exit_code == 1
    assert "already stands in “visa”" in again.output
    elsewhere = run("add", "do they stamp a dog", "crossing", "--lang", "en")
    assert "already stands in “visa”" in elsewhere.output


def test_an_unknown_answer_is_refused_with_the_nearest(project: Path) -> None:
    """A slip must not cost a search."""
    result = run("add", "do they stamp a dog", "vissa", "--lang", "en")
    assert result.exit_code == 1
    assert "“vissa” is not an answer. Did you mean “visa”?" in result.output


def test_a_cry_for_help_is_not_added_to_an_everyday_answer(project: Path) -> None:
    """It would teach the bot to answer it with a fee."""
    before = (project / "content" / "crossing" / "visa.yaml").read_bytes()
    from bot.loading import load_catalogue

    cry = next(load_catalogue(project, show_unconfirmed=True).lexicon.samples("en"))
    result = run("add", f"{cry} at the bridge", "visa", "--lang", "en")
    assert result.exit_code == 1
    assert "means danger" in result.output
    assert (project / "content" / "crossing" / "visa.yaml").read_bytes() == before


def test_a_language_that_cannot_be_told_is_asked_for(project: Path) -> None:
    """A line in the wrong block teaches the wrong thing."""
    result = run("add", "xyzzy", "visa")
    assert result.exit_code == 1
    assert "--lang en" in result.output


def test_a_dropped_group_is_the_one_that_was_shown(project: Path, listed: QuestionList, today: int) -> None:
    """Others may have asked since: the numbers are those of the list as it was seen."""
    fill(listed, today)
    run()
    for number in range(12):
        keep(listed, "puedo llevar mi caballo", f"C{number}", today)
    assert "taking my dog" in run("drop", "2").output
    left = {each.text.rstrip("?") for each in listed.kept(today).questions}
    assert left == {"where do i pay the cruise tax", "puedo llevar mi caballo"}
    assert "There is no group 2" in run("drop", "2").output


def test_numbers_are_remembered_without_words(project: Path, listed: QuestionList, today: int, tmp_path: Path) -> None:
    """A file beside the store must not become a second list."""
    fill(listed, today)
    run()
    file = tmp_path / "var" / "questions-shown.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "dog" not in file.read_text()
    assert "tax" not in file.read_text()


def test_without_a_named_store_the_embedded_one_is_read(
    project: Path, short_directory: Path, monkeypatch: pytest.MonkeyPatch, today: int
) -> None:
    """On one machine it works as `ventanilla run` does, whether that is running or not."""
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("VENTANILLA_VAR", str(short_directory))
    with EmbeddedServer(short_directory / "valkey") as server:
        keep(QuestionList(Connection(server.url), Keys(SECRET)), "where do i pay the cruise tax", "SM1", today)
        assert "cruise tax" in run().output
    assert "cruise tax" in run().output


def test_a_store_that_is_away_is_said_plainly(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback for staff."""
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere/at/all.sock")
    result = run()
    assert result.exit_code == 1
    assert "The store does not answer" in result.output


def test_the_shipped_content_takes_a_line_anywhere() -> None:
    """Every answer that people ask for can be taught, in every language, with one line and nothing else changed."""
    root = Path(__file__).parent.parent
    for file in sorted((root / "content").glob("*/*.yaml")):
        text = file.read_bytes().decode("utf-8")
        if file.parent.name in ("danger", "questions") or "people_ask:" not in text:
            continue
        for language in ("en", "es"):
            after = with_example(text, language, "one line more")
            assert after.count("one line more") == 1
            assert after.replace("    one line more\n", "") == text, file
