"""The planters of `test_check_planted.py`: one for each class of fault, in the order in which the check finds them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from bot.catalogue import REQUIRED_NODES, short_code
from bot.check.moves import choices_to
from bot.check.sizes import ALONE, ON_TOP
from bot.compiling import KNOWN_WORDS
from bot.danger import Tier
from bot.library import Document
from bot.phrases import REQUIRED_PHRASES
from bot.words import CARRIER_WORDS
from tests.planting import (
    PLACES,
    ROOT,
    Edit,
    Garden,
    Plant,
    below,
    changed,
    keys_of,
    length_of,
    line_at,
    new_file,
)

Planter = Callable[[Garden], list[Plant]]
NEW_ANSWER = (
    "label:",
    "  en: Planted {n}",
    "  es: Sembrada {n}",
    "text:",
    "  - en: Ask there.",
    "    es: Pregunta ahí.",
)
HARD = "Applicants demonstrating insufficient documentation experience considerable administrative complications. "
DURO = "Solicitantes imposibilitados documentalmente experimentarían considerables complicaciones administrativas. "
LONG = "Bring the form and one photo. "
SHORT = "Stay on the line. "


# --- files that cannot be read as they are -------------------------------------------------------------------------


def _labels(code: str, change: Callable[[str], str], language: str = "en") -> Planter:
    """The label of an answer in one language, written differently."""
    return lambda garden: [
        changed(doc.source.path, doc.line("label", language), change, code) for doc in garden.answers()
    ]


def _top(code: str, *new: str, offset: int = 0) -> Planter:
    """Lines above a random key at the top of an answer's file."""

    def plant(garden: Garden) -> list[Plant]:
        plants = []
        for doc in garden.answers():
            line = doc.line(garden.random.choice(keys_of(doc)))
            plants.append(Plant(code, (Edit(doc.source.path, line, new),), offset))
        return plants

    return plant


def not_utf8(garden: Garden) -> list[Plant]:
    latin = b" a\xf1o".decode("utf-8", "surrogateescape")
    return [changed(path, line, lambda text: text + latin, "not-utf8") for path, line, _ in garden.text_lines("es")]


def byte_order_mark(garden: Garden) -> list[Plant]:
    return [changed(doc.source.path, 1, lambda text: "\ufeff" + text, "byte-order-mark") for doc in garden.answers()]


def empty_file(garden: Garden) -> list[Plant]:
    plants = []
    for doc in garden.answers():
        whole = len((ROOT / doc.source.path).read_text(encoding="utf-8").split("\n"))
        plants.append(Plant("empty-file", (Edit(doc.source.path, 1, ("# To be written.",), drop=whole),)))
    return plants


def key_twice(garden: Garden) -> list[Plant]:
    return [below(doc.source.path, doc.line("label", "en"), ("  en: Again",), "key-twice") for doc in garden.answers()]


def unknown_file(garden: Garden) -> list[Plant]:
    return [new_file(f"content/extra-{n}.yaml", ("a: b",), "unknown-file") for n in range(PLACES)]


def wrong_ending(garden: Garden) -> list[Plant]:
    return [new_file(doc.source.path.replace(".yaml", ".yml"), ("a: b",), "wrong-ending") for doc in garden.answers()]


def missing_key(garden: Garden) -> list[Plant]:
    plants = []
    for doc, key in garden.entries("sources"):
        edit = Edit(doc.source.path, doc.line(key, "title"), drop=length_of(doc, key, "title"))
        plants.append(Plant("missing-key", (edit,), at=(doc.source.path, doc.line(key)), says="title"))
    return plants


def wrong_value(garden: Garden) -> list[Plant]:
    return [
        changed(doc.source.path, doc.line(key, "checked"), lambda _: "  checked: last week", "wrong-value")
        for doc, key in garden.entries("facts")
    ]


def bad_id(garden: Garden) -> list[Plant]:
    return [
        changed(doc.source.path, doc.line(id_, "next", 0), lambda _: "    - The Next One", "bad-id")
        for doc, id_ in garden.nodes(lambda id_: bool(garden.project.catalogue.nodes[id_].next))
    ]


def fact_value(garden: Garden) -> list[Plant]:
    return [
        Plant("fact-value", (Edit(doc.source.path, doc.line(key) + 1, ("  date: 2026-01-01",)),), at=_entry(doc, key))
        for doc, key in garden.entries("facts", lambda shape: shape.date is None)
    ]


