"""The documents tell the truth: what they name exists, what they show can be read, and both languages say the same."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import click
import pytest
from pydantic import TypeAdapter
from settings_world import settings_read

from bot import yaml_source
from bot.check import check
from bot.file_models import FILES
from bot.yaml_source import ListTree, MapTree
from webhook.cli import main
from webhook.complaints.opening import figures as complaint_figures
from webhook.complaints.sealing import new_key
from webhook.desk.figures import queue_figures
from webhook.observe import Metrics
from webhook.outbox.counting import SenderMetrics
from webhook.settings import Complaints
from webhook.transcripts import BOT, FACTS, THEM, read_script

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
GUIDES = (ROOT / "docs" / "editing-content.md", ROOT / "docs" / "editar-contenido.md")
OPERATING = ROOT / "docs" / "operating.md"

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(`+)(.+?)\1", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
COMMAND = re.compile(r"(?<![\w/.-])(?:\.venv/bin/|/opt/ventanilla/\.venv/bin/)?ventanilla ([^\n|#]*)")
MAKE = re.compile(r"(?<![\w-])make ([a-z-]+)\b")


@dataclass(frozen=True)
class Block:
    """A fenced example."""

    kind: str
    text: str


def by_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path) -> list[Block]:
    return [Block(kind, _unindented(text, len(indent))) for indent, kind, text in FENCE.findall(text_of(path))]


def _unindented(text: str, by: int) -> str:
    return "".join(line[by:] if line[:by].isspace() else line for line in text.splitlines(keepends=True))


def prose(path: Path) -> str:
    """The text without its examples."""
    return FENCE.sub("", text_of(path))


def code(path: Path) -> list[str]:
    """Everything that is written as something to type: lines of examples, and words between backticks."""
    shown = [line for block in blocks(path) if block.kind in ("sh", "ini", "text") for line in block.text.splitlines()]
    return shown + [" ".join(span.split()) for _, span in SPAN.findall(prose(path))]


# --- settings ----------------------------------------------------------------------------------------------------


def test_every_setting_is_named(tmp_path: Path) -> None:
    """An operator must not have to read the program to run it."""
    told = text_of(ROOT / "README.md") + text_of(OPERATING)
    names = settings_read(tmp_path)
    assert {"PUBLIC_BASE_URL", "TWILIO_AUTH_TOKEN_PREVIOUS_FILE", "REDIS_URL_FILE"} <= set(names)
    assert [name for name in names if f"`{name}`" not in told] == []


def test_the_settings_table_names_nothing_else(tmp_path: Path) -> None:
    """A setting that nothing reads is a promise that nothing keeps."""
    section = prose(OPERATING).split("\n## Settings\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert named - set(settings_read(tmp_path)) == set()


# --- links -------------------------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub and GitLab make them."""
    return {slug(title) for _, title in HEADING.findall(prose(path))}


def slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower().replace("`", "")).replace(" ", "-")


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    """A link to nothing sends the reader away at the moment of need."""
    broken = []
    for target in LINK.findall(prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_every_document_is_linked(path: Path) -> None:
    """A document that nothing leads to is not read."""
    others = [other for other in DOCUMENTS if other != path]
    linked = {
        (other.parent / target.partition("#")[0]).resolve() for other in others for target in LINK.findall(prose(other))
    }
    assert path == ROOT / "README.md" or path in linked


# --- commands ----------------------------------------------------------------------------------------------------


def commands_named() -> Iterator[tuple[str, str]]:
    for path in DOCUMENTS:
        for line in code(path):
            for words in COMMAND.findall(line):
                yield by_name(path), words


def wrong_in(words: str) -> str:
    """What is not a command or an option in what is typed after `ventanilla`; "" if all is."""
    name, *rest = words.replace("`", "").split() or [""]
    if not re.fullmatch(r"[a-z]+", name):
        return ""  # the package or the group itself, not a command
    command = main.commands.get(name)
    if command is None:
        return name
    if isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command = command.commands[rest[0]]
    known = {option for parameter in command.params if isinstance(parameter, click.Option) for option in parameter.opts}
    return " ".join(word for word in rest if word.startswith("--") and word not in known)


def test_every_command_and_option_named_exists() -> None:
    """A command that does not exist costs a reader's trust in all the others."""
    named = list(commands_named())
    assert len(named) > 30
    assert [(where, words) for where, words in named if wrong_in(words)] == []


def test_every_command_is_named_somewhere() -> None:
    """What is nowhere described is found by nobody."""
    named = {words.split()[0] for _, words in commands_named() if words.split()}
    assert set(main.commands) - named == set()


def test_every_make_target_named_exists() -> None:
    """The quick starts work as pasted."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for path in DOCUMENTS for line in code(path) for target in MAKE.findall(line)}
    assert {"run", "test"} <= named
    assert named - targets == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_every_file_named_exists(path: Path) -> None:
    """Paths in the documents follow the files."""
    named = {
        span for _, span in SPAN.findall(prose(path)) if re.fullmatch(r"(?:\.?[\w-]+/)+[\w.-]*|[\w-]+\.ya?ml", span)
    }
    inside = ("bot/", "webhook/", "content/", "flows/", "tests/", "docs/", "deploy/", "bench/", ".ci/")
    missing = {name for name in named if name.startswith(inside) and not (ROOT / name).exists()}
    assert missing - MADE_UP == set()


MADE_UP = {"content/service/new-phone.yaml"}
"""Files that a reader is shown how to make."""


# --- what can be seen from outside ------------------------------------------------------------------------------


def test_every_metric_named_is_counted(tmp_path: Path) -> None:
    """An alarm upon a counter that does not exist never rings."""
    counted = Metrics().exposition() + SenderMetrics().exposition() + figures_of_the_store(tmp_path)
    exposed = set(re.findall(r"^# TYPE (ventanilla_\w+)", counted.decode(), re.MULTILINE))
    named = set(re.findall(r"ventanilla_[a-z_]+", text_of(OPERATING)))
    files = {"ventanilla_secret", "ventanilla_secret_previous", "ventanilla_turn_seconds_bucket"}
    assert named - exposed - files == set()
    assert exposed - named == set()


def figures_of_the_store(folder: Path) -> bytes:
    """What is looked up when somebody asks: the queue, and the complaints that wait."""

    class Quiet:
        """A desk where nobody waits."""

        def open_tickets(self) -> list[object]:
            return []

        on_duty = open_tickets

    return queue_figures(Quiet(), lambda: 0.0) + complaint_figures(Complaints(new_key()[1], folder))


def test_every_log_event_named_is_logged() -> None:
    """An alarm upon an event that is never logged never rings."""
    told = text_of(OPERATING).split("Worth an\nalarm:")[1].split("\n\n")[0]
    events = set(re.findall(r"`([a-z_]+)`", told))
    assert len(events) > 5
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "webhook").rglob("*.py"))
    assert {event for event in events if f'"{event}"' not in source} == set()


# --- the content guides ------------------------------------------------------------------------------------------


def example_kind(block: Block) -> tuple[str, str]:
    """The file that an example is of, named in its first line, and that file's kind."""
    name = block.text.splitlines()[0].removeprefix("# ")
    folder, *rest = Path(name).with_suffix("").parts
    if folder == "flows":
        return name, "flow"
    assert folder == "content", f"the example does not begin with the name of its file: {name}"
    if len(rest) == 1:
        return name, rest[0]
    return name, {"questions": "question", "danger": "danger"}.get(rest[0], "answer")


def examples(path: Path) -> list[Block]:
    return [block for block in blocks(path) if block.kind == "yaml"]


@pytest.mark.parametrize("guide", GUIDES, ids=by_name)
def test_every_example_of_the_guides_can_be_read(guide: Path) -> None:
    """An editor who copies an example must not get a fault for it."""
    assert len(examples(guide)) > 10
    for block in examples(guide):
        name, kind = example_kind(block)
        source = yaml_source.parse(name, block.text)
        assert source.faults == ()
        assert source.tree is not None
        TypeAdapter(FILES[kind]).validate_python(source.plain())


@pytest.mark.parametrize("guide", GUIDES, ids=by_name)
def test_every_kind_of_file_that_staff_edit_has_an_example(guide: Path) -> None:
    """What is not shown is guessed."""
    shown = {example_kind(block)[1] for block in examples(guide)}
    assert set(FILES) - shown == {"phrases", "towns"}  # changed like any text; nobody adds one from a guide


def test_both_guides_have_the_same_parts_and_examples() -> None:
    """Staff on either side of the border must be able to do the same."""
    english, spanish = GUIDES
    levels = [[mark for mark, _ in HEADING.findall(prose(guide))] for guide in GUIDES]
    assert levels[0] == levels[1]
    assert [block.text for block in examples(english)] == [block.text for block in examples(spanish)]
    assert [block.kind for block in blocks(english)] == [block.kind for block in blocks(spanish)]
    tables = [sum(line.startswith("|") for line in prose(guide).splitlines()) for guide in GUIDES]
    assert tables[0] == tables[1]


def test_the_answer_that_the_guides_add_passes_the_check(tmp_path: Path) -> None:
    """Who follows "Add an answer" step by step ends with content that can be published."""
    for folder in ("content", "flows"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    guide = text_of(GUIDES[0]).split("\n## Add an answer\n")[1].split("\n## ")[0]
    answer, flow = (Block(kind, text) for _, kind, text in FENCE.findall(guide) if kind == "yaml")
    (tmp_path / example_kind(answer)[0]).write_text(answer.text, encoding="utf-8")
    add_to_flow(tmp_path / "flows", flow)
    name = Path(example_kind(answer)[0]).stem
    faults = [fault for fault in check(tmp_path, date(2026, 11, 22)) if name in f"{fault} {fault.path}"]
    assert [str(fault) for fault in faults] == []


def add_to_flow(folder: Path, example: Block) -> None:
    """Put the last line of an example below the list that it shows the end of, wherever that node stands."""
    *above, new = example.text.splitlines()
    shown = "\n".join(above[1:]) + "\n"
    files = [file for file in folder.glob("*.yaml") if shown in file.read_text(encoding="utf-8")]
    assert len(files) == 1, "the shipped flow no longer looks as the guide shows it"
    text = files[0].read_text(encoding="utf-8")
    files[0].write_text(text.replace(shown, f"{shown}{new}\n"), encoding="utf-8")


def test_the_fee_that_the_documents_change_is_there() -> None:
    """The five-minute walk must lead somewhere."""
    facts = yaml_source.read(ROOT, ROOT / "content" / "facts.yaml").plain()
    assert "bz_exit_total" in text_of(ROOT / "README.md")
    for guide in GUIDES:
        shown = yaml_source.parse("", examples(guide)[0].text).plain()
        assert facts["bz_exit_total"].keys() == shown["bz_exit_total"].keys()


def test_shipped_ids_that_the_examples_name_exist() -> None:
    """Examples that use a real node, place or source keep up with it."""
    pattern = re.compile(r"\{(?:place|phone|hours):([\w-]+)\}")
    places = yaml_source.read(ROOT, ROOT / "content" / "places.yaml").plain()
    sources = yaml_source.read(ROOT, ROOT / "content" / "sources.yaml").plain()
    for block in examples(GUIDES[0]):
        tree = yaml_source.parse("", block.text).tree
        assert set(pattern.findall(block.text)) <= set(places)
        assert tree is not None
        assert set(listed(tree, "sources")) <= set(sources)


def listed(tree: yaml_source.Tree, key: str) -> Iterator[str]:
    """The items of every list under this key."""
    if isinstance(tree, ListTree):
        for item in tree.items:
            yield from listed(item, key)
    elif isinstance(tree, MapTree):
        for entry in tree.entries:
            if entry.key == key:
                yield from yaml_source.plain(entry.value)
            else:
                yield from listed(entry.value, key)


# --- how to write a test ----------------------------------------------------------------------------------------


def test_the_example_of_a_transcript_can_be_played() -> None:
    """Who copies it into a file has a test."""
    shown = next(block.text for block in blocks(ROOT / "docs" / "testing.md") if block.kind == "text")
    script = read_script(shown)
    assert script.lines == ("danjer", "[wait 2h]", "x")
    assert all(line.startswith((THEM, BOT, FACTS, "    | ", "#", "channel:")) for line in shown.splitlines())
