"""Turns the files that were read into a Catalogue, noting every reference that leads nowhere.

Each part is compiled on its own; a faulty part is left out and reported. Nothing here looks at wording: that is the
business of `bot/check`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from bot import catalogue as parts
from bot.catalogue import Catalogue, Review, Where
from bot.danger import compile_lexicon
from bot.faults import Fault, hints
from bot.hours import OpeningHours, parse_hours
from bot.library import Document, Library
from bot.phrases import REQUIRED_PHRASES
from bot.references import check_references
from bot.words import LISTS, Command, Word, Words, folded_lines


def compile_catalogue(library: Library, *, show_unconfirmed: bool) -> Catalogue | None:
    """Build the catalogue from all that could be read. None when a file is missing without which nothing works."""
    return _Compiler(library).catalogue(show_unconfirmed)


class _Compiler:
    """Holds the library while its parts are compiled. Adds faults to it."""

    def __init__(self, library: Library) -> None:
        self.library = library
        languages = library.one("languages")
        self.languages: tuple[str, ...] = tuple(languages.value) if languages else ()

    def catalogue(self, show_unconfirmed: bool) -> Catalogue | None:
        if not self.languages or not self.library.one("words") or not self.library.one("phrases"):
            return None
        language_file = self.library.one("languages")
        assert language_file is not None
        phrases = self.phrases()
        if any(key not in phrases for key in REQUIRED_PHRASES):
            return None
        built = Catalogue(
            version=self.library.version,
            languages=self.languages,
            language_names={key: shape.name for key, shape in language_file.value.items()},
            locales={key: shape.locale for key, shape in language_file.value.items()},
            answers=self.answers(),
            nodes=self.nodes(),
            questions=self.questions(),
            groups=self.groups(),
            facts=self.facts(),
            sources=self.sources(),
            places=self.places(),
            towns=self.towns(),
            lines=self.lines(),
            notices=self.notices(),
            phrases=phrases,
            words=self.words(),
            lexicon=self.lexicon(),
            show_unconfirmed=show_unconfirmed,
        )
        check_references(self.library, built)
        return built

    # --- answers and moves ---------------------------------------------------------------------------------------

    def answers(self) -> dict[str, parts.Answer]:
        found: dict[str, parts.Answer] = {}
        for doc in self.library.of("answer"):
            if doc.id in found:
                first = found[doc.id].where.path
                self.fault(doc, 1, "duplicate-id", id=doc.id, first=first)
                continue
            shape = doc.value
            found[doc.id] = parts.Answer(
                id=doc.id,
                topic=doc.topic,
                where=Where(doc.source.path, 1),
                label=self.texts(doc, shape.label, "label"),
                synonyms=self.lists(doc, shape.synonyms, "synonyms"),
                paragraphs=tuple(
                    parts.Paragraph(self.texts(doc, paragraph.__pydantic_extra__, "text", index), dict(paragraph.only))
                    for index, paragraph in enumerate(shape.text)
                ),
                sms=self.texts(doc, shape.sms, "sms") if shape.sms is not None else None,
                people_ask=self.lists(doc, shape.people_ask, "people_ask", fold_lines=False),
                sensitive=shape.sensitive,
                confirm_locally=shape.confirm_locally,
                review=review(shape),
            )
        return found

    def nodes(self) -> dict[str, parts.Node]:
        found: dict[str, parts.Node] = {}
        for doc in self.library.of("flow"):
            for id_, shape in doc.value.items():
                if id_ in found:
                    self.fault(doc, doc.line(id_), "duplicate-id", id=id_, first=found[id_].where.path)
                    continue
                found[id_] = parts.Node(
                    id=id_,
                    where=Where(doc.source.path, doc.line(id_)),
                    menu=tuple(shape.menu),
                    ask=tuple(shape.ask),
                    then=tuple(parts.Route(route.when, route.go) for route in shape.then),
                    next=tuple(shape.next),
                    action=shape.action,
                    hide_when=shape.hide_when,
                    instead=shape.instead,
                )
        return found

    def questions(self) -> dict[str, parts.Question]:
        found = {}
        for doc in self.library.of("question"):
            shape = doc.value
            found[doc.id] = parts.Question(
                slot=doc.id,
                where=Where(doc.source.path, 1),
                kind=shape.kind,
                text=self.texts(doc, shape.text, "text"),
                options=tuple(
                    parts.QuestionOption(
                        option.value,
                        self.texts(doc, option.label, "options", index, "label"),
                        self.lists(doc, option.synonyms, "options", index, "synonyms"),
                    )
                    for index, option in enumerate(shape.options)
                ),
                keeps_s=_seconds(shape.keeps),
                personal=shape.personal,
            )
        return found

    def groups(self) -> dict[str, frozenset[str]]:
        return {key: frozenset(values) for _, key, values in self.entries("groups")}

    # --- what is known -------------------------------------------------------------------------------------------

    def facts(self) -> dict[str, parts.Fact]:
        found = {}
        for doc, key, shape in self.entries("facts"):
            values = [name for name in ("amount", "number", "date", "text", "list") if getattr(shape, name) is not None]
            if len(values) != 1:
                self.fault(doc, doc.line(key), "missing-key", key="amount, number, date, text, list")
                continue
            if shape.amount is not None and shape.currency is None:
                self.fault(doc, doc.line(key), "missing-key", key="currency")
                continue
            found[key] = parts.Fact(
                id=key,
                where=Where(doc.source.path, doc.line(key)),
                review=review(shape),
                amount=shape.amount,
                currency=shape.currency or "",
                number=shape.number,
                unit=shape.unit or "",
                day=shape.date,
                text=self.same(doc, shape.text, key, "text") if shape.text is not None else None,
                items=tuple(self.same(doc, item, key, "list", index) for index, item in enumerate(shape.list or ())),
            )
        return found

    def sources(self) -> dict[str, parts.Source]:
        return {
            key: parts.Source(
                key,
                Where(doc.source.path, doc.line(key)),
                self.same(doc, shape.name, key, "name"),
                shape.title,
                shape.url,
            )
            for doc, key, shape in self.entries("sources")
        }

    def places(self) -> dict[str, parts.Place]:
        return {
            key: parts.Place(
                id=key,
                where=Where(doc.source.path, doc.line(key)),
                name=self.same(doc, shape.name, key, "name"),
                country=shape.country,
                kinds=tuple(shape.kinds),
                address=self.address(doc, shape.address, key),
                phones=tuple(shape.phones),
                whatsapp=shape.whatsapp,
                email=shape.email,
                hours=self.hours(doc, shape.hours, shape.zone, shape.holidays, shape.closed, key),
                zone=shape.zone,
                town=shape.town,
                lat=shape.lat,
                lon=shape.lon,
                languages=tuple(shape.languages),
                review=review(shape),
                confirmed_on=shape.confirmed.on if shape.confirmed else None,
            )
            for doc, key, shape in self.entries("places")
        }

    def address(self, doc: Document, texts: Mapping[str, str], key: str) -> parts.Texts:
        """An address, or nothing: "unknown" is how staff write that nobody has found out yet."""
        if not texts or set(texts.values()) == {"unknown"}:
            return {}
        return self.same(doc, texts, key, "address")

    def towns(self) -> dict[str, parts.Town]:
        return {
            key: parts.Town(
                key,
                Where(doc.source.path, doc.line(key)),
                self.same(doc, shape.name, key, "name"),
                folded_lines(shape.synonyms),
                shape.country,
                shape.lat,
                shape.lon,
            )
            for doc, key, shape in self.entries("towns")
        }

    def lines(self) -> dict[str, parts.HelpLine]:
        found = {}
        for doc, key, shape in self.entries("helplines"):
            all_hours = shape.hours == ["24h"]
            zone = shape.zone or ("America/Belize" if shape.country == "belize" else "America/Mexico_City")
            found[key] = parts.HelpLine(
                id=key,
                where=Where(doc.source.path, doc.line(key)),
                name=self.same(doc, shape.name, key, "name"),
                country=shape.country,
                kinds=tuple(shape.kinds),
                number=shape.number,
                whatsapp=shape.whatsapp,
                hours=None if all_hours else self.hours(doc, shape.hours, zone, "", (), key),
                all_hours=all_hours,
                languages=tuple(shape.languages),
                always=shape.always,
                held=bool(shape.held),
                review=review(shape),
                confirmed_on=shape.confirmed.on if shape.confirmed else None,
            )
        return found

    def hours(
        self, doc: Document, lines: list[str], zone: str, holidays: str, closed: Iterable[date], key: str
    ) -> OpeningHours | None:
        if lines == ["unknown"]:
            return None
        try:
            return parse_hours(lines, zone=zone, holidays=holidays, closed=frozenset(closed))
        except ValueError:
            self.fault(doc, doc.line(key, "hours"), "bad-hours", hours="; ".join(lines))
            return None

    def notices(self) -> tuple[parts.Notice, ...]:
        doc = self.library.one("notices")
        if doc is None:
            return ()
        return tuple(
            parts.Notice(
                shape.id,
                Where(doc.source.path, doc.line(index)),
                self.texts(doc, shape.text, index, "text"),
                shape.from_,
                shape.until,
                tuple(shape.topics),
                tuple(shape.places),
            )
            for index, shape in enumerate(doc.value)
        )

    # --- words ---------------------------------------------------------------------------------------------------

    def phrases(self) -> dict[str, parts.Phrase]:
        found = {
            key: parts.Phrase(key, Where(doc.source.path, doc.line(key)), self.texts(doc, shape, key))
            for doc, key, shape in self.entries("phrases")
        }
        doc = self.library.one("phrases")
        assert doc is not None
        for key in REQUIRED_PHRASES:
            if key not in found:
                self.fault(doc, 1, "missing-phrase", id=key)
        return found

    def words(self) -> Words:
        doc = self.library.one("words")
        assert doc is not None
        by_text: dict[str, Word] = {}
        languages_of: dict[str, set[str]] = {}
        lists: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in LISTS}
        for key, shape in doc.value.items():
            texts = self.texts(doc, shape.words, key, "words")
            for language in self.languages:
                folded = folded_lines(texts[language])
                if key in LISTS:
                    lists[key][language] = folded
                for word in folded if key not in LISTS else ():
                    by_text.setdefault(word, self.word(key, language, shape.go))
                    languages_of.setdefault(word, set()).add(language)
        for name in (*LISTS, *(command.value for command in Command if command is not Command.GO)):
            if name not in doc.value:
                self.fault(doc, 1, "missing-word", id=name)
        greetings = frozenset(word for word, meaning in by_text.items() if meaning.command is Command.GREETING)
        return Words(by_text, {word: frozenset(found) for word, found in languages_of.items()}, lists, greetings)

    def word(self, key: str, language: str, go: str) -> Word:
        """What a word does: a `go:` entry leads to a node, `language` chooses the language it stands under."""
        if go:
            return Word(Command.GO, go)
        if key in {command.value for command in Command}:
            return Word(Command(key), language if key == Command.LANGUAGE else "")
        doc = self.library.one("words")
        assert doc is not None
        known = [command.value for command in Command if command is not Command.GO]
        self.fault(doc, doc.line(key), "unknown-key", key=key, **hints(key, known))
        return Word(Command.MENU)

    def lexicon(self) -> Any:
        by_language: dict[str, dict[str, list[str]]] = {}
        for doc in self.library.of("danger"):
            if doc.id not in self.languages:
                self.fault(doc, 1, "unknown-language", language=doc.id, **hints(doc.id, self.languages))
            by_language[doc.id] = {node: text.splitlines() for node, text in doc.value.items()}
        return compile_lexicon(by_language)

    # --- small parts ---------------------------------------------------------------------------------------------

    def entries(self, kind: str) -> Iterable[tuple[Document, str, Any]]:
        for doc in self.library.of(kind):
            for key, shape in doc.value.items():
                yield doc, key, shape

    def texts(self, doc: Document, texts: Mapping[str, str] | None, *where: str | int) -> dict[str, str]:
        """A text in every language; a missing one is a fault and becomes empty."""
        given = texts or {}
        for language in given:
            if language not in self.languages:
                line = doc.line(*where, language)
                self.fault(doc, line, "unknown-language", language=language, **hints(language, self.languages))
        for language in self.languages:
            if not given.get(language, "").strip():
                name = next((step for step in reversed(where) if isinstance(step, str)), doc.id)
                self.fault(doc, doc.line(*where), "missing-language", key=name, language=language)
        return {language: given.get(language, "").strip("\n") for language in self.languages}

    def same(self, doc: Document, texts: Mapping[str, str], *where: str | int) -> dict[str, str]:
        """A text in every language, or one for all."""
        if "" in texts:
            return dict.fromkeys(self.languages, texts[""])
        return self.texts(doc, texts, *where)

    def lists(
        self, doc: Document, texts: Mapping[str, str], *where: str | int, fold_lines: bool = True
    ) -> dict[str, tuple[str, ...]]:
        """Lines in every language. Left out altogether they are no fault."""
        if not texts:
            return {}
        given = self.texts(doc, texts, *where)
        if fold_lines:
            return {language: folded_lines(text) for language, text in given.items()}
        return {
            language: tuple(line.strip() for line in text.splitlines() if line.strip())
            for language, text in given.items()
        }

    def fault(self, doc: Document, line: int, code: str, **values: object) -> None:
        self.library.faults.append(Fault(doc.source.path, line, code, values))


def review(shape: Any) -> Review:
    return Review(tuple(shape.sources), shape.checked, shape.review_by)


def _seconds(keeps: str) -> int:
    number, unit = keeps[:-1].strip(), keeps[-1]
    return int(number) * (3600 if unit == "h" else 60)