def _entry(doc: Document, key: str) -> tuple[str, int]:
    return doc.source.path, doc.line(key)


def key_without(garden: Garden) -> list[Plant]:
    return [
        below(doc.source.path, doc.line(key), ("  unit: day",), "key-without")
        for doc, key in garden.entries("facts", lambda shape: shape.number is None)
    ]


def duplicate_id(garden: Garden) -> list[Plant]:
    return [new_file(f"content/zz/{doc.id}.yaml", _new(n), "duplicate-id") for n, doc in enumerate(garden.answers())]


def _new(n: int) -> tuple[str, ...]:
    return tuple(line.format(n=n) for line in NEW_ANSWER)


# --- ids -----------------------------------------------------------------------------------------------------------


def _below_node(code: str, *new: str, offset: int = 0, accept: Callable[[Garden, str], bool] | None = None) -> Planter:
    """Lines below the id of a node in the flows."""

    def plant(garden: Garden) -> list[Plant]:
        nodes = garden.nodes(lambda id_: accept is None or accept(garden, id_))
        return [below(doc.source.path, doc.line(id_), new, code, offset) for doc, id_ in nodes]

    return plant


def _is_plain(garden: Garden, id_: str) -> bool:
    """A node that only offers: no questions, ways, actions or conditions."""
    node = garden.project.catalogue.nodes[id_]
    return id_ != "main" and not (node.ask or node.then or node.action or node.hide_when)


def dangling_node(garden: Garden) -> list[Plant]:
    nodes = garden.nodes(lambda id_: bool(garden.project.catalogue.nodes[id_].next))
    plants = []
    for doc, id_ in nodes:
        at = garden.random.randrange(len(doc.value[id_].next))
        plants.append(
            changed(doc.source.path, doc.line(id_, "next", at), lambda text: text + "-nowhere", "dangling-node")
        )
    return plants


def dangling_source(garden: Garden) -> list[Plant]:
    return [
        changed(doc.source.path, doc.line("sources", 0), lambda text: text + "-x", "dangling-source")
        for doc in garden.answers(count=200)
        if doc.value.sources
    ][:PLACES]


def group_value(garden: Garden) -> list[Plant]:
    (doc,) = garden.project.library.of("groups")
    lines = [doc.line(key, at) for key, members in doc.value.items() for at in range(len(members))]
    picked = garden.pick(lines, lambda line: ("groups", line))
    return [below(doc.source.path, line, ("  - atlantis",), "group-value") for line in picked]


def _texts(code: str, language: str, addition: str, *, danger: bool = False) -> Planter:
    """A line of an answer with something added."""
    return lambda garden: [
        changed(path, line, lambda text: text + addition, code)
        for path, line, _ in garden.text_lines(language, danger=danger)
    ]


def _below_text(code: str, language: str, addition: str, *, danger: bool = False) -> Planter:
    """A line of an answer with another below it."""
    return lambda garden: [
        below(path, line, (_indent(line_at(path, line)) + addition,), code)
        for path, line, _ in garden.text_lines(language, danger=danger)
    ]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def not_filled(garden: Garden) -> list[Plant]:
    return [
        changed(doc.source.path, doc.line(key, "name", "en"), lambda text: text + " {town}", "placeholder-not-filled")
        for doc, key in garden.entries("towns")
    ]


def dangling_town(garden: Garden) -> list[Plant]:
    return [
        changed(doc.source.path, doc.line(key, "town"), lambda text: text + "-x", "dangling-town")
        for doc, key in garden.entries("places", lambda shape: bool(shape.town))
    ]


def _notices(code: str, change: str, told_at: str, offset: int = 0) -> Planter:
    """New notices, each with one thing wrong."""

    def plant(garden: Garden) -> list[Plant]:
        (doc,) = garden.project.library.of("notices")
        plants = []
        for n in range(PLACES):
            parts = {
                "id": [f"- id: {code}-{n}"],
                "text": ["  text:", "    en: Closed today.", "    es: Hoy está cerrado."],
                "from": ["  from: 2026-01-05"],
                "until": ["  until: 2026-01-05"],
                "topics": ["  topics:", "    - crossing"],
                "places": ["  places:", "    - inm-border"],
            }
            old, _, new_text = change.partition(" > ")
            parts[told_at] = [line.replace(old, new_text) for line in parts[told_at]]
            above = sum(
                len(lines) for name, lines in parts.items() if list(parts).index(name) < list(parts).index(told_at)
            )
            new = tuple(line for lines in parts.values() for line in lines)
            plants.append(Plant(code, (Edit(doc.source.path, doc.line(0), new),), above + offset))
        return plants

    return plant


