"""Catalogues of other days: with the hub confirmed while it is not yet, and in production with no help line confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.catalogue import Catalogue, Place
from bot.hours import parse_hours

ADDRESS = "Av. San Salvador 357, entre Juárez e Independencia, Centro"
HOURS = ("Mon-Fri 09:00-17:00", "Sat 09:00-13:00")
PHONE = "+52 983 000 0000"


def other_hub(catalogue: Catalogue, today: date) -> Catalogue:
    """As if the hub were confirmed, with a long address where it has none; as if it were not, where it is."""
    hub = catalogue.places.get("hub")
    if hub is None:
        return catalogue
    changed = replace(hub, confirmed_on=None) if hub.is_confirmed else _confirmed(hub, catalogue, today)
    return replace(catalogue, places={**catalogue.places, "hub": changed})


def _confirmed(hub: Place, catalogue: Catalogue, today: date) -> Place:
    return replace(
        hub,
        confirmed_on=today,
        address=hub.address or dict.fromkeys(catalogue.languages, ADDRESS),
        phones=hub.phones or (PHONE,),
        hours=hub.hours or parse_hours(HOURS, hub.zone),
    )


def with_nothing_confirmed(catalogue: Catalogue) -> Catalogue:
    """Production on the day on which every confirmation has run out: only the lines that are always shown."""
    lines = {id_: replace(line, confirmed_on=None) for id_, line in catalogue.lines.items()}
    return replace(catalogue, lines=lines, show_unconfirmed=False)
