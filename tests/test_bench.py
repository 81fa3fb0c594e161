"""The measurements can be run. What they measure is never asserted: a slow machine is not a fault."""

import subprocess
import sys

import pytest

from webhook.settings import CHECKOUT

ROWS = (
    "messages a second",
    "p99, ms",
    "CPU of the workers, µs a message",
    "memory of a worker (PSS), MB",
    "RATIO to the floor",
    "memory of a session",
    "catalogue loaded in",
    "first answer after `ventanilla web`",
    "first answer after `ventanilla run`",
    "all parts of `ventanilla run` answer after",
    "memory of `ventanilla run` (PSS)",
    "messages a second of one sender",
    "CPU of the console, of a core",
    "answered with nothing new (304)",
)


@pytest.mark.xdist_group("bench")
def test_a_quick_run_prints_the_whole_table() -> None:
    """A benchmark that has stopped working is noticed before somebody needs it."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [row for row in ROWS if row not in done.stdout] == []
    assert "Answers that were not 200: 0\n" in done.stdout
