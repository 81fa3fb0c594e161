"""One turn as all parts of the conversation see it: what is known, who writes what, when, and in which language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.catalogue import Catalogue, Language
from bot.inbound import Inbound
from bot.rendering import View
from bot.session import Prefs, Session
from bot.turn import Effect, State
from bot.understanding.understood import NOTHING, Understood


@dataclass(frozen=True)
class Scene:
    """Everything a turn is decided from.

    `language` is "" while nobody knows it; `first` says that the person is new here (or comes back after silence);
    `stateless` that nothing will be remembered of this turn; `lead` are lines that go on top of the reply. `understood` is
    what was made of a free text, `found` that the answer is our guess and may be refused, `danger` "possible" where the
    text may tell of danger.
    """

    catalogue: Catalogue
    inbound: Inbound
    session: Session
    prefs: Prefs
    language: Language
    first: bool
    stateless: bool = False
    lead: tuple[str, ...] = ()
    offers_language: bool = False
    understood: Understood = NOTHING
    found: bool = False
    danger: str = ""
    effects: tuple[Effect, ...] = ()

    @property
    def now_s(self) -> int:
        return self.inbound.at_s

    @property
    def today(self) -> date:
        return self.inbound.received_at.date()

    @property
    def state(self) -> State:
        return State(self.session, self.prefs)

    @property
    def tongue(self) -> Language:
        """The language to write in: the first one of the service while the person's is not known."""
        return self.language or self.catalogue.languages[0]

    @property
    def values(self) -> Mapping[str, str]:
        """The slots that still count."""
        return self.session.values(self.now_s)

    def phrase(self, key: str, **values: object) -> str:
        return self.catalogue.phrase(key, self.tongue, **values)

    def told(self, key: str, **values: object) -> list[str]:
        """The lines of a phrase: in the person's language, or in all of them while nobody knows it."""
        languages = (self.language,) if self.language else self.catalogue.languages
        return [line for tongue in languages for line in self.catalogue.phrase(key, tongue, **values).splitlines()]

    def view(self, filled: Mapping[str, str] | None = None) -> View:
        """For whom a text is rendered."""
        return View(self.tongue, self.inbound.channel, self.today, self.values, filled or {})

    def with_session(self, **changes: object) -> Scene:
        return replace(self, session=replace(self.session, **changes))  # type: ignore[arg-type]  # fields of Session

    def with_prefs(self, prefs: Prefs) -> Scene:
        return replace(self, prefs=prefs)

    def led_by(self, *lines: str) -> Scene:
        """The same turn with these lines on top of what is there."""
        return replace(self, lead=(*self.lead, *lines))

    def noting(self, effects: tuple[Effect, ...]) -> Scene:
        """The same turn, with something that editors can learn from (see `bot/questions.py`)."""
        return replace(self, effects=(*self.effects, *effects))

    def spoken(self, language: Language) -> Scene:
        """The same turn, written in a language that is not remembered."""
        return replace(self, language=language)

    def in_language(self, language: Language) -> Scene:
        """The same turn, written and remembered in a language."""
        return replace(self, language=language, prefs=replace(self.prefs, language=language))


@dataclass(frozen=True)
class Given:
    """What the person gave in this very message, for an action: a place, or a choice it had offered. Never stored."""

    latitude: float | None = None
    longitude: float | None = None
    town: str = ""
    choice: str = ""

    def __bool__(self) -> bool:
        return self.latitude is not None or bool(self.town)


NOWHERE = Given()
