"""A third language is more keys in the files and no code; a fact that changes in one file changes everywhere (design §4)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import replying, segments
from bot.catalogue import MAIN, Catalogue
from bot.check import cases, check
from bot.inbound import Channel
from bot.loading import content_files, load_catalogue
from bot.turn import Turn
from bot.yaml_source import Entry, ListTree, MapTree, Scalar, Tree, read
from tests.planting import ROOT, TODAY
from webhook.local import LocalTalk

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
THIRD = "fr"
SIZES = {"sms-too-long", "sms-danger-too-long", "whatsapp-too-long", "line-too-long", "menu-page-too-long",
         "question-too-long", "phrase-too-long", "result-too-long"}  # fmt: skip
LIKE = str.maketrans({"a": "å", "o": "ø", "e": "è"})
"""Letters that an SMS carries and neither English nor Spanish uses: nobody can take one language for another."""

_KEPT = re.compile(
    r"\{[^{}]*\}|https?://\S+|\bwww\.\S+|\S+\.(?:gob\.mx|gov\.bz|org|com|int)\S*|[^\W\d_]*[A-ZÁÉÍÓÚÑ]{2,}[^\W\d_]*"
)


def translated(text: str) -> str:
    """A text in the made-up language: values, links and words in capitals stay, as in any translation."""
    parts, end = [], 0
    for match in _KEPT.finditer(text):
        parts += [text[end : match.start()].translate(LIKE), match.group()]
        end = match.end()
    return "".join([*parts, text[end:].translate(LIKE)])


def add_language(root: Path) -> None:
    """Give every file of a project a third language, as a translator would: keys only."""
    for kind, file in content_files(root):
        if kind in ("languages", "danger", "words"):
            continue
        lines = file.read_text(encoding="utf-8").split("\n")
        tree = read(root, file).tree
        assert tree is not None
        for indent, after, text in sorted(_english(tree, lines), key=lambda found: -found[1]):
            block = [
                f"{indent}{THIRD}: |",
                *(f"{indent}  {line}".rstrip() for line in translated(text).rstrip("\n").split("\n")),
            ]
            lines[after:after] = block
        file.write_text("\n".join(lines), encoding="utf-8")
    _add_own_files(root)


def _english(tree: Tree, lines: list[str]) -> Iterator[tuple[str, int, str]]:
    """Every map of languages: how far it is indented, after which line its last text ends, its English text."""
    if isinstance(tree, ListTree):
        for item in tree.items:
            yield from _english(item, lines)
    elif isinstance(tree, MapTree):
        english = tree.get("en")
        if isinstance(english, Scalar):
            last = next(entry for entry in tree.entries if entry.key == "es")
            first = lines[last.line - 1]
            indent = " " * (len(first) - len(first.lstrip(" -")))
            end = last.line
            while end < len(lines) and lines[end].strip() and len(lines[end]) - len(lines[end].lstrip()) > len(indent):
                end += 1
            yield indent, end, english.text
        else:
            for entry in tree.entries:
                yield from _english(entry.value, lines)


def _add_own_files(root: Path) -> None:
    content = root / "content"
    with open(content / "languages.yaml", "a", encoding="utf-8") as file:
        file.write(f"\n{THIRD}:\n  name: Français\n  locale: fr_FR\n")
    nodes = [entry.key for entry in _entries(root, content / "danger" / "en.yaml")]
    kinds = [node for node in nodes if node not in ("sets", "not_danger")]
    danger = "".join(f"{node}:\n  certain: |\n    au secours {node}\n" for node in kinds)
    (content / "danger" / f"{THIRD}.yaml").write_text(danger, encoding="utf-8")
    words = content / "words.yaml"
    lines = words.read_text(encoding="utf-8").split("\n")
    own = {"greeting": ["bonjour"], "language": ["fr", "francais"], "thanks": ["merci"]}
    for entry in reversed(_entries(root, words)):
        assert isinstance(entry.value, MapTree)
        by_language = entry.value.get("words")
        assert isinstance(by_language, MapTree)
        english = by_language.get("en")
        assert isinstance(english, Scalar)
        new = own.get(entry.key, english.text.split("\n"))
        last = by_language.entries[-1]
        end = last.line
        while end < len(lines) and lines[end].startswith("      "):
            end += 1
        lines[end:end] = [f"    {THIRD}: |", *(f"      {word}" for word in new if word)]
    words.write_text("\n".join(lines), encoding="utf-8")


def _entries(root: Path, file: Path) -> tuple[Entry, ...]:
    tree = read(root, file).tree
    assert isinstance(tree, MapTree)
    return tree.entries


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped content with a third language."""
    folder = tmp_path_factory.mktemp("third")
    for name in ("content", "flows"):
        shutil.copytree(ROOT / name, folder / name)
    add_language(folder)
    return folder


@pytest.fixture(scope="module")
def catalogue(root: Path) -> Catalogue:
    return load_catalogue(root, show_unconfirmed=True)


def test_a_third_language_has_no_faults(root: Path) -> None:
    """Whoever translates is told what is missing; when nothing is, the check is content. Only sizes may need work."""
    assert [str(fault) for fault in check(root, TODAY) if fault.is_error and fault.code not in SIZES] == []


def test_a_forgotten_text_is_told(root: Path, tmp_path: Path) -> None:
    """A translator works through the list of what is missing."""
    for name in ("content", "flows"):
        shutil.copytree(root / name, tmp_path / name)
    file = tmp_path / "content" / "service" / "thanks.yaml"
    lines = file.read_text(encoding="utf-8").split("\n")
    at = next(index for index, line in enumerate(lines) if line.startswith(f"  {THIRD}:"))
    del lines[at : at + 2]
    file.write_text("\n".join(lines), encoding="utf-8")
    told = [
        (fault.path, fault.line, fault.code)
        for fault in check(tmp_path, TODAY)
        if fault.is_error and fault.code not in SIZES
    ]
    assert told == [("content/service/thanks.yaml", 1, "missing-language")]