def _missing_entries(kind: str, code: str, needed: Sequence[str]) -> Planter:
    def plant(garden: Garden) -> list[Plant]:
        return [
            Plant(
                code,
                (Edit(doc.source.path, doc.line(key), drop=length_of(doc, key)),),
                at=(doc.source.path, 1),
                says=f"“{key}”",
            )
            for doc, key in garden.entries(kind, count=200)
            if key in needed
        ][:PLACES]

    return plant


def missing_node(garden: Garden) -> list[Plant]:
    files = {doc.id: doc.source.path for doc in garden.project.library.of("answer")}
    return [
        Plant("missing-node", (Edit(files[id_], 1, drop=-1),), at=("content", 1), says=f"“{id_}”")
        for id_ in REQUIRED_NODES
    ]


def _missing_files(*names: str) -> Planter:
    return lambda garden: [Plant("missing-file", (Edit(name, 1, drop=-1),), at=(name, 1)) for name in names]


def code_clash(garden: Garden) -> list[Plant]:
    seen: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    number = 0
    while len(pairs) < PLACES:
        number += 1
        id_ = f"n-{hashlib.blake2s(str(number).encode(), digest_size=5).hexdigest()}"
        other = seen.setdefault(short_code(id_), id_)
        if other != id_:
            pairs.append(tuple(sorted((other, id_))))  # type: ignore[arg-type]
    plants = []
    for n, (first, second) in enumerate(pairs):
        edits = tuple(Edit(f"content/zz/{id_}.yaml", 1, (*_new(n), "")) for id_ in (first, second))
        plants.append(Plant("code-clash", edits, at=(f"content/zz/{second}.yaml", 1)))
    return plants


# --- languages -----------------------------------------------------------------------------------------------------


def missing_language(garden: Garden) -> list[Plant]:
    return [
        Plant(
            "missing-language",
            (Edit(doc.source.path, doc.line("label", "es"), drop=1),),
            at=(doc.source.path, doc.line("label")),
        )
        for doc in garden.answers()
    ]


def missing_danger(garden: Garden) -> list[Plant]:
    plants = []
    for index, node in enumerate(sorted(garden.project.catalogue.lexicon.nodes)):
        doc = garden.project.documents["danger", ("en", "es")[index % 2]]
        edit = Edit(doc.source.path, doc.line(node, "certain") + 1, drop=length_of(doc, node, "certain") - 1)
        plants.append(Plant("missing-danger", (edit,), at=(doc.source.path, doc.line(node))))
    return plants


# --- moves ---------------------------------------------------------------------------------------------------------


def no_way_on(garden: Garden) -> list[Plant]:
    return [new_file(f"content/zz/no-way-{n}.yaml", _new(n)[:3], "no-way-on") for n in range(PLACES)]


def unreachable(garden: Garden) -> list[Plant]:
    return [new_file(f"content/zz/lost-{n}.yaml", _new(n), "unreachable") for n in range(PLACES)]


def too_deep(garden: Garden) -> list[Plant]:
    project = garden.project
    deep = {id_ for id_, depth in choices_to(project.catalogue).items() if depth == 3}
    nodes = garden.nodes(lambda id_: id_ in deep and 0 < len(project.catalogue.nodes[id_].next) < 6)
    plants = []
    for n, (doc, id_) in enumerate(nodes):
        path = f"content/zz/deep-{n}.yaml"
        offer = Edit(doc.source.path, doc.line(id_, "next", 0), (f"    - deep-{n}",))
        plants.append(Plant("too-deep", (Edit(path, 1, (*_new(n), "")), offer), at=(path, 1)))
    return plants


