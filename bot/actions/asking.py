"""Reads, from Rasa's tracker, what our actions need to know of a turn (`tracker.py` writes it)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.inbound import Location

if TYPE_CHECKING:
    from rasa_sdk import Tracker


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, in ids, and from where. `country` is "" when not known."""

    language: str
    channel: str
    country: str
    now: datetime
    place: str
    town: str
    location: Location | None


def read_asking(tracker: Tracker) -> Asking:
    """What the metadata of the latest message says. Raises KeyError or ValueError when it comes from elsewhere."""
    metadata: Mapping[str, Any] = tracker.latest_message["metadata"]
    location = metadata.get("location")
    return Asking(
        language=metadata["language"],
        channel=metadata.get("channel", ""),
        country=metadata.get("country", ""),
        now=datetime.fromisoformat(metadata["now"]),
        place=metadata.get("place", ""),
        town=metadata.get("town", ""),
        location=None if location is None else Location(location["latitude"], location["longitude"]),
    )
