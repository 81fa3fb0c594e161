"""The danger lexicon: how patterns are written and found, and that it finds what the lists before it named.

`tests/danger/<language>.tsv` is a sample of the 7,325 phrases of those lists with the answers they led to; "-" marks
turns of phrase that must not set off the danger answer.
"""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.danger import DangerPattern, Lexicon, Tier
from bot.danger_patterns import MAX_GAP, BadPattern, Pattern, parse_pattern, parse_set, places_of, words_of
from tests.conversation_world import shipped

FOLDER = Path(__file__).parent / "danger"
SETS = {"me": (("me",), ("mi",)), "papers": (("passport",), ("work", "permit"))}
CERTAIN = Tier.CERTAIN


def rows(language: str) -> list[tuple[str, str]]:
    """The answer ("-": none) and the phrase."""
    with (FOLDER / f"{language}.tsv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["node"], row["phrase"].replace(" * ", " ")) for row in reader]


def lexicon(*lines: tuple[str, str, Tier], idioms: tuple[str, ...] = ()) -> Lexicon:
    """A small lexicon of pattern, answer and tier."""
    patterns = tuple(DangerPattern(parse_pattern(text, SETS), node, "en", tier) for text, node, tier in lines)
    return Lexicon(patterns, tuple(parse_pattern(text, SETS) for text in idioms))


def found(line: str, text: str) -> bool:
    words = words_of(text)
    return any(True for _ in parse_pattern(line, SETS).spans(places_of(words), len(words)))


# --- what the lists before it named ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_the_lists_named_is_found(language: str) -> None:
    """98 in a hundred at least, and 95 with the very answer: a rewritten lexicon must not lose cries for help."""
    alarms = [(node, shipped().lexicon.search(phrase)) for node, phrase in rows(language) if node != "-"]
    missed = [node for node, alarm in alarms if alarm is None]
    same = [node for node, alarm in alarms if alarm is not None and alarm.node == node]
    assert len(alarms) > 550
    assert len(missed) <= 0.02 * len(alarms)
    assert len(same) >= 0.95 * len(alarms)


@pytest.mark.parametrize("language", ["en", "es"])
def test_turns_of_phrase_set_off_nothing(language: str) -> None:
    """“I am dying of laughter” is no emergency: whoever gets help without need stops trusting it."""
    calm = [phrase for node, phrase in rows(language) if node == "-"]
    alarms = [phrase for phrase in calm if (alarm := shipped().lexicon.search(phrase)) and alarm.tier is CERTAIN]
    assert len(calm) > 200
    assert len(alarms) <= 0.01 * len(calm), alarms


def test_every_sample_of_a_certain_pattern_is_found() -> None:
    """A pattern that its own samples do not set off is cancelled by an idiom, and helps nobody."""
    whole = shipped().lexicon
    lost = []
    for entry in whole.patterns:
        alarms = [whole.search(sample) for sample in entry.pattern.samples]
        if entry.tier is CERTAIN and not any(alarm is not None and alarm.tier is CERTAIN for alarm in alarms):
            lost.append(entry.pattern.text)
    assert lost == []


def test_it_is_quick_and_no_text_makes_it_slow() -> None:
    """Every free text is searched; whoever writes in a panic repeats words, and whoever attacks us does so on purpose."""
    whole = shipped().lexicon
    whole.search("hola")
    for text in ("me ", "no me deja salir ", "they won't let me ", "want to kill my ", "a b me my no "):
        begun = perf_counter()
        whole.search((text * 600)[:600])
        assert perf_counter() - begun < 0.05, text


# --- how patterns are written ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "text", "is_found"),
    [
        ("lock <me> up", "They LOCK Mi up!!", True),
        ("lock <me> up", "lock the door up", False),
        ("lost|have my <papers>", "i lost my work permit", True),
        ("lost my? passport", "lost passport", True),
        ("lost my? passport", "lost the passport", False),
        ("has * passport", "he has all of our old passport", True),
        ("has * passport", "he has passport", True),
        ("has * passport", "he has one two three four five passport", False),
        ("can't breathe", "i cant breathe", True),
        ("cant breathe", "i can’t breathe", True),
        ("auxilio", "AUXILIOOOOO", True),
        ("help help", "heeeelp help", True),
    ],
)
def test_a_pattern_finds_what_it_says(line: str, text: str, *, is_found: bool) -> None:
    """As the first lines of the files explain it to staff."""
    assert found(line, text) is is_found


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("keep my *", "open-end"),
        ("they? keep me", "open-end"),
        ("keep * * me", "two-gaps"),
        ("run", "too-short"),
        ("<me>", "too-short"),
        ("keep <mi>", "unknown-set"),
        ("keep |me", "no-word"),
        ("keep <me", "no-word"),
        ("keep ...", "no-word"),
    ],
)
def test_a_pattern_that_makes_no_sense_is_refused(line: str, problem: str) -> None:
    """Better told to the editor than silently never found."""
    with pytest.raises(BadPattern) as caught:
        parse_pattern(line, SETS)
    assert caught.value.problem == problem


