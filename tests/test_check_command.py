"""`ventanilla check` as people and other programs meet it: what it prints, in which language, and how it ends."""

from __future__ import annotations

import json
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.loading import load_catalogue
from webhook.cli import main
from webhook.commands.checking import SIGNATURES
from webhook.transcripts import replay

ROOT = Path(__file__).parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The base of `tests/broken`, checked and confirmed today, whatever day it is."""
    from tests.broken_files import base_project

    root = base_project(tmp_path)
    today = datetime.now(UTC).date()
    days = {"2030-01-01": today, "2030-01-02": today, "2030-06-30": today + timedelta(days=90)}
    for file in (root / "content").rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for day, other in days.items():
            text = text.replace(day, other.isoformat())
        file.write_text(text, encoding="utf-8")
    return root


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def change(project: Path, path: str, old: str, new: str) -> None:
    file = project / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def break_it(project: Path) -> None:
    change(project, "flows/main.yaml", "    - crossing-guide", "    - crossing-giude")


def leave_unconfirmed(project: Path) -> None:
    change(project, "content/crossing/visa.yaml", "sources:", "confirm_locally: true\nsources:")


def test_without_faults_it_ends_well(project: Path) -> None:
    """Status 0 lets `make test` and a publication go on."""
    result = run("--root", str(project))
    assert (result.exit_code, result.output) == (0, "No errors. 0 errors, 0 warnings.\n")


def test_an_error_is_printed_and_ends_with_1(project: Path) -> None:
    """File, line, what is wrong, how to mend it; no class names and no traceback."""
    break_it(project)
    result = run("--root", str(project))
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "flows/main.yaml:4: “crossing-giude” is not an answer or menu. Did you mean “crossing-guide”?",
        "1 errors, 0 warnings.",
    ]


def test_a_warning_alone_ends_well(project: Path) -> None:
    """Warnings ask for attention; they do not stop an urgent correction."""
    leave_unconfirmed(project)
    result = run("--root", str(project))
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "No errors. 0 errors, 1 warnings."


def test_it_speaks_spanish(project: Path) -> None:
    """The hub is in Chetumal."""
    break_it(project)
    result = run("--root", str(project), "--lang", "es")
    assert result.output.splitlines() == [
        "flows/main.yaml:4: «crossing-giude» no es una respuesta ni un menú. ¿Quisiste decir «crossing-guide»?",
        "1 errores, 0 avisos.",
    ]


@pytest.mark.parametrize("language", ["en", "es"])
def test_json_is_one_list_of_faults(project: Path, language: str) -> None:
    """Other programs (the reload, the staff pages) read this; keys and types are a promise."""
    break_it(project)
    leave_unconfirmed(project)
    result = run("--root", str(project), "--json", "--lang", language)
    faults = json.loads(result.output)
    assert result.exit_code == 1
    assert [{key: type(value) for key, value in fault.items()} for fault in faults] == 2 * [
        {"file": str, "line": int, "code": str, "severity": str, "what": str, "mend": str}
    ]
    assert [(fault["file"], fault["line"], fault["code"], fault["severity"]) for fault in faults] == [
        ("content/crossing/visa.yaml", 15, "answer-unconfirmed", "warning"),
        ("flows/main.yaml", 4, "dangling-node", "error"),
    ]


def test_json_without_faults_is_an_empty_list(project: Path) -> None:
    result = run("--root", str(project), "--json")
    assert (result.exit_code, json.loads(result.output)) == (0, [])


def test_a_release_stops_at_warnings(project: Path) -> None:
    """What may wait while writing may not wait at the launch."""
    leave_unconfirmed(project)
    result = run("--root", str(project), "--release")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "1 errors, 0 warnings."
    (fault,) = json.loads(run("--root", str(project), "--release", "--json").output)
    assert fault["severity"] == "error"


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_release_lists_what_must_be_signed(project: Path, language: str) -> None:
    """Some things no program can check: the list says which (safety R59, R69, R70)."""
    result = run("--root", str(project), "--release", "--lang", language)
    assert result.exit_code == 0
    assert [line.strip() for line in result.output.splitlines() if "[ ]" in line] == [
        f"[ ] {item}" for item in SIGNATURES[language]
    ]


def test_transcripts_are_replayed(project: Path) -> None:
    """A change of content that changes a conversation is shown, line by line."""
    file = project / "tests" / "transcripts" / "en" / "leaving.txt"
    file.parent.mkdir(parents=True)
    script = "# Somebody leaves.\nchannel: sms    language: en    at: 2030-01-07T09:00Z\nthem> x\n"
    file.write_text(replay(script, load_catalogue(project, show_unconfirmed=True)), encoding="utf-8")
    assert run("--root", str(project), "--transcripts").exit_code == 0

    change(project, "content/phrases.yaml", "en: Okay.", "en: Goodbye.")
    assert run("--root", str(project)).exit_code == 0
    result = run("--root", str(project), "--transcripts")
    assert result.exit_code == 1
    assert "tests/transcripts/en/leaving.txt:4: The conversation no longer goes as written" in result.output
    assert "-bot > Okay." in result.output
    assert "+bot > Goodbye." in result.output
    (fault,) = json.loads(run("--root", str(project), "--transcripts", "--json").output)
    assert (fault["file"], fault["line"], fault["code"]) == (
        "tests/transcripts/en/leaving.txt",
        4,
        "transcript-changed",
    )


def test_square_brackets_of_the_content_are_printed_as_they_are(project: Path) -> None:
    """The terminal library takes [red] for a colour; an editor's text must not vanish."""
    change(project, "content/service/thanks.yaml", "en: Thanks", "en: '[red]Thank you very much[/red]'")
    assert "“[red]Thank you very much[/red]”" in run("--root", str(project)).output


def test_a_folder_without_content_is_told(tmp_path: Path) -> None:
    """Somebody may run it in the wrong place."""
    result = run("--root", str(tmp_path))
    assert result.exit_code == 1
    assert "content/languages.yaml:1: The file languages.yaml is missing." in result.output


def test_schemas_are_written_and_compared(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--check` is for the tests of the project: it writes nothing."""
    monkeypatch.setenv("VENTANILLA_ROOT", str(project))
    runner = CliRunner()
    assert runner.invoke(main, ["schemas", "--check"]).exit_code == 1
    assert not (project / "content" / ".schemas").exists()
    assert runner.invoke(main, ["schemas"]).exit_code == 0
    assert runner.invoke(main, ["schemas", "--check"]).exit_code == 0
    assert run("--root", str(project)).exit_code == 0
    shutil.rmtree(project / ".vscode")
    assert runner.invoke(main, ["schemas", "--check"]).exit_code == 1


def test_the_shipped_content_is_checked_in_seconds() -> None:
    """An editor runs it after every change."""
    started = time.process_time()
    result = run("--root", str(ROOT), "--json")
    assert result.exit_code == 0
    assert [fault for fault in json.loads(result.output) if fault["severity"] == "error"] == []
    assert time.process_time() - started < 6
