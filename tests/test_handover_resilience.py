"""A whole hub under kill -9: people and advisors talk, and nothing is lost, doubled without saying so, or out of order.

The same at full size: `python -m bench.handover --chats 500 --messages 20`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handover_truth import hold
from tests.handover_world import Size, storm

SMALL = Size(chats=24, messages=6, kills=3, patience_s=240.0)


@pytest.mark.xdist_group("resilience")
def test_talks_survive_the_deaths_of_web_server_sender_and_store(short_directory: Path) -> None:
    """A person in danger and their advisor must not notice that a machine had a bad day."""
    with storm(short_directory, SMALL) as raging:
        raging.rage()
        found = hold(raging)
    assert found.killed == {"web": 2, "sender": 1, "store": 1}
