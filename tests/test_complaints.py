"""Complaints on their way to the focal point: sealed, once, before anything is claimed, and nowhere else (R64, R65)."""

import os
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.twilio_samples import message
from tests.webhook_world import Caller, app_for
from webhook.app import services_of
from webhook.cli import main
from webhook.complaints.box import ComplaintBox
from webhook.complaints.keeping import KeepsComplaints
from webhook.complaints.sealing import PADDED_TO, Complaint, NotOpened, NotSealed, can_seal, new_key, seal, unseal
from webhook.embedded import EmbeddedServer
from webhook.settings import Complaints, SettingsRefused
from webhook.store.connection import Connection

MARKER = "quetzalmarker7319"
TEXT = f"one of your staff asked me for 50 dollars {MARKER}"
NUMBER = "+525500007319"
AT = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
REFERENCE = "Q-7KMX29PD"

SECRET, PUBLIC = new_key()


@pytest.fixture
def complaints(tmp_path: Path) -> Complaints:
    """A focal point is named, and the folder is not there yet."""
    return Complaints(PUBLIC, tmp_path / "apart" / "complaints", 30)


@pytest.fixture
def caller(tmp_path: Path, complaints: Complaints, connection: Connection, valkey_server: EmbeddedServer) -> Caller:
    """The whole app over the real store, where complaints are taken."""
    return Caller(app_for(tmp_path, valkey_server.url, complaints=complaints))


def say(caller: Caller, text: str, id_: int, number: str = NUMBER, **more: str) -> str:
    """Send an SMS and give what was said."""
    return caller.send(message(text, number=number, id_=id_, **more)).said or ""


def sealed_files(complaints: Complaints) -> list[Path]:
    return sorted(complaints.folder.glob("*.age"))


def opened(file: Path) -> Complaint:
    return unseal(file.read_bytes(), SECRET)


def counted(caller: Caller, name: str) -> bool:
    """Whether a line stands in /metrics."""
    with caller.app.test_client() as client:
        return name in client.get("/metrics").get_data(as_text=True)


# --- from the phone to the file ----------------------------------------------------------------------------------


def test_what_was_written_arrives_and_the_person_is_told_its_reference(caller: Caller, complaints: Complaints) -> None:
    """The whole road: the word, the page, the words, the file that only the focal point opens."""
    say(caller, "COMPLAINT", 1)
    said = say(caller, TEXT, 2)
    [file] = sealed_files(complaints)
    complaint = opened(file)
    assert (complaint.reference, complaint.text, complaint.channel, complaint.address) == (file.stem, TEXT, "sms", "")
    assert file.stem in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(complaints.folder.stat().st_mode) == 0o700
    assert counted(caller, 'ventanilla_complaints_total{result="taken"} 1.0')
    assert counted(caller, "ventanilla_complaints_waiting 1.0")


def test_the_number_is_in_it_only_if_the_person_wanted_an_answer(caller: Caller, complaints: Complaints) -> None:
    """Anonymous means that not even the focal point can find out who it was."""
    say(caller, "COMPLAINT", 1)
    say(caller, TEXT, 2)
    say(caller, "MENU", 3)
    say(caller, "COMPLAINT", 4)
    caller.send(message("", number=NUMBER, id_=5, ButtonPayload="complaint-reply"))
    say(caller, TEXT, 6)
    assert sorted(opened(file).address for file in sealed_files(complaints)) == ["", NUMBER]


