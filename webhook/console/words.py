"""The words of the console's own pages, in every language an advisor may read. They never reach a person.

They stand in `words.yaml` and in every `words_….yaml` beside it; no key stands in two of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

FILES = (Path(__file__).with_name("words.yaml"), Path(__file__).with_name("words_accounts.yaml"))
LANGUAGES = ("en", "es")
DEFAULT = "es"
"""The hub is in Chetumal."""


class Words:
    """The words in one language: `words("take")`, `words("taken_by", name="Ana")`. Raises KeyError for an unknown one."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        text = self._texts[key]
        return text.format(**values) if values else text

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    def of(self, kind: str, value: object) -> str:
        """The word for a value of a closed list, `words.of("stage", Stage.WAITING)`; the value itself if it has none."""
        text = str(getattr(value, "value", value) or "")
        return self._texts.get(f"{kind}_{text}", text)

    def counted(self, key: str, count: int) -> str:
        """A word with its number: `key_one` or `key_many`."""
        return self(f"{key}_one" if count == 1 else f"{key}_many", count=count)


@cache
def read_words() -> Mapping[str, Mapping[str, str]]:
    """Every word by its key, then by language."""
    written: dict[str, dict[str, str]] = {}
    for file in FILES:
        if file.exists():
            written |= yaml.safe_load(file.read_text(encoding="utf-8"))
    return written


@cache
def words_in(language: str) -> Words:
    """The words in a language; in that of the hub if there are none in it."""
    chosen = language if language in LANGUAGES else DEFAULT
    return Words(chosen, {key: texts[chosen] for key, texts in read_words().items()})