def test_a_set_holds_plain_words() -> None:
    """No set within a set: what a pattern means stays in sight."""
    for line in ("<me>", "a|b", "a *", "a?"):
        with pytest.raises(BadPattern):
            parse_set(line)
    assert parse_set(" Por Favor ") == ("por", "favor")


WORD = st.sampled_from(["kill", "me", "mi", "now", "work", "permit", "passport"])
TOKEN = st.sampled_from(["kill", "<me>", "<papers>", "now|me", "*", "mi?", "<papers>?"])


def spelled_out(pattern: Pattern) -> set[tuple[str | None, ...]]:
    """Every way to say a pattern; None is any word."""
    ways: list[list[tuple[str | None, ...]]] = []
    for step in pattern.steps:
        if not step.entries:
            ways.append([(None,) * gap for gap in range(MAX_GAP + 1)])
        else:
            ways.append([*step.entries, *([()] if step.may_miss else [])])
    return {tuple(word for part in way for word in part) for way in product(*ways)}


@given(st.lists(TOKEN, max_size=4), st.lists(WORD, max_size=12))
def test_patterns_are_found_exactly_where_they_stand(tokens: list[str], words: list[str]) -> None:
    """Against a model that spells out every way to say a pattern and looks at every place."""
    try:
        pattern = parse_pattern(" ".join(["kill", *tokens, "passport"]), SETS)
    except BadPattern:
        return
    expected: dict[int, int] = {}
    for way, start in product(spelled_out(pattern), range(len(words))):
        end = start + len(way)
        if end <= len(words) and all(
            wanted in (None, word) for wanted, word in zip(way, words[start:end], strict=True)
        ):
            expected[start] = max(end, expected.get(start, 0))
    assert dict(pattern.spans(places_of(words), len(words))) == expected


# --- which find counts -------------------------------------------------------------------------------------------------


def test_a_certain_find_beats_a_possible_one_anywhere() -> None:
    """“We walked for days … they will kill us”: the weaker sign that stands first must not hide the stronger."""
    small = lexicon(("walked for days", "smuggler-danger", Tier.POSSIBLE), ("kill us", "danger-now", CERTAIN))
    alarm = small.search("we walked for days and they kill us")
    assert alarm is not None
    assert (alarm.node, alarm.tier, alarm.pattern) == ("danger-now", CERTAIN, "kill us")
    alarm = small.search("we walked for days")
    assert alarm is not None
    assert alarm.tier is Tier.POSSIBLE


def test_of_finds_that_overlap_the_longest_counts_then_the_higher() -> None:
    """“They are beating the child” is about the child."""
    small = lexicon(("beating the child", "child-danger", CERTAIN), ("they are beating", "violence-help", CERTAIN))
    alarm = small.search("help they are beating the child")
    assert alarm is not None
    assert alarm.node == "child-danger"


def test_an_idiom_cancels_only_what_lies_wholly_inside_it() -> None:
    """Somebody may joke and be in danger in one message."""
    small = lexicon(("want to die", "self-harm", CERTAIN), idioms=("want to die laughing",))
    assert small.search("i want to die laughing") is None
    assert small.search("i want to die laughing but really i want to die") is not None


# --- languages the service does not speak --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "node"),
    [
        ("anmwe", "ht", "danger-now"),
        ("tanpri ede m", "ht", "danger-now"),
        ("AU SECOURS !!!", "fr", "danger-now"),
        ("estou em perigo", "pt", "danger-now"),
        ("救命啊!", "zh", "danger-now"),
        ("他们不让我走", "zh", "danger-now"),
        ("我要自杀", "zh", "self-harm"),
    ],
)
def test_short_cries_in_other_languages_are_understood(text: str, language: str, node: str) -> None:
    """Haitians, Brazilians and Chinese cross here too, and in fear everybody cries in their own language."""
    alarm = shipped().lexicon.search(text)
    assert alarm is not None
    assert (alarm.language, alarm.node, alarm.tier) == (language, node, CERTAIN)


def test_cries_mean_nothing_harmless_in_our_languages() -> None:
    """None is found in anything that we say, or that people ask us in Spanish or English."""
    catalogue = shipped()
    cries = Lexicon(catalogue.lexicon.cries)
    for answer in catalogue.answers.values():
        texts = [*answer.label.values(), *(line for lines in answer.people_ask.values() for line in lines)]
        texts += [text for paragraph in answer.paragraphs for text in paragraph.texts.values()]
        for text in texts:
            assert cries.search(text) is None, text
