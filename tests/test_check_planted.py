"""Every class of fault, planted at twenty random places of the shipped content, is told at that very line.

A class that has fewer places than that (the four files that must be there, the danger answers) is planted at all of
them. Planters that do not disturb each other share one copy of the content.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from bot.check import check
from bot.fault_messages import MESSAGES
from tests.planters import BATCHES, ONLY_BROKEN
from tests.planting import ROOT, TODAY, Garden, planted


@pytest.mark.parametrize("batch", sorted(BATCHES))
def test_planted_faults_are_told_at_their_line(batch: str, tmp_path: Path) -> None:
    """An editor looks where the message points. A line off is a message that sends people to the wrong place."""
    garden = Garden(Random(batch))
    plants = [plant for planter in BATCHES[batch] for plant in planter(garden)]
    expected = list(planted(plants, tmp_path))
    told: dict[tuple[str, int, str], list[str]] = {}
    for fault in check(tmp_path, TODAY):
        told.setdefault((fault.path, fault.line, fault.code), []).append(fault.what())
    lost = [
        (plant.code, path, line)
        for plant, path, line in expected
        if not any(plant.says in what for what in told.get((path, line, plant.code), ()))
    ]
    assert lost == []
    assert len({(path, line, plant.code, plant.says) for plant, path, line in expected}) == len(expected)


def test_every_class_of_fault_is_planted() -> None:
    """A new class of fault needs a planter, or a reason to be in ONLY_BROKEN."""
    codes = {
        plant.code
        for batch, planters in BATCHES.items()
        for planter in planters
        for plant in planter(Garden(Random(batch)))
    }
    assert codes == set(MESSAGES) - ONLY_BROKEN


def test_shipped_content_has_no_errors() -> None:
    """What is not planted must not be told: the content that ships is sound."""
    assert [str(fault) for fault in check(ROOT, TODAY) if fault.is_error] == []
