"""The JSON Schemas of the files that staff edit, for editors that complete and underline while one types.

Generated from the same shapes that reading checks against (`bot/file_models.py`), so the two cannot differ. Where we
read every value as the text that was typed, an editor takes 911 for a number: the schemas allow both.
"""

import json
from collections.abc import Mapping
from typing import Any

from bot.file_models import FILES
from bot.loading import adapter

FOLDER = "content/.schemas"

GLOBS: Mapping[str, tuple[str, ...]] = {
    "answer": ("content/*/*.yaml", "!content/questions/*.yaml", "!content/danger/*.yaml"),
    "question": ("content/questions/*.yaml",),
    "danger": ("content/danger/*.yaml",),
    "flow": ("flows/*.yaml",),
}


def schema_files() -> dict[str, str]:
    """Every schema file by its path, and the settings that tell Visual Studio Code which belongs to what."""
    files = {f"{FOLDER}/{kind}.json": _written(_schema(kind)) for kind in FILES}
    files[".vscode/settings.json"] = _written(_editor_settings())
    return files


def _schema(kind: str) -> dict[str, Any]:
    shape = _typed(adapter(kind).json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape, "title": kind}


def _typed(schema: Any) -> Any:
    """A schema in which every text may look like a number or a yes, as it may in the files."""
    if isinstance(schema, list):
        return [_typed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    typed = {key: _typed(value) for key, value in schema.items()}
    if typed.get("type") == "string" and "enum" not in typed and "const" not in typed:
        typed["type"] = ["string", "number", "boolean"]
    if "patternProperties" in typed:
        typed["additionalProperties"] = False
    return typed


def _editor_settings() -> dict[str, Any]:
    globs = {kind: GLOBS.get(kind, (f"content/{kind}.yaml",)) for kind in FILES}
    return {
        "yaml.schemas": {f"./{FOLDER}/{kind}.json": list(patterns) for kind, patterns in globs.items()},
        "[yaml]": {"editor.insertSpaces": True, "editor.tabSize": 2, "editor.wordWrap": "on", "files.eol": "\n"},
        "files.encoding": "utf8",
        "files.trimTrailingWhitespace": True,
        "files.insertFinalNewline": True,
    }


def _written(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
