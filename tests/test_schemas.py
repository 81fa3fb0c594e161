"""The JSON Schemas that help editors: committed, up to date, and in agreement with the files and with the check."""

from __future__ import annotations

import json
from datetime import date
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from bot.file_models import FILES
from bot.loading import content_files
from bot.schemas import FOLDER, schema_files

ROOT = Path(__file__).parent.parent
SHIPPED = [(kind, file.relative_to(ROOT).as_posix()) for kind, file in content_files(ROOT)]


@cache
def validator(kind: str) -> Draft202012Validator:
    schema = json.loads((ROOT / FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def as_an_editor_reads(text: str) -> Any:
    """YAML 1.2 with numbers and yes/no as an editor takes them; days stay text, as in JSON."""
    return _plain(YAML(typ="safe", pure=True).load(text))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("path", sorted(schema_files()))
def test_committed_schemas_are_up_to_date(path: str) -> None:
    """`ventanilla schemas` writes them; a changed shape must not leave an old schema behind."""
    assert (ROOT / path).read_text(encoding="utf-8") == schema_files()[path]


@pytest.mark.parametrize(("kind", "path"), SHIPPED, ids=[path for _, path in SHIPPED])
def test_every_shipped_file_fits_its_schema(kind: str, path: str) -> None:
    """An editor that underlines a good file teaches people to ignore the underlining."""
    found = as_an_editor_reads((ROOT / path).read_text(encoding="utf-8"))
    assert [error.message for error in validator(kind).iter_errors(found)] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("answer", "label:\n  en: One\nsensitve: true\n"),
        ("answer", "text: hello\n"),
        ("flow", "main:\n  menus:\n    - work\n"),
        ("flow", "main:\n  menu: work\n"),
        ("facts", "fee:\n  amount: 3\n  currency: EUR\n"),
        ("facts", "Fee:\n  amount: 3\n"),
        ("places", "hub:\n  name: Hub\n  country: guatemala\n"),
        ("question", "kind: guess\ntext:\n  en: What?\n"),
    ],
)
def test_schemas_refuse_what_the_check_refuses(kind: str, text: str) -> None:
    """Otherwise they would help nobody."""
    assert list(validator(kind).iter_errors(as_an_editor_reads(text))) != []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("places", "hub:\n  name: Hub\n  country: mexico\n  hours: 24h\n  phones: 911\n"),
        ("flow", "guide:\n  ask: nationality\n"),
        ("helplines", "x:\n  name: X\n  country: belize\n  kinds:\n    - a\n  number:\n    belize: 911\n"),
    ],
)
def test_schemas_allow_the_short_forms(kind: str, text: str) -> None:
    """One thing may stand without its hyphen, and a number without quotation marks."""
    assert list(validator(kind).iter_errors(as_an_editor_reads(text))) == []


@pytest.mark.parametrize(("kind", "path"), SHIPPED, ids=[path for _, path in SHIPPED])
def test_the_editor_settings_map_every_file_to_its_schema(kind: str, path: str) -> None:
    """Each file to one, and to the right one."""
    settings = json.loads((ROOT / ".vscode/settings.json").read_text(encoding="utf-8"))
    mapped = [schema for schema, patterns in settings["yaml.schemas"].items() if _matches(path, patterns)]
    assert mapped == [f"./{FOLDER}/{kind}.json"]


def _matches(path: str, patterns: list[str]) -> bool:
    """As an editor matches: a star stays within a folder, and a pattern with "!" takes back."""
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    unwanted = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return any(_fits(path, pattern) for pattern in wanted) and not any(_fits(path, pattern) for pattern in unwanted)


def _fits(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and fnmatch(path, pattern)


def test_there_is_a_schema_for_every_kind_of_file() -> None:
    assert {Path(path).stem for path in schema_files() if path.startswith(FOLDER)} == set(FILES)
