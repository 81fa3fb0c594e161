"""Our own files for the pages, under addresses that change with what is in them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

STATIC = Path(__file__).with_name("static")


def static_url(name: str) -> str:
    """The address of a file."""
    return f"/static/{name}?v={digest_of(name)}"


def digest_of(name: str) -> str:
    """A short digest of a file; "" when there is none."""
    file = STATIC / name
    return _digest(file, file.stat().st_mtime_ns) if file.is_file() else ""


@cache
def _digest(file: Path, _changed_ns: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
