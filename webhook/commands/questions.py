"""`ventanilla questions`: what people asked and the bot did not understand, and one step from there to the right file.

Texts are scrubbed before they are kept. Numbers of people are told from ten on (safety R55).
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from bot.adding_examples import CannotAdd, with_example
from bot.catalogue import Catalogue
from bot.check import check
from bot.danger import Tier
from bot.faults import nearest_of
from bot.folding import fold
from bot.grouping import grouped
from bot.loading import load_catalogue
from bot.scrubbing import GONE, scrubbed
from bot.understanding.lessons import OUTSIDE
from webhook.embedded import EmbeddedServer, socket_path
from webhook.keys import Keys
from webhook.learned import Models
from webhook.observe import set_up_logging
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.lifetimes import DAY_S
from webhook.store.questions import Kept, KeptQuestion, QuestionList

LEAST_COUNTED = 10
"""Smaller numbers of people are not told (safety R55)."""

MOST_SHOWN = 50
NEAREST = 3
OTHERS_SHOWN = 3
SHOWN_FILE = "questions-shown.json"
NOT_COVERED_FILE = "content/not-covered.yaml"


@dataclass(frozen=True)
class Group:
    """Questions that ask the same, the most typical first."""

    members: tuple[KeptQuestion, ...]

    @property
    def text(self) -> str:
        return self.members[0].text

    @property
    def texts(self) -> list[str]:
        """Every wording once."""
        return list({fold(member.text): member.text for member in reversed(self.members)}.values())[::-1]

    @property
    def last_day(self) -> int:
        return max(member.day for member in self.members)

    def said(self, *names: str) -> list[str]:
        """The answers named in some fields of the members, the most frequent first."""
        found: Counter[str] = Counter()
        for member in self.members:
            for name in names:
                value = getattr(member, name)
                found.update(value if isinstance(value, tuple) else [value])
        del found[""]
        return [value for value, _ in found.most_common()]


# --- the list ---------------------------------------------------------------------------------------------------------


def show_questions(settings: Settings, *, as_json: bool, most: int) -> None:
    """Print the groups, newest first, and remember their numbers for `add` and `drop`."""
    set_up_logging(production=settings.is_production)
    with the_list(settings) as listed:
        kept = listed.kept(_today())
    catalogue = _understanding(settings)
    groups, known = grouped_questions(kept.questions, catalogue)
    _remember(settings, groups)
    if as_json:
        click.echo(json.dumps(_as_json(groups[:most], catalogue, kept), ensure_ascii=False))
    else:
        _print(groups, catalogue, kept, known, most)


def grouped_questions(questions: Sequence[KeptQuestion], catalogue: Catalogue) -> tuple[list[Group], int]:
    """The groups, newest day first and of one day the largest, and how many questions are examples by now."""
    names = catalogue.understanding.names
    left = [each for each in questions if each.refused or not names.languages_of(fold(each.text))]
    groups = [
        Group(tuple(left[at] for at in places)) for places in grouped([each.text for each in left], catalogue.encoder)
    ]
    groups.sort(key=lambda group: (-group.last_day, -len(group.members), group.text))
    return groups, len(questions) - len(left)


def _as_json(groups: Sequence[Group], catalogue: Catalogue, kept: Kept) -> dict[str, object]:
    return {
        "questions": counted(len(kept.questions)),
        "beyond": counted(kept.beyond),
        "unread": kept.unread,
        "groups": [
            {
                "group": number,
                "text": group.text,
                "texts": group.texts,
                "count": counted(len(group.members)),
                "last_day": _date(group.last_day).isoformat(),
                "languages": group.said("language"),
                "offered": group.said("offered", "given"),
                "outside": group.said("outside"),
                "chosen": group.said("chosen"),
                "refused": group.said("refused"),
                "nearest": [
                    {"answer": answer, "confidence": round(confidence, 3), "example": example}
                    for answer, confidence, example in nearest_answers(catalogue, group)
                ],
            }
            for number, group in enumerate(groups, start=1)
        ],
    }


def counted(number: int) -> int | None:
    """A number of people as it may be told: None for one to nine."""
    return None if 0 < number < LEAST_COUNTED else number


def _print(groups: Sequence[Group], catalogue: Catalogue, kept: Kept, known: int, most: int) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for number, group in enumerate(groups[:most], start=1):
        console.print(Text(f"{number:>3}  {group.text}", style="bold"))
        for line in _lines(group, catalogue):
            console.print(Text(f"     {line}"))
    console.print(Text(_summary(groups, kept, known, most)))


def _lines(group: Group, catalogue: Catalogue) -> Iterator[str]:
    facts = [_times(len(group.members)), ", ".join(group.said("language")), f"last on {_date(group.last_day)}"]
    yield " · ".join(fact for fact in facts if fact)
    others = group.texts[1:]
    if others:
        more = f" … and {len(others) - OTHERS_SHOWN} more" if len(others) > OTHERS_SHOWN else ""
        yield "also: " + " | ".join(others[:OTHERS_SHOWN]) + more
    for name, fields in (
        ("offered", ("offered", "given")),
        ("chosen", ("chosen",)),
        ("refused", ("refused",)),
        ("taken for", ("outside",)),
    ):
        if said := group.said(*fields):
            yield f"{name}: {', '.join('none of these' if each == '-' else each for each in said)}"
    for answer, confidence, example in nearest_answers(catalogue, group):
        yield f"near: {answer} {confidence:.2f}" + (f" (“{example}”)" if example else "")


def _times(count: int) -> str:
    return f"{count} times" if counted(count) else f"fewer than {LEAST_COUNTED} times"


def _summary(groups: Sequence[Group], kept: Kept, known: int, most: int) -> str:
    if not groups:
        lines = ["Nothing to learn from: no question is in the list."]
    else:
        lines = [
            "",
            f"{len(groups)} groups, newest first." + (f" The first {most} are shown." if len(groups) > most else ""),
            "Add a line to the answer it belongs to:  ventanilla questions add NUMBER ANSWER",
            "Take a group out of the list:            ventanilla questions drop NUMBER",
        ]
    if known:
        lines.append("Questions that stand among the examples by now are left out.")
    if kept.beyond:
        lines.append("Some days had more questions than are kept in a day.")
    if kept.unread:
        lines.append("Some entries cannot be opened: the secret has been changed since.")
    return "\n".join(lines)


def nearest_answers(catalogue: Catalogue, group: Group) -> list[tuple[str, float, str]]:
    """What the question is most like: answers, how probable each is, and the example that speaks for it."""
    explained = catalogue.understanding.explain(group.text, NEAREST)
    if explained:
        return [(each.label, each.confidence, each.example) for each in explained]
    ranked = catalogue.understanding.understand(group.text, group.members[0].language).ranked
    return [(guess.label, guess.confidence, "") for guess in ranked[:NEAREST]]


# --- adding an example, dropping a group ------------------------------------------------------------------------------


def add_example(settings: Settings, what: str, answer: str, language: str) -> int:
    """Add a line to `people_ask` of an answer. Gives the exit status of the check on its file."""
    set_up_logging(production=settings.is_production)
    catalogue = load_catalogue(settings.root, show_unconfirmed=True)
    text, spoken, number = what, "", ""
    if what.strip().isdecimal():
        number = what.strip()
        group = _group(settings, number)
        text = group[0].text
        spoken = Counter(member.language for member in group).most_common(1)[0][0]
    line = " ".join(text.replace(GONE, " ").split())
    path, within = _place(catalogue, answer)
    language = _language(catalogue, language or catalogue.language_guess.guess(line) or spoken)
    _refuse(catalogue, line, answer, language)
    at = _write(settings.root / path, language, line, within)
    click.echo(f"Added to {path}:{at}, people_ask, {language}: {line}")
    alarm = catalogue.lexicon.search(line)
    if alarm is not None:
        click.echo(f"Note: “{alarm.pattern}” in it may mean danger. The help numbers will stand above the answer.")
    if GONE in scrubbed(line):
        click.echo("Note: there may be a name or a number of somebody in it. If so, take it out of the file.")
    return _checked(settings.root, path, line, language, number)


def drop_group(settings: Settings, number: str) -> None:
    """Take a group out of the list, as it was shown last."""
    group = _group(settings, number)
    with the_list(settings) as listed:
        listed.drop(group)
    click.echo(f"Taken out of the list: {group[0].text}")


def _place(catalogue: Catalogue, answer: str) -> tuple[str, tuple[str, ...]]:
    """The file in which the examples of an answer stand, and the keys they stand below."""
    if answer in catalogue.answers:
        return catalogue.answers[answer].where.path, ()
    kind = answer.removeprefix(OUTSIDE)
    if answer.startswith(OUTSIDE) and kind in catalogue.not_covered:
        return NOT_COVERED_FILE, (kind,)
    ids = [*catalogue.answers, *(OUTSIDE + id_ for id_ in catalogue.not_covered)]
    meant = nearest_of(answer, ids)
    raise click.ClickException(f"“{answer}” is not an answer." + (f" Did you mean “{meant}”?" if meant else ""))


def _language(catalogue: Catalogue, language: str) -> str:
    if language in catalogue.languages:
        return language
    raise click.ClickException(f"Say in which language it is: --lang {' or --lang '.join(catalogue.languages)}.")


def _refuse(catalogue: Catalogue, line: str, answer: str, language: str) -> None:
    """Say no to what would do harm: nothing at all, what stands somewhere already, cries for help on everyday pages."""
    folded = fold(line)
    if not folded:
        raise click.ClickException("There is nothing to add: names and numbers were all of it.")
    for other in _holders(catalogue, folded, language):
        if other == answer:
            raise click.ClickException(f"That line already stands in “{answer}”.")
        raise click.ClickException(f"That line already stands in “{other}”: under two answers it leads to neither.")
    alarm = catalogue.lexicon.search(line)
    if alarm is None:
        return
    is_outside = answer not in catalogue.answers
    is_everyday = is_outside or not (catalogue.answers[answer].sensitive or catalogue.is_danger(answer))
    if is_everyday and (is_outside or alarm.tier is Tier.CERTAIN):
        raise click.ClickException(
            f"“{alarm.pattern}” in it means danger and leads to “{alarm.node}”. It does not belong under “{answer}”."
        )


def _holders(catalogue: Catalogue, folded: str, language: str) -> Iterator[str]:
    """What has the words already as a name or an example, in the same language."""
    for answer in catalogue.answers.values():
        texts = (answer.label[language], *answer.synonyms.get(language, ()), *answer.people_ask.get(language, ()))
        if any(fold(text) == folded for text in texts):
            yield answer.id
    for kind in catalogue.not_covered.values():
        if any(fold(text) == folded for text in kind.people_ask.get(language, ())):
            yield OUTSIDE + kind.id


def _write(file: Path, language: str, line: str, within: Sequence[str]) -> int:
    """Put the line into the file, whole or not at all, and give the number of its line there."""
    before = file.read_bytes().decode("utf-8")
    try:
        after = with_example(before, language, line, within)
    except CannotAdd as reason:
        raise click.ClickException(f"{file.name}: {reason}.") from reason
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(after.encode("utf-8"))
    shutil.copymode(file, draft)
    draft.replace(file)
    old, new = before.splitlines(), after.splitlines()
    first = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    return next(at for at in range(first, len(new)) if new[at].strip() == line) + 1


def _checked(root: Path, path: str, line: str, language: str, number: str) -> int:
    faults = [fault for fault in check(root, datetime.now(UTC).date()) if fault.path == path]
    for fault in faults:
        click.echo(str(fault))
    if any(fault.is_error for fault in faults):
        click.echo("The file has errors: mend them, or take the line out again.")
        return 1
    click.echo("The check finds no errors in this file. Next:")
    click.echo("  ventanilla learn                 learns it now (a server does so by itself after you publish)")
    click.echo(f"  ventanilla ask --lang {language} {json.dumps(line, ensure_ascii=False)}")
    if number:
        click.echo(f"  ventanilla questions drop {number}      takes the group out of the list")
    click.echo("  git add content, git commit      saves the change")
    return 0


# --- reading ----------------------------------------------------------------------------------------------------------


@contextmanager
def the_list(settings: Settings) -> Iterator[QuestionList]:
    """The list in the settings' store; in that of `ventanilla run`, whether that is running or not."""
    keys = Keys(*settings.secrets)
    try:
        if settings.redis_url:
            yield _opened(settings.redis_url, keys)
            return
        directory = settings.var / "valkey"
        running = f"unix://{socket_path(directory)}"
        if _answers(running):
            yield _opened(running, keys)
            return
        with EmbeddedServer(directory) as server:
            yield _opened(server.url, keys)
    except StoreDown as down:
        raise click.ClickException(f"The store does not answer ({down}).") from down


