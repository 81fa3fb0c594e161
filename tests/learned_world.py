"""What was learned from the shipped examples, for tests: learned once by `make test`, and found by all of them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from bot.catalogue import Catalogue
from bot.loading import load_catalogue
from webhook.learned import Models

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("VENTANILLA_MODELS") or ROOT / "var" / "understanding")
MODELS = Models(FOLDER, ROOT)


def shipped(*, show_unconfirmed: bool = True) -> Catalogue:
    """The content of this checkout, and what was learned from it; loaded once in a process."""
    return _shipped(show_unconfirmed)


@cache
def _shipped(show_unconfirmed: bool) -> Catalogue:
    return understood(load_catalogue(ROOT, show_unconfirmed=show_unconfirmed))


def understood(catalogue: Catalogue) -> Catalogue:
    """A catalogue of the shipped examples with what was learned from them."""
    return MODELS.learned(catalogue)


def environ() -> dict[str, str]:
    """For servers that tests start: the same, and nothing is learned beside the answering."""
    return {"VENTANILLA_MODELS": str(FOLDER), "VENTANILLA_LEARN": "0"}