def test_no_word_of_it_is_anywhere_else(
    caller: Caller,
    complaints: Complaints,
    everything: Callable[[], dict[bytes, bytes]],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A copied store, a log or a figure must not tell what was said about whom; nor may the sealed file itself."""
    say(caller, "COMPLAINT", 1)
    said = say(caller, TEXT, 2)
    assert sealed_files(complaints)[0].stem in said
    assert everything(), "the session itself is there, so the store was looked into"
    kept = b"".join([*everything().keys(), *everything().values()])
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    logged = "".join(capfd.readouterr()).encode()
    for place in (kept, written, logged):
        assert MARKER.encode() not in place
    assert sealed_files(complaints)[0].stem.encode() not in kept + logged


def test_a_message_that_comes_again_is_one_complaint(caller: Caller, complaints: Complaints) -> None:
    """Twilio repeats what it is not sure of; the person is told the same, and the focal point reads it once."""
    say(caller, "COMPLAINT", 1)
    assert say(caller, TEXT, 2) == say(caller, TEXT, 2)
    assert len(sealed_files(complaints)) == 1


def test_two_deliveries_at_once_are_one_complaint(caller: Caller, complaints: Complaints) -> None:
    """Two workers that answer the same message at the same moment write one file, whole."""
    say(caller, "COMPLAINT", 1)
    start = threading.Barrier(4)

    def deliver() -> None:
        start.wait()
        say(caller, TEXT, 2)

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [file] = sealed_files(complaints)
    assert opened(file).text == TEXT
    assert list(complaints.folder.iterdir()) == [file], "no draft is left"


def test_it_is_on_the_disk_before_anything_is_committed(
    caller: Caller, complaints: Complaints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two, the repeated message finds its file and is told its reference; the other way it were lost."""
    say(caller, "COMPLAINT", 1)
    store = services_of(caller.app).store
    assert store is not None
    seen: list[int] = []
    commit = store.commit

    def dies(*_: object, **__: object) -> None:
        seen.append(len(sealed_files(complaints)))
        raise SystemExit

    monkeypatch.setattr(store, "commit", dies)
    with pytest.raises(SystemExit):
        say(caller, TEXT, 2)
    assert seen == [1]
    monkeypatch.setattr(store, "commit", commit)
    said = say(caller, TEXT, 2)
    [file] = sealed_files(complaints)
    assert file.stem in said


def test_a_complaint_that_is_taken_is_told_even_if_the_store_is_lost_then(
    tmp_path: Path, complaints: Complaints, own_server: EmbeddedServer
) -> None:
    """It is on the disk, so it would be untrue to say that it was not understood."""
    caller = Caller(app_for(tmp_path, own_server.url, complaints=complaints))
    say(caller, "COMPLAINT", 1)
    keeps = services_of(caller.app).conversation._complaints
    assert isinstance(keeps, KeepsComplaints)
    put = keeps.put

    def then_lost(*arguments: object) -> bool:
        kept = put(*arguments)  # type: ignore[arg-type]  # passed on as they came
        own_server.stop()
        return kept

    keeps.put = then_lost  # type: ignore[method-assign]  # the moment between the two cannot be met otherwise
    said = say(caller, TEXT, 2)
    [file] = sealed_files(complaints)
    assert file.stem in said


def test_stepped_again_as_something_else_it_is_taken_back(
    caller: Caller, complaints: Complaints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another message was first and left the prompt: of these words nobody is told that they were taken, so they are not."""
    say(caller, "COMPLAINT", 1)
    store = services_of(caller.app).store
    assert store is not None
    commit = store.commit
    raced: list[int] = []

    def after_another(*arguments: object, **named: object) -> object:
        if not raced:
            raced.append(len(sealed_files(complaints)))
            say(caller, "MENU", 3)
        return commit(*arguments, **named)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(store, "commit", after_another)
    said = say(caller, TEXT, 2)
    assert raced == [1], "it was written before the conflict"
    assert sealed_files(complaints) == []
    assert "Q-" not in said


def test_what_cannot_be_written_is_not_claimed(
    caller: Caller, complaints: Complaints, capfd: pytest.CaptureFixture[str]
) -> None:
    """A full disk must not make us lie: the person hears it at once, with a telephone that works."""
    say(caller, "COMPLAINT", 1)
    complaints.folder.rmdir()
    complaints.folder.write_text("in the way", encoding="utf-8")
    said = say(caller, TEXT, 2)
    catalogue = services_of(caller.app).holder.current
    assert "Q-" not in said
    assert "nothing of it was kept" in said
    assert catalogue.places["cdheqroo-chetumal"].phones[0] in said
    logged = "".join(capfd.readouterr())
    assert "complaint_not_kept" in logged
    assert MARKER not in logged
    assert counted(caller, 'ventanilla_complaints_total{result="failed"} 1.0')
    complaints.folder.unlink()
    say(caller, "COMPLAINT", 3)
    assert "Q-" in say(caller, TEXT, 4), "and it works again by itself"


def test_danger_is_answered_also_when_nothing_can_be_written(caller: Caller, complaints: Complaints) -> None:
    """The help numbers never wait for a disk."""
    say(caller, "COMPLAINT", 1)
    complaints.folder.rmdir()
    complaints.folder.write_text("in the way", encoding="utf-8")
    said = say(caller, "the guard of the shelter locked me in and forced me to have sex", 2)
    assert "911" in said
    assert "Q-" not in said
    assert "I could not keep it as a complaint" in said


def test_without_a_focal_point_nothing_is_taken(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer
) -> None:
    """An installation that has named nobody makes no file and gives no reference."""
    caller = Caller(app_for(tmp_path, valkey_server.url, complaints=Complaints(folder=tmp_path / "complaints")))
    say(caller, "COMPLAINT", 1)
    assert "Q-" not in say(caller, TEXT, 2)
    assert not (tmp_path / "complaints").exists()
    assert not counted(caller, "ventanilla_complaints_waiting")


def test_a_public_key_with_a_wrong_letter_stops_the_start(tmp_path: Path) -> None:
    """Found out at the first complaint it would be too late for the one who wrote it."""
    wrong = PUBLIC[:-1] + ("q" if PUBLIC[-1] != "q" else "p")
    with pytest.raises(SettingsRefused, match="VENTANILLA_FOCAL_POINT"):
        app_for(tmp_path, "", complaints=Complaints(wrong, tmp_path / "complaints", 30))


def test_delete_does_not_take_a_complaint_back(caller: Caller, complaints: Complaints) -> None:
    """It must survive the bot's deletions: else whoever holds the phone could make it go away."""
    say(caller, "COMPLAINT", 1)
    say(caller, TEXT, 2)
    say(caller, "DELETE", 3)
    assert len(sealed_files(complaints)) == 1


# --- the seal ----------------------------------------------------------------------------------------------------

SAMPLE = Complaint(REFERENCE, "2030-01-07T09:00:00+00:00", "es", "sms", "ñandú \N{RIGHT-TO-LEFT OVERRIDE} 🙁", NUMBER)


def test_a_seal_opens_with_its_own_key_only() -> None:
    """What the server holds is not enough, nor is somebody else's key."""
    sealed = seal(SAMPLE, PUBLIC)
    assert unseal(sealed, SECRET) == SAMPLE
    with pytest.raises(NotOpened):
        unseal(sealed, new_key()[0])
    with pytest.raises(NotOpened):
        unseal(sealed, PUBLIC)
    with pytest.raises(NotOpened):
        unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), SECRET)