def circles(garden: Garden) -> list[Plant]:
    plain = garden.nodes(lambda id_: _is_plain(garden, id_), count=2 * PLACES)
    by_file = sorted(plain, key=lambda place: (place[0].source.path, place[0].line(place[1])))
    plants = []
    for (first, a), (second, b) in zip(by_file[::2], by_file[1::2], strict=True):
        edits = tuple(
            Edit(doc.source.path, doc.line(id_) + 1, ("  then:", f"    - go: {other}"))
            for doc, id_, other in ((first, a, b), (second, b, a))
        )
        plants.append(Plant("goes-in-circles", edits))
    return plants


def no_options(garden: Garden) -> list[Plant]:
    lines = ("kind: choice", "text:", "  en: Which?", "  es: ¿Cuál?")
    return [new_file(f"content/questions/empty-{n}.yaml", lines, "no-options") for n in range(PLACES)]


def option_twice(garden: Garden) -> list[Plant]:
    nodes = garden.nodes(lambda id_: bool(garden.project.catalogue.nodes[id_].next))
    return [
        below(
            doc.source.path,
            doc.line(id_, "next", 0),
            (line_at(doc.source.path, doc.line(id_, "next", 0)),),
            "option-twice",
        )
        for doc, id_ in nodes
    ]


def menu_too_long(garden: Garden) -> list[Plant]:
    plants = []
    for doc, id_ in garden.nodes(lambda id_: bool(garden.project.catalogue.nodes[id_].next)):
        have = len(doc.value[id_].next)
        others = [other for other in garden.project.catalogue.answers if other not in doc.value[id_].next]
        new = tuple(f"    - {other}" for other in garden.random.sample(others, 7 - have))
        last = doc.line(id_, "next", have - 1)
        plants.append(below(doc.source.path, last, new, "menu-too-long", 6 - have))
    return plants


def empty_answer(garden: Garden) -> list[Plant]:
    lines = (
        "label:",
        "  en: Empty {n}",
        "  es: Vacía {n}",
        "text:",
        "  - en: '{{line:{line}}}'",
        "    es: '{{line:{line}}}'",
    )
    shown = [line.id for line in garden.project.catalogue.lines.values() if not line.always and not line.held]
    return [
        new_file(
            f"content/zz/empty-{n}.yaml",
            tuple(text.format(n=n, line=garden.random.choice(shown)) for text in lines),
            "empty-answer",
        )
        for n in range(PLACES)
    ]


def bare_heading(garden: Garden) -> list[Plant]:
    shown = [line.id for line in garden.project.catalogue.lines.values() if not line.always and not line.held]
    plants = []
    for path, line, _ in garden.text_lines("en"):
        indent = _indent(line_at(path, line))
        new = (f"{indent}Call this number:", f"{indent}{{line:{garden.random.choice(shown)}}}", f"{indent}More help:")
        after = line_at(path, line + 1).strip()
        ends = not after or after == "es: |"
        plants.append(below(path, line, new[:2] if ends else new, "bare-heading"))
    return plants


def bad_hours(garden: Garden) -> list[Plant]:
    plants = []
    for doc, key in garden.entries("places", lambda shape: shape.hours == ["unknown"]):
        plants.append(
            changed(doc.source.path, doc.line(key, "hours"), lambda _: "  hours: in the mornings", "bad-hours")
        )
    return plants


# --- choices and words -----------------------------------------------------------------------------------------------


def options_clash(garden: Garden) -> list[Plant]:
    """The label of the later of two options that no other message offers the other way round."""
    nodes = garden.project.catalogue.nodes.values()
    offered = [[*node.menu, *node.next] for node in nodes]
    pairs = []
    for node in nodes:
        for first, second in zip(node.next, node.next[1:], strict=False):
            both = [ids for ids in offered if first in ids and second in ids]
            if all(ids.index(first) < ids.index(second) for ids in both):
                pairs.append((first, second))
    plants: list[Plant] = []
    for first, second in garden.pick(pairs, lambda pair: pair[1], 60):
        one, other = garden.project.documents["answer", first], garden.project.documents["answer", second]
        if {one.source.path, other.source.path} & garden.taken or len(plants) == PLACES:
            continue
        garden.taken |= {one.source.path, other.source.path}
        label = line_at(one.source.path, one.line("label", "en"))
        plants.append(Plant("options-clash", (Edit(other.source.path, other.line("label", "en"), (label,), drop=1),)))
    return plants