@pytest.mark.parametrize("channel", list(Channel))
def test_all_menus_are_walked_in_the_third_language(catalogue: Catalogue, channel: Channel) -> None:
    """The same number leads to the same place as in English, and what is read there is in the language."""
    walked: list[str] = []
    for node, way in ways(catalogue):
        turns = {}
        for language in ("en", THIRD):
            talk = LocalTalk(catalogue, channel, language)
            for step, text in enumerate(["MENU", *way]):
                turns[language] = talk.say(text, NOW + timedelta(seconds=30 * step))
        assert turns[THIRD].language == THIRD
        assert turns[THIRD].node == turns["en"].node
        assert not untranslated(catalogue, turns["en"], turns[THIRD])
        assert catalogue.answers[node].label[THIRD] == translated(catalogue.answers[node].label["en"])
        walked.append(node)
    menus = {id_ for id_, moves in catalogue.nodes.items() if moves.menu}
    assert menus <= {*walked, MAIN}


def untranslated(catalogue: Catalogue, english: Turn, other: Turn) -> list[str]:
    """Lines that both replies have, and that are no link, value or name of a language."""
    common = set((english.reply or "").splitlines()) & set((other.reply or "").splitlines())
    names = tuple(name for own in catalogue.language_names.values() for name in (own, segments.to_gsm(own)))
    return [line for line in common if re.search("[aoe]", _KEPT.sub("", line)) and not line.endswith(names)]


def ways(catalogue: Catalogue) -> Iterator[tuple[str, list[str]]]:
    """Every option of every menu, with the numbers that lead to it."""
    frontier: list[tuple[str, list[str]]] = [(MAIN, [])]
    seen = {MAIN}
    while frontier:
        node, way = frontier.pop(0)
        for number, target in enumerate(catalogue.nodes[node].menu, start=1):
            yield target, [*way, str(number)]
            if target in catalogue.nodes and catalogue.nodes[target].menu and target not in seen:
                seen.add(target)
                frontier.append((target, [*way, str(number)]))


def test_the_language_is_found_out_and_offered(catalogue: Catalogue) -> None:
    """A greeting decides; somebody who writes in it is answered in it; others find it among the languages."""
    assert LocalTalk(catalogue, Channel.WHATSAPP).say("bonjour", NOW).language == THIRD
    first = LocalTalk(catalogue, Channel.WHATSAPP).say("?", NOW)
    assert "Français" in (first.reply or "")
    talk = LocalTalk(catalogue, Channel.SMS, "es")
    assert talk.say("francais", NOW).language == THIRD
    danger = LocalTalk(catalogue, Channel.SMS).say("au secours danger-now", NOW)
    assert (danger.node, danger.language, danger.danger) == ("danger-now", THIRD, "certain")


# --- one fact, everywhere --------------------------------------------------------------------------------------------


def drawn(catalogue: Catalogue, id_: str) -> list[str]:
    """An answer in all languages, channels and cases."""
    return [
        replying.show(cases.scene_at(catalogue, id_, channel, language, TODAY, values), id_).reply or ""
        for values in cases.tested_values(catalogue, catalogue.answers[id_])
        for language in catalogue.languages
        for channel in Channel
    ]


def test_a_changed_fee_changes_every_answer_that_uses_it(tmp_path: Path) -> None:
    """A fee stands once. Both languages and both channels of its answers follow, and nothing else does."""
    for name in ("content", "flows"):
        shutil.copytree(ROOT / name, tmp_path / name)
    before = load_catalogue(tmp_path, show_unconfirmed=True)
    fees = {id_ for id_, fact in before.facts.items() if fact.amount is not None}
    uses = {fee: {id_ for id_ in before.answers if f"{{{fee}}}" in _written(before, id_)} for fee in fees}
    fee = max(sorted(fees), key=lambda id_: len(uses[id_]))
    assert uses[fee]

    file = tmp_path / "content" / "facts.yaml"
    amount = before.facts[fee].amount
    text = file.read_text(encoding="utf-8")
    assert text.count(f"\n{fee}:\n  amount: {amount}\n") == 1
    file.write_text(text.replace(f"\n{fee}:\n  amount: {amount}\n", f"\n{fee}:\n  amount: 98765\n"), encoding="utf-8")
    after = load_catalogue(tmp_path, show_unconfirmed=True)

    assert after.version != before.version
    changed = {id_ for id_ in before.answers if drawn(before, id_) != drawn(after, id_)}
    assert changed == uses[fee]
    for id_ in changed:
        for language in ("en", "es"):
            for channel in Channel:
                turn = replying.show(cases.scene_at(after, id_, channel, language, TODAY, {}), id_)
                assert "98,765" in _whole(after, id_, language, channel) or "98,765" in (turn.reply or "")


def _written(catalogue: Catalogue, id_: str) -> str:
    answer = catalogue.answers[id_]
    return "\n".join(
        [*(text for part in answer.paragraphs for text in part.texts.values()), *(answer.sms or {}).values()]
    )


def _whole(catalogue: Catalogue, id_: str, language: str, channel: Channel) -> str:
    from bot.check.sizes import messages

    return "\n".join(
        turn.reply or "" for turn in messages(cases.scene_at(catalogue, id_, channel, language, TODAY, {}), id_)
    )


def test_the_day_of_these_tests_is_a_day_of_the_content() -> None:
    """The shipped facts must not be past their review on the day on which these tests look at them."""
    assert date(2026, 11, 22) == TODAY
