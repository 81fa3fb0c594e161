"""An editor saves a file, and people see it: both languages, both channels, every worker of the running server."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conversation_world import ROOT
from tests.server_world import Server

FOLLOWS_WITHIN_S = 60.0
ASKED = {"en": "belize exit fee", "es": "pago salida belice"}


@pytest.fixture
def project(short_directory: Path) -> Path:
    """A copy of the content that a test may edit."""
    for name in ("content", "flows"):
        shutil.copytree(ROOT / name, short_directory / "project" / name)
    return short_directory / "project"


@pytest.fixture
def server(project: Path, short_directory: Path) -> Iterator[Server]:
    """In production; what a developer sees after an edit stands in `tests/test_simulator.py`."""
    environ = {"VENTANILLA_ROOT": str(project), "VENTANILLA_ENV": "production"}
    with Server(short_directory / "var", "--workers", "2", environ=environ) as running:
        yield running


def everybody_reads(server: Server, amount: str, numbers: Iterator[int]) -> bool:
    """Whether newcomers in both languages and on both channels read an amount, whichever worker answers them."""
    for language, channel in itertools.product(ASKED, ("sms", "whatsapp")):
        for _ in range(4):
            number = next(numbers)
            told = server.say(ASKED[language], number, f"+52983{number:07d}", channel) or ""
            if "MORE" in told or "MAS:" in told:
                told += server.say("more", 10**6 + number, f"+52983{number:07d}", channel) or ""
            if amount not in told:
                return False
    return True


def within(seconds: float, holds: object) -> bool:
    """Whether something comes true in time."""
    assert callable(holds)
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if holds():
            return True
        time.sleep(0.3)
    return False


def test_a_changed_fee_reaches_everybody_and_a_fault_reaches_nobody(server: Server, project: Path) -> None:
    """One amount in one file; and a slip of the pen leaves the last good content in place, and says why."""
    numbers = itertools.count(1)
    facts = project / "content" / "facts.yaml"
    text = facts.read_text(encoding="utf-8")
    before = "bz_exit_total:\n  amount: 40\n"
    assert before in text
    assert everybody_reads(server, "BZ$40", numbers)

    facts.write_text(text.replace(before, "bz_exit_total:\n  amount: 47\n"), encoding="utf-8")
    assert within(FOLLOWS_WITHIN_S, lambda: everybody_reads(server, "BZ$47", numbers))

    facts.write_text(text.replace(before, "bz_exit_total:\n\tamount: 99\n"), encoding="utf-8")
    assert within(FOLLOWS_WITHIN_S, lambda: "facts.yaml" in server.get("/readyz")[1])
    assert everybody_reads(server, "BZ$47", numbers)
    assert server.get("/readyz")[0] == 200, "people are still served"

    facts.write_text(text, encoding="utf-8")
    assert within(FOLLOWS_WITHIN_S, lambda: everybody_reads(server, "BZ$40", numbers))