def danger_in_label(garden: Garden) -> list[Plant]:
    lexicon = garden.project.catalogue.lexicon
    certain = [entry.pattern.samples[0] for entry in lexicon.patterns if entry.tier is Tier.CERTAIN]
    phrases = [text for text in certain if len(text) <= 20 and lexicon.search(text) is not None]
    return [
        changed(
            doc.source.path,
            doc.line("label", "es"),
            lambda _: f"  es: {garden.random.choice(phrases)}",
            "danger-in-label",
        )
        for doc in garden.answers()
    ]


def danger_in_example(garden: Garden) -> list[Plant]:
    lexicon = garden.project.catalogue.lexicon
    certain = [entry.pattern.samples[0] for entry in lexicon.patterns if entry.tier is Tier.CERTAIN]
    alarms = [(text, lexicon.search(text)) for text in certain]
    phrases = [text for text, alarm in alarms if alarm is not None and alarm.language == "en"]
    return [
        below(
            doc.source.path,
            doc.line("people_ask", "en"),
            (f"    {garden.random.choice(phrases)}",),
            "danger-in-example",
        )
        for doc in garden.answers(count=200)
        if doc.value.people_ask and not doc.value.sensitive
    ][:PLACES]


def _patterns(code: str, *new: str, says: str = "") -> Planter:
    """A line of its own among the patterns of random lists of the danger lexicon."""

    def plant(garden: Garden) -> list[Plant]:
        lists = [(doc, node) for doc in garden.project.library.of("danger") for node in doc.value.kinds]
        return [
            below(doc.source.path, doc.line(node, "certain"), tuple(f"    {line}" for line in new), code)
            for doc, node in garden.pick(lists, lambda place: (code, place[0].id, place[1]))
        ]

    return plant


def bad_spelling(garden: Garden) -> list[Plant]:
    """A line without its meaning, at random places of the spellings."""
    doc = garden.project.library.one("vocabulary")
    assert doc is not None
    lines = [
        doc.line("spellings", language) + at
        for language, text in doc.value.spellings.items()
        for at in range(len(text.splitlines()))
    ]
    return [
        below(doc.source.path, line, ("    planted here",), "bad-spelling")
        for line in garden.pick(lines, lambda line: ("bad-spelling", line))
    ]


def empty_set(garden: Garden) -> list[Plant]:
    return [
        below(doc.source.path, doc.line("sets"), (f"  void-{n}: |",), "empty-set")
        for n, doc in enumerate(garden.project.library.of("danger"))
    ]


def _cries(code: str, *new: str, offset: int = 0) -> Planter:
    """A new language of emergency words."""

    def plant(garden: Garden) -> list[Plant]:
        (doc,) = garden.project.library.of("emergency-words")
        languages = garden.pick(doc.value, lambda language: (code, language))
        return [
            Plant(
                code,
                (Edit(doc.source.path, doc.line(language), tuple(line.format(n=n) for line in new)),),
                offset,
            )
            for n, language in enumerate(languages)
        ]

    return plant


def _in_words(
    code: str, choose: Callable[[Garden, str], str], accept: Callable[[str], bool] = lambda _: True
) -> Planter:
    """One more word of a command."""
    return lambda garden: [
        below(doc.source.path, doc.line(key, "words", language), (f"      {choose(garden, key)}",), code)
        for doc, key, language in garden.words()
        if accept(key)
    ]


def _word_of_another(garden: Garden, key: str) -> str:
    """A word of a command further up, which nobody has taken: the later one of two is told."""
    words = garden.project.documents["words", "words"].value
    above = list(words)[: list(words).index(key)]
    found = {str(word) for other in above for text in words[other].words.values() for word in text.split("\n")}
    (picked,) = garden.pick(found - CARRIER_WORDS - {""}, lambda word: ("word", word), 1)
    return picked


CARRIERS_MAY = ("carrier-stop", "carrier-end", "opt-out", "help-numbers", "opt-in", "opt-in-if-out")


# --- wording ---------------------------------------------------------------------------------------------------------


def phones_differ(garden: Garden) -> list[Plant]:
    return [
        changed(doc.source.path, doc.line(key, "name", "es"), lambda text: text + " 983 222 3344", "phones-differ")
        for doc, key in garden.entries("places")
    ]


