"""The folder where sealed complaints wait for the focal point: one file each, named by its reference.

It is apart from the store of sessions and tickets, so that it outlives what the bot erases (safety, retention table). A
file appears whole or not at all, and is on the disk before anybody is told that it was taken. The date of a complaint is
that of its file. Those that were dealt with are moved to a folder beside it.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

SUFFIX = ".age"
DONE = "done"
FILE_MODE = 0o600
FOLDER_MODE = 0o700

_REFERENCE = re.compile(r"Q-[0-9A-Z]{8}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A complaint in the box, as far as it can be seen without the key."""

    reference: str
    at: datetime
    due: datetime

    def is_overdue(self, now: datetime) -> bool:
        return now > self.due


class ComplaintBox:
    """Puts sealed complaints down and lists them. Safe to use from any thread and process. Raises OSError."""

    def __init__(self, folder: Path, days: int) -> None:
        self._folder = folder
        self._limit = timedelta(days=days)

    def put(self, reference: str, sealed: bytes, at: datetime) -> bool:
        """Write a complaint down for good. False if it is there already: the same message came again."""
        final = self._file(reference)
        if final.exists() or (self._folder / DONE / final.name).exists():
            return False
        self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self._folder, prefix=".draft-")  # mkstemp gives mode 600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(sealed)
                file.flush()
                os.utime(draft, (at.timestamp(), at.timestamp()))
                os.fsync(file.fileno())
            os.link(draft, final)  # fails if another process was first: never written over
        except FileExistsError:
            return False
        finally:
            os.unlink(draft)
        _sync(self._folder)
        return True

    def take_back(self, reference: str) -> None:
        """Remove a complaint of which nobody was told, because its message turned out to mean something else."""
        self._file(reference).unlink(missing_ok=True)

    def read(self, reference: str) -> bytes:
        """A sealed complaint, also one that was dealt with. Raises FileNotFoundError."""
        file = self._file(reference)
        try:
            return file.read_bytes()
        except FileNotFoundError:
            return (self._folder / DONE / file.name).read_bytes()

    def done(self, reference: str) -> None:
        """Put a complaint aside that was dealt with. Raises FileNotFoundError."""
        file = self._file(reference)
        if not file.exists():
            raise FileNotFoundError(reference)
        (self._folder / DONE).mkdir(mode=FOLDER_MODE, exist_ok=True)
        os.replace(file, self._folder / DONE / file.name)
        _sync(self._folder)

    def waiting(self) -> list[Kept]:
        """Those not dealt with yet, oldest first."""
        if not self._folder.is_dir():
            return []
        found = []
        for file in self._folder.glob(f"*{SUFFIX}"):
            if _REFERENCE.fullmatch(file.stem):
                at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                found.append(Kept(file.stem, at, at + self._limit))
        return sorted(found, key=lambda kept: (kept.at, kept.reference))

    def _file(self, reference: str) -> Path:
        if not _REFERENCE.fullmatch(reference):  # it becomes part of a path
            raise FileNotFoundError(reference)
        return self._folder / f"{reference}{SUFFIX}"


def _sync(folder: Path) -> None:
    """Make the name of a file as durable as its content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