def test_the_size_of_a_file_does_not_tell_how_much_was_written() -> None:
    """A short complaint and a long one look alike in the folder."""
    sizes = {len(seal(Complaint(REFERENCE, "", "en", "sms", "x" * n), PUBLIC)) for n in (5, 500, PADDED_TO - 300)}
    assert max(sizes) - min(sizes) < 400, "the format itself adds a little, at random"


def test_a_broken_recipient_seals_nothing() -> None:
    """Never in clear text because a key was wrong."""
    assert can_seal(PUBLIC)
    assert not can_seal(PUBLIC[:-2])
    with pytest.raises(NotSealed):
        seal(SAMPLE, PUBLIC[:-2])


# --- the box -----------------------------------------------------------------------------------------------------


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    """The first writing counts; the same reference again changes nothing, also after it was dealt with."""
    box = ComplaintBox(tmp_path / "box", 30)
    assert box.put(REFERENCE, b"first", AT)
    assert not box.put(REFERENCE, b"second", AT)
    box.done(REFERENCE)
    assert not box.put(REFERENCE, b"third", AT)
    assert box.read(REFERENCE) == b"first"
    assert box.waiting() == []


def test_the_box_says_which_are_past_their_limit(tmp_path: Path) -> None:
    """Somebody was promised an answer within these days; the operator must see that it is late, without any content."""
    box = ComplaintBox(tmp_path / "box", 30)
    box.put("Q-22222222", b"late", AT)
    box.put("Q-33333333", b"new", AT + timedelta(days=20))
    (tmp_path / "box" / "notes.age").write_bytes(b"none of ours")
    [late, new] = box.waiting()
    now = AT + timedelta(days=31)
    assert [kept.reference for kept in (late, new) if kept.is_overdue(now)] == ["Q-22222222"]
    assert (late.at, late.due) == (AT, AT + timedelta(days=30))