def held_line(garden: Garden) -> list[Plant]:
    held = [line.id for line in garden.project.catalogue.lines.values() if line.held]
    return [
        below(path, line, (f"{_indent(line_at(path, line))}{{line:{garden.random.choice(held)}}}",), "held-line")
        for path, line, _ in garden.text_lines("en")
    ]


def menu_page(garden: Garden) -> list[Plant]:
    heading = (
        "This is a list of what we know, and it goes on for longer than anybody wants to read on a small telephone, "
        * 3
    )
    catalogue = garden.project.catalogue
    menus = [id_ for id_, node in catalogue.nodes.items() if node.menu and id_ not in ("main", "trafficking")]
    plants = []
    for id_ in menus:
        doc = garden.project.documents["answer", id_]
        if catalogue.answers[id_].review.sources or catalogue.is_danger(id_) or doc.source.path in garden.taken:
            continue
        garden.taken.add(doc.source.path)
        ((_, written),) = [pair for pair in garden.project.texts_of("answer", id_, "text", 0) if pair[0] == "en"]
        line = written.line
        plants.append(
            changed(doc.source.path, line, lambda text: _indent(text) + heading.strip(" ,") + ".", "menu-page-too-long")
        )
    return plants


def result_too_long(garden: Garden) -> list[Plant]:
    doc = garden.project.documents["answer", "nearest-office"]
    garden.taken.add(doc.source.path)
    plants = []
    for language, written in garden.project.texts_of("answer", "nearest-office", "text", 0):
        new = (f"      {LONG * 12}",)
        plants.append(Plant("result-too-long", (Edit(doc.source.path, written.line + 1, new),), says=f"“{language}”"))
    return plants


def question_too_long(garden: Garden) -> list[Plant]:
    asked = {slot for node in garden.project.catalogue.nodes.values() for slot in node.ask}
    plants = []
    for slot in sorted(asked):
        doc = garden.project.documents["question", slot]
        for language, written in garden.project.texts_of("question", slot, "text"):
            edit = Edit(doc.source.path, written.line + 1, (f"    {LONG * 20}",))
            plants.append(Plant("question-too-long", (edit,), at=(doc.source.path, doc.line("text", language))))
    return plants


def phrase_too_long(garden: Garden) -> list[Plant]:
    plants: list[Plant] = []
    for doc, key in garden.entries("phrases", count=200):
        if key in (*ALONE, *ON_TOP) and key != "first_notice" and len(plants) < PLACES:
            written = dict(garden.project.texts_of("phrases", "phrases", key))["en"]
            edit = Edit(doc.source.path, written.line, (f"    {LONG * 20}",), drop=1)
            plants.append(Plant("phrase-too-long", (edit,), at=(doc.source.path, doc.line(key, "en"))))
    return plants


# --- age and use -----------------------------------------------------------------------------------------------------


def review_past(garden: Garden) -> list[Plant]:
    return [
        changed(doc.source.path, doc.line("review_by"), lambda _: "review_by: 2026-11-01", "review-past")
        for doc in garden.answers(count=200)
        if doc.value.review_by
    ][:PLACES]


def review_missing(garden: Garden) -> list[Plant]:
    return [
        Plant(
            "review-missing",
            (Edit(doc.source.path, doc.line("checked"), drop=1),),
            at=(doc.source.path, doc.line("sources")),
        )
        for doc in garden.answers(count=200)
        if doc.value.checked and doc.value.sources
    ][:PLACES]


def no_source(garden: Garden) -> list[Plant]:
    return [
        Plant(
            "no-source",
            (Edit(doc.source.path, doc.line(key, "sources"), drop=length_of(doc, key, "sources")),),
            at=_entry(doc, key),
        )
        for doc, key in garden.entries("facts")
    ]


def line_unconfirmed(garden: Garden) -> list[Plant]:
    new = ("  confirmed:", "    on: 2025-01-01", "    by: a test", "    how: call")
    lines = garden.entries("helplines", lambda shape: not shape.always and not shape.held and shape.confirmed is None)
    return [
        Plant("line-unconfirmed", (Edit(doc.source.path, doc.line(key) + 1, new),), at=_entry(doc, key))
        for doc, key in lines
    ]