def _opened(url: str, keys: Keys) -> QuestionList:
    return QuestionList(Connection(url), keys)


def _answers(url: str) -> bool:
    try:
        Connection(url).command("PING")
    except StoreDown:
        return False
    return True


def _understanding(settings: Settings) -> Catalogue:
    """The content with what was learned from it, as far as there is any."""
    catalogue = load_catalogue(settings.root, show_unconfirmed=settings.show_unconfirmed)
    return Models(settings.models, settings.root).ready(catalogue)


def _remember(settings: Settings, groups: Iterable[Group]) -> None:
    """Keep which number was shown for which entries, by their codes: the list may have changed before the next command."""
    settings.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    shown = {str(number): [each.code for each in group.members] for number, group in enumerate(groups, start=1)}
    draft = settings.var / f".{SHOWN_FILE}.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(shown), encoding="utf-8")
    draft.replace(settings.var / SHOWN_FILE)


def _group(settings: Settings, number: str) -> list[KeptQuestion]:
    """The entries that were shown under a number, the most typical first, as far as they are still in the list."""
    try:
        shown = json.loads((settings.var / SHOWN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        shown = {}
    codes = shown.get(str(int(number)), [])
    with the_list(settings) as listed:
        kept = {each.code: each for each in listed.kept(_today()).questions}
    group = [kept[code] for code in codes if code in kept]
    if not group:
        raise click.ClickException(f"There is no group {number} in the list. See: ventanilla questions")
    return group


def _today() -> int:
    return int(datetime.now(UTC).timestamp()) // DAY_S


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)