@pytest.mark.parametrize("reference", ["../secret", "Q-2222222", "Q-22222222/..", "", "q-22222222"])
def test_a_reference_is_no_path(tmp_path: Path, reference: str) -> None:
    """What is typed at the terminal never opens another file."""
    with pytest.raises(FileNotFoundError):
        ComplaintBox(tmp_path, 30).read(reference)


# --- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `ventanilla complaints …` in an installation of its own."""
    for name in [name for name in os.environ if name.startswith(("VENTANILLA_", "TWILIO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VENTANILLA_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("VENTANILLA_COMPLAINTS", str(tmp_path / "box"))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["complaints", *arguments], catch_exceptions=False)

    return run


def test_a_key_is_made_once_and_opens_what_was_sealed_for_it(
    command: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The three commands of the manual, one after the other, on a fresh installation."""
    key = tmp_path / "focal.key"
    made = command("key", "--out", str(key))
    assert made.exit_code == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    public = made.output.split("VENTANILLA_FOCAL_POINT=")[1].split()[0]
    assert "AGE-SECRET-KEY" not in made.output
    before = key.read_text(encoding="utf-8")
    assert command("key", "--out", str(key)).exit_code == 1
    assert key.read_text(encoding="utf-8") == before

    monkeypatch.setenv("VENTANILLA_FOCAL_POINT", public)
    box = ComplaintBox(tmp_path / "box", 30)
    complaint = Complaint(REFERENCE, AT.isoformat(), "es", "sms", f"{MARKER}\x1b[2J")
    box.put(REFERENCE, seal(complaint, public), datetime.now(UTC))
    listed = command("list")
    assert (listed.exit_code, REFERENCE in listed.output, MARKER in listed.output) == (0, True, False)
    read = command("read", REFERENCE.lower(), "--key", str(key))
    assert (read.exit_code, MARKER in read.output, "\x1b" in read.output) == (0, True, False)
    carried = command("read", str(tmp_path / "box" / f"{REFERENCE}.age"), "--key", str(key))
    assert carried.output == read.output
    assert command("done", REFERENCE).exit_code == 0
    assert REFERENCE not in command("list").output


def test_a_wrong_key_shows_nothing_and_says_so_plainly(command: Callable[..., Result], tmp_path: Path) -> None:
    """No traceback, no word of the complaint, and a status that a script can see."""
    ComplaintBox(tmp_path / "box", 30).put(REFERENCE, seal(SAMPLE, PUBLIC), AT)
    wrong = tmp_path / "wrong.key"
    for content in (new_key()[0], "no key at all", ""):
        wrong.write_text(content, encoding="utf-8")
        read = command("read", REFERENCE, "--key", str(wrong))
        assert read.exit_code == 1
        assert "cannot be opened" in read.output
        assert SAMPLE.text not in read.output
    assert command("read", REFERENCE, "--key", str(tmp_path / "none")).exit_code == 1
    assert command("read", "Q-99999999", "--key", str(wrong)).exit_code == 1


def test_an_overdue_complaint_is_marked_and_seen_by_a_timer(command: Callable[..., Result], tmp_path: Path) -> None:
    """The time limit was a promise to a person: somebody must be told the day it is broken."""
    ComplaintBox(tmp_path / "box", 30).put(REFERENCE, b"sealed", datetime.now(UTC) - timedelta(days=31))
    listed = command("list")
    assert listed.exit_code == 1
    assert "OVERDUE" in listed.output