def answer_unconfirmed(garden: Garden) -> list[Plant]:
    docs = [doc for doc in garden.answers(count=200) if not doc.value.confirm_locally and doc.value.sources][:PLACES]
    return [
        Plant("answer-unconfirmed", (Edit(doc.source.path, doc.line("sources"), ("confirm_locally: true",)),))
        for doc in docs
    ]


def _hard(code: str, language: str, sentence: str) -> Planter:
    def plant(garden: Garden) -> list[Plant]:
        plants, topics = [], set()
        for path, line, _ in garden.text_lines(language, count=200):
            topic = path.split("/")[1]
            if topic in topics:
                continue
            topics.add(topic)
            doc = next(doc for doc in garden.project.library.of("answer") if doc.source.path == path)
            new = (_indent(line_at(path, line)) + sentence * 40,)
            plants.append(Plant(code, (Edit(path, line + 1, new),), at=(path, doc.line("text", 0, language))))
        return plants

    return plant


def few_examples(garden: Garden) -> list[Plant]:
    plants = []
    for doc in garden.answers():
        first, length = doc.line("people_ask", "en"), length_of(doc, "people_ask", "en")
        if length > 8:
            edit = Edit(doc.source.path, first + 2, drop=length - 2)
            plants.append(Plant("few-examples", (edit,), at=(doc.source.path, first)))
    return plants


def _unused(kind: str, code: str, *new: str) -> Planter:
    """A new entry above a random one."""

    def plant(garden: Garden) -> list[Plant]:
        places = garden.entries(kind, count=1) * PLACES if kind == "groups" else garden.entries(kind)
        return [
            Plant(code, (Edit(doc.source.path, doc.line(key), tuple(line.format(n=n) for line in new)),))
            for n, (doc, key) in enumerate(places)
        ]

    return plant


def unused_question(garden: Garden) -> list[Plant]:
    lines = ("kind: place", "text:", "  en: Where?", "  es: ¿Dónde?")
    return [new_file(f"content/questions/idle-{n}.yaml", lines, "unused-question") for n in range(PLACES)]


def locales(garden: Garden) -> list[Plant]:
    (doc,) = garden.project.library.of("languages")
    return [
        changed(doc.source.path, doc.line(key, "locale"), lambda _: "  locale: nowhere", "bad-locale")
        for key in doc.value
    ]


# --- which planters share a copy ------------------------------------------------------------------------------------------

SMS_LONG = LONG * 60

