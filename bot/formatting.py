"""How values are written in each language: money, numbers with their unit, dates, lists. By Babel, per locale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

if TYPE_CHECKING:
    from bot.catalogue import Catalogue, Fact, Language

_UNITS = {
    "day": "duration-day",
    "week": "duration-week",
    "month": "duration-month",
    "year": "duration-year",
    "hour": "duration-hour",
    "minute": "duration-minute",
    "kilometre": "length-kilometer",
}


def fact(catalogue: Catalogue, fact: Fact, language: Language) -> str:
    """A fact as it stands in a sentence."""
    locale = catalogue.locales[language]
    if fact.amount is not None:
        return catalogue.phrase(f"money_{fact.currency.lower()}", language, amount=number(fact.amount, locale))
    if fact.number is not None:
        return quantity(fact.number, fact.unit, locale)
    if fact.day is not None:
        return day_in_words(fact.day, locale)
    if fact.text is not None:
        return fact.text[language]
    return listed([item[language] for item in fact.items], locale)


@lru_cache(maxsize=4096)
def number(value: Decimal, locale: str) -> str:
    """1,234 or 1,234.50: decimals only where there are any."""
    pattern = "#,##0" if value == value.to_integral() else "#,##0.00"
    return str(format_decimal(value, format=pattern, locale=locale))


@lru_cache(maxsize=4096)
def quantity(value: Decimal, unit: str, locale: str) -> str:
    """A number with its unit in full: "7 days", "1 año"."""
    if unit == "percent":
        return str(format_percent(value / 100, locale=locale)).replace("\u00a0", " ")
    if unit:
        return str(format_unit(value, _UNITS[unit], length="long", locale=locale)).replace("\u00a0", " ")
    return number(value, locale)


@lru_cache(maxsize=4096)
def day(value: date, locale: str) -> str:
    """A date in few characters, and never in digits alone: "26 Jul 2026"."""
    return str(format_date(value, "d MMM y", locale=locale)).replace(".", "")


@lru_cache(maxsize=4096)
def day_in_words(value: date, locale: str) -> str:
    """A date as it stands in a sentence: "1 de octubre de 2025", "1 October 2025"."""
    return str(format_date(value, format="long", locale=locale)).lstrip("0")


def listed(values: Sequence[str], locale: str) -> str:
    """ "a, b and c"."""
    return str(format_list(list(values), style="standard", locale=locale))
