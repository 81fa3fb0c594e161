"""Turns the files that were read into a Catalogue, noting every reference that leads nowhere.

Each part is compiled on its own; a faulty part is left out and reported. Nothing here looks at wording: that is the
business of `bot/check`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from babel import Locale, UnknownLocaleError

from bot import catalogue as parts
from bot.catalogue import Catalogue, Review, Where
from bot.compiling_lexicon import compile_lexicon
from bot.faults import Fault, hints, nearest_of
from bot.folding import fold
from bot.hours import HoursError, OpeningHours, parse_hours
from bot.library import Document, Library
from bot.phrases import REQUIRED_PHRASES
from bot.references import check_references
from bot.vocabulary import Vocabulary
from bot.words import LISTS, Command, Word, Words, folded_lines


def compile_catalogue(library: Library, *, show_unconfirmed: bool) -> Catalogue | None:
    """Build the catalogue from all that could be read. None when nobody can tell which languages there are."""
    return _Compiler(library).catalogue(show_unconfirmed)


class _Compiler:
    """Holds the library while its parts are compiled. Adds faults to it."""

    def __init__(self, library: Library) -> None:
        self.library = library
        shapes = {key: shape for _, key, shape in self.entries("languages")}
        self.languages: tuple[str, ...] = tuple(shapes)
        self.language_names = {key: shape.name for key, shape in shapes.items()}
        self.locales = {key: shape.locale for key, shape in shapes.items()}

    def catalogue(self, show_unconfirmed: bool) -> Catalogue | None:
        if not self.languages or not self.library.is_whole("languages") or not self.locales_are_known():
            return None
        built = Catalogue(
            version=self.library.version,
            languages=self.languages,
            language_names=self.language_names,
            locales=self.locales,
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
            phrases=self.phrases(),
            words=self.words(),
            lexicon=compile_lexicon(self.library, self.languages),
            vocabulary=self.vocabulary(),
            not_covered=self.not_covered(),
            show_unconfirmed=show_unconfirmed,
            saved_replies=self.saved_replies(),
        )
        check_references(self.library, built)
        return built

    def locales_are_known(self) -> bool:
        """Whether Babel can write numbers and dates in each language."""
        good = True
        for doc, key, shape in self.entries("languages"):
            try:
                Locale.parse(shape.locale)
            except (ValueError, UnknownLocaleError):
                self.fault(doc, doc.line(key, "locale"), "bad-locale", locale=shape.locale)
                good = False
        return good

    # --- answers and moves ---------------------------------------------------------------------------------------

    def answers(self) -> dict[str, parts.Answer]:
        found: dict[str, parts.Answer] = {}
        for doc in self.library.of("answer"):
            if doc.id in found:
                self.fault(doc, 1, "duplicate-id", id=doc.id, first=found[doc.id].where.path)
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
                    where = found[id_].where
                    self.fault(doc, doc.line(id_), "duplicate-id", id=id_, first=f"{where.path}:{where.line}")
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
        found: dict[str, parts.Question] = {}
        for doc in self.library.of("question"):
            shape = doc.value
            if doc.id in found:
                self.fault(doc, 1, "duplicate-id", id=doc.id, first=found[doc.id].where.path)
                continue
            if not shape.options and shape.kind in ("choice", "yes-no") and doc.id != parts.LANGUAGE_SLOT:
                self.fault(doc, 1, "no-options", slot=doc.id)
            self.each_once(doc, [option.value for option in shape.options], "options")
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
                self.fault(doc, doc.line(key), "fact-value", id=key)
                self.library.spoil("facts", key)
                continue
            if shape.amount is not None and shape.currency is None:
                self.fault(doc, doc.line(key), "missing-key", key="currency")
                self.library.spoil("facts", key)
                continue
            for name, other in (("currency", "amount"), ("unit", "number")):
                if getattr(shape, name) is not None and getattr(shape, other) is None:
                    self.fault(doc, doc.line(key, name), "key-without", key=name, other=other)
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
        try:
            return parse_hours(lines, zone=zone, holidays=holidays, closed=frozenset(closed))
        except HoursError as error:
            at = next((index for index, line in enumerate(lines) if line.strip() == error.line), 0)
            self.fault(doc, doc.line(key, "hours", at), "bad-hours", hours=error.line)
            return None

    def notices(self) -> tuple[parts.Notice, ...]:
        doc = self.library.one("notices")
        if doc is None:
            return ()
        self.each_once(doc, [shape.id for shape in doc.value])
        for index, shape in enumerate(doc.value):
            if shape.until < shape.from_:
                self.fault(doc, doc.line(index, "until"), "notice-dates", id=shape.id)
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
        """All phrases. A missing one is a fault and becomes empty, so that the rest can be looked at."""
        found = {
            key: parts.Phrase(key, Where(doc.source.path, doc.line(key)), self.texts(doc, shape, key))
            for doc, key, shape in self.entries("phrases")
        }
        nothing = dict.fromkeys(self.languages, "")
        for key in REQUIRED_PHRASES:
            if key not in found:
                self.missing("phrases", "missing-phrase", key)
                found[key] = parts.Phrase(key, Where("content/phrases.yaml", 1), nothing)
        return found

    def words(self) -> Words:
        by_text: dict[str, Word] = {}
        languages_of: dict[str, set[str]] = {}
        lists: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in LISTS}
        named = set()
        for doc, key, shape in self.entries("words"):
            named.add(key)
            texts = self.texts(doc, shape.words, key, "words")
            if key not in KNOWN_WORDS and not shape.go:
                self.fault(doc, doc.line(key), "unknown-key", key=key, **hints(key, KNOWN_WORDS))
                named.add(nearest_of(key, KNOWN_WORDS))
                continue
            for language in self.languages:
                folded = folded_lines(texts[language])
                if key in LISTS:
                    lists[key][language] = folded
                for word in folded if key not in LISTS else ():
                    by_text.setdefault(word, _word(key, language, shape.go))
                    spoken = self.languages if key == Command.LANGUAGE.value else (language,)
                    languages_of.setdefault(word, set()).update(spoken)
        for name in KNOWN_WORDS:
            if name not in named:
                self.missing("words", "missing-word", name)
        greetings = frozenset(word for word, meaning in by_text.items() if meaning.command is Command.GREETING)
        return Words(by_text, {word: frozenset(found) for word, found in languages_of.items()}, lists, greetings)

    def vocabulary(self) -> Vocabulary:
        """How people write. Names of towns and countries are known from where those are listed."""
        doc = self.library.one("vocabulary")
        if doc is None:
            return Vocabulary()
        courtesy = {
            tuple(line.split()) for lines in self.lists(doc, doc.value.courtesy, "courtesy").values() for line in lines
        }
        return Vocabulary(
            frozenset(courtesy),
            self.spellings(doc),
            self.named(doc, doc.value.slots, "slots"),
            self.named(doc, doc.value.directions, "directions"),
        )

    def spellings(self, doc: Document) -> dict[str, dict[str, tuple[str, ...]]]:
        """Lines such as "wahn = want"."""
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        for language, lines in self.lists(doc, doc.value.spellings, "spellings", fold_lines=False).items():
            found[language] = {}
            for at, line in enumerate(lines, start=1):
                written, is_pair, meant = line.partition("=")
                if not is_pair or len(fold(written).split()) != 1 or not fold(meant):
                    self.fault(doc, doc.line("spellings", language) + at, "bad-spelling", text=line)
                elif fold(written) != fold(meant):
                    found[language][fold(written)] = tuple(fold(meant).split())
        return found

    def named(self, doc: Document, groups: Mapping[str, Mapping[str, str]], key: str) -> dict[tuple[str, ...], str]:
        """The names of each group, whatever their language: folded words → the group. The first to claim a name has it."""
        found: dict[tuple[str, ...], str] = {}
        for group, texts in groups.items():
            for lines in self.lists(doc, texts, key, group).values():
                for line in lines:
                    found.setdefault(tuple(line.split()), group)
        return found

    def saved_replies(self) -> dict[str, parts.SavedReply]:
        return {
            key: parts.SavedReply(
                key,
                Where(doc.source.path, doc.line(key)),
                self.texts(doc, shape.label, key, "label"),
                self.texts(doc, shape.text, key, "text"),
            )
            for doc, key, shape in self.entries("saved-replies")
        }

    def not_covered(self) -> dict[str, parts.NotCovered]:
        return {
            key: parts.NotCovered(
                key,
                Where(doc.source.path, doc.line(key)),
                self.texts(doc, shape.text, key, "text"),
                self.lists(doc, shape.people_ask, key, "people_ask", fold_lines=False),
            )
            for doc, key, shape in self.entries("not-covered")
        }

    # --- small parts ---------------------------------------------------------------------------------------------

    def entries(self, kind: str) -> Iterable[tuple[Document, str, Any]]:
        for doc in self.library.of(kind):
            for key, shape in doc.value.items():
                yield doc, key, shape

    def missing(self, kind: str, code: str, id_: str) -> None:
        """Something the program needs is not in a file; no fault if it may be in what could not be read."""
        if not self.library.may_hold(kind, id_):
            self.library.faults.append(Fault(f"content/{kind}.yaml", 1, code, {"id": id_}))
            self.library.spoil(kind, id_)

    def each_once(self, doc: Document, ids: list[str], *where: str | int) -> None:
        """Ids of a list of which each may stand there once."""
        first: dict[str, int] = {}
        for index, id_ in enumerate(ids):
            if first.setdefault(id_, index) != index:
                above = f"{doc.source.path}:{doc.line(*where, first[id_])}"
                self.fault(doc, doc.line(*where, index), "duplicate-id", id=id_, first=above)

    def texts(self, doc: Document, texts: Mapping[str, str] | None, *where: str | int) -> dict[str, str]:
        """A text in every language; a missing one is a fault and becomes empty.

        Under a language that the service does not have, the missing one may stand: then that is the fault.
        """
        given = texts or {}
        foreign = [language for language in given if language not in self.languages]
        for language in foreign:
            line = doc.line(*where, language)
            self.fault(doc, line, "unknown-language", language=language, **hints(language, self.languages))
        for language in self.languages:
            if not given.get(language, "").strip() and not foreign:
                name = next((step for step in reversed(where) if isinstance(step, str)), doc.id)
                self.fault(doc, doc.line(*where, language), "missing-language", key=name, language=language)
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


KNOWN_WORDS = (*LISTS, *(command.value for command in Command if command is not Command.GO))
"""The keys of `content/words.yaml` that the program needs. Others must say where they `go`."""


def _word(key: str, language: str, go: str) -> Word:
    """What a word does: a `go:` entry leads to a node, `language` chooses the language it stands under."""
    if go:
        return Word(Command.GO, go)
    return Word(Command(key), language if key == Command.LANGUAGE else "")


def review(shape: Any) -> Review:
    return Review(tuple(shape.sources), shape.checked, shape.review_by)


def _seconds(keeps: str) -> int:
    number, unit = keeps[:-1].strip(), keeps[-1]
    return int(number) * (3600 if unit == "h" else 60)