BATCHES: dict[str, tuple[Planter, ...]] = {
    "unreadable": (
        not_utf8,
        byte_order_mark,
        empty_file,
        _labels("tab", lambda text: "\t" + text.strip()),
        _labels("curly-quote", lambda text: text.replace(": ", ": “") + "”"),
        _labels("not-yaml", lambda text: text + ": more"),
    ),
    "misspelt": (
        _labels("windows-line-ends", lambda text: text + "\r"),
        _labels("hidden-character", lambda text: text + "\u200b"),
        _top("key-not-text", "[one, two]: three"),
        _top("unknown-key", "colour: red"),
        key_twice,
        unknown_file,
        wrong_ending,
    ),
    "misshapen": (
        missing_key,
        wrong_value,
        bad_id,
        duplicate_id,
        missing_language,
        _labels("unknown-language", lambda text: text.replace("es:", "sp:"), "es"),
    ),
    "facts": (fact_value, key_without, not_filled, dangling_town, group_value),
    "nowhere": (
        dangling_node,
        dangling_source,
        _texts("dangling-placeholder", "en", " {nothing_here}"),
        _below_node("dangling-question", "  hide_when:", "    mood: good", offset=1, accept=_is_plain),
        _below_node("dangling-value", "  hide_when:", "    fears-government: perhaps", offset=1, accept=_is_plain),
        _below_node("unknown-action", "  action: find_it", accept=_is_plain),
    ),
    "notices": (
        _notices("dangling-topic", "crossing > krossing", "topics", 1),
        _notices("dangling-place", "inm-border > inm-boarder", "places", 1),
        _notices("notice-dates", "2026-01-05 > 2026-01-04", "until"),
    ),
    "phrases": (_missing_entries("phrases", "missing-phrase", REQUIRED_PHRASES),),
    "words": (_missing_entries("words", "missing-word", KNOWN_WORDS), missing_danger),
    "nodes": (missing_node,),
    "files": (
        _missing_files(
            *(
                f"content/{name}.yaml"
                for name in ("facts", "sources", "places", "towns", "helplines", "words", "phrases", "danger/es")
            )
        ),
    ),
    "locales": (locales,),
    "ways": (
        _below_node("open-case", "  ask: country", accept=_is_plain),
        _below_node(
            "route-shadowed",
            "  then:",
            "    - go: main",
            "    - when:",
            "        fears-government: yes",
            "      go: main",
            offset=2,
            accept=_is_plain,
        ),
        no_way_on,
        no_options,
        option_twice,
    ),
    "circles": (circles,),
    "reach": (
        unreachable,
        _texts("amounts-differ", "es", " 47"),
        _texts("links-differ", "es", " https://example.org/x"),
    ),
    "depth": (too_deep, code_clash),
    "choices": (
        menu_too_long,
        _labels("label-too-long", lambda text: text + " and a little more"),
        danger_in_label,
        danger_in_example,
    ),
    "patterns": (
        _patterns("bad-pattern", "to be or *"),
        _patterns("unknown-set", "he has my <pasport>"),
        empty_set,
        bad_spelling,
        _cries(
            "not-a-danger-answer",
            "x{n}:",
            "  name: Planted",
            "  checked_by: a test",
            "  words:",
            "    border-hours: |",
            "      wunderbar",
            offset=4,
        ),
        _cries(
            "words-unchecked",
            "y{n}:",
            "  name: Planted",
            "  checked_by: nobody yet",
            "  words:",
            "    danger-now: |",
            "      hilfe",
        ),
    ),
    "commands": (
        _labels("label-is-command", lambda _: "  en: Main menu"),
        _in_words(
            "word-twice",
            _word_of_another,
            lambda key: (
                key not in ("carrier-stop", "carrier-end", "opt-out", "exit", "delete", "help-numbers", "opt-in")
            ),
        ),
        _texts("word-not-accepted", "es", " Escribe FLORES."),
        _texts("carrier-word", "en", " Write STOP."),
        _texts("placeholders-differ", "es", " {tvtf_age}"),
    ),
    "carriers": (
        _in_words(
            "carrier-command",
            lambda garden, _: garden.random.choice(["revoke", "optout", "quit"]),
            lambda key: key not in CARRIERS_MAY,
        ),
        phones_differ,
        _texts("phone-typed", "en", " 983 123 4567"),
        _texts("amount-typed", "es", " 560 pesos"),
        _texts("not-gsm", "en", " 🙂"),
        held_line,
    ),
    "empty": (empty_answer, bare_heading, bad_hours),
    "long": (
        result_too_long,
        menu_page,
        _below_text("sms-too-long", "en", SMS_LONG),
        _below_text("whatsapp-too-long", "es", SMS_LONG),
        _below_text("line-too-long", "en", LONG.replace(". ", ", ") * 20),
        _below_text("sms-danger-too-long", "es", SHORT * 30, danger=True),
    ),
    "asked": (question_too_long, phrase_too_long, _below_text("long-sentence", "en", "one " * 20, danger=True)),
    "old": (review_past, review_missing, no_source, line_unconfirmed, answer_unconfirmed),
    "hard": (_hard("hard-to-read-en", "en", HARD),),
    "duro": (_hard("hard-to-read-es", "es", DURO), few_examples),
    "folded": (options_clash, _texts("folding-ambiguous", "es", " Ayer pagó.")),
    "unused": (
        _unused("facts", "unused-fact", "idle_{n}:", "  number: 3"),
        _unused("places", "unused-place", "idle-{n}:", "  name: House", "  country: belize"),
        _unused("helplines", "unused-line", "idle-{n}:", "  name: Line", "  country: belize", "  kinds:", "    - idle"),
        _unused("sources", "unused-source", "idle-{n}:", "  name: Paper", "  title: A paper"),
        _unused("phrases", "unused-phrase", "idle_{n}:", "  en: Idle", "  es: Nada"),
        _unused("groups", "unused-group", "idle-{n}:", "  - bz"),
        unused_question,
    ),
}

ONLY_BROKEN = {"cannot-read", "hub-unconfirmed", "transcript-changed", "transcript-unreadable"}
"""Classes with one place or none in the content; `tests/broken` shows them."""
