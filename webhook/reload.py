"""Follows the files that staff edit: a changed folder is checked, then every worker switches; a faulty one changes
nothing, and says why.

Each process holds one catalogue and looks for changes every second. The full check takes seconds, so it runs once per
change for all processes of a machine, in a process of its own; its verdict lies in `var/`, named by a hash of the
content, and the others read it there.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from bot.catalogue import Catalogue
from bot.faults import ContentFaults
from bot.loading import content_version, load_catalogue
from webhook.observe import Metrics, fault_of

SCAN_EVERY_S = 1.0
CHECK_TIMEOUT_S = 120
AGAIN_AFTER_LOOKS = 30
MAX_REASONS = 20
MAX_VERDICTS = 20
FOLDERS = ("flows", "content")

Fingerprint = frozenset[tuple[str, int, int]]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a version of the content may be shown. `reasons` are sentences for staff, with file and line."""

    passed: bool
    reasons: tuple[str, ...] = ()


Prepare = Callable[[Catalogue], Catalogue]
"""Gives a catalogue what it needs besides the files: the model of its examples."""


def as_it_is(catalogue: Catalogue) -> Catalogue:
    """A catalogue without a model: what is no name and no example is not understood."""
    return catalogue


def load_warm(root: Path, *, show_unconfirmed: bool, prepare: Prepare = as_it_is) -> Catalogue:
    """The catalogue of a project folder, with everything built that it would else build for the first person.

    Raises ContentFaults.
    """
    catalogue = prepare(load_catalogue(root, show_unconfirmed=show_unconfirmed))
    catalogue.warm()
    return catalogue


class CatalogueHolder:
    """The catalogue that counts now, and what is wrong with the files when they are newer than it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._current = catalogue
        self.reasons: tuple[str, ...] = ()

    @property
    def current(self) -> Catalogue:
        """Take it once per turn: it can be another one a moment later."""
        return self._current

    def switch(self, catalogue: Catalogue) -> None:
        """Show another catalogue from the next turn on."""
        self._current = catalogue
        self.reasons = ()

    def refine(self, catalogue: Catalogue) -> bool:
        """Show the same content better understood, unless other content counts by now."""
        if catalogue.version != self._current.version:
            return False
        self._current = catalogue
        return True

    def keep(self, reasons: tuple[str, ...]) -> None:
        """Go on with the present one; the files on disk have these faults."""
        self.reasons = reasons[:MAX_REASONS] or ("The content could not be checked.",)


class CheckUnfinished(Exception):
    """The check gave no verdict: it was too slow, or could not be started. It is tried again."""


Check = Callable[[Path, str], Verdict]
"""Judges a version of the content in a project folder. Raises CheckUnfinished."""


class Reloader:
    """Looks for changes and switches. `tick` is one look, and says whether it switched.

    A change is acted on when two looks in a row see the same: an editor who saves five files gets one check.
    """

    def __init__(
        self,
        holder: CatalogueHolder,
        root: Path,
        *,
        show_unconfirmed: bool,
        check: Check,
        prepare: Prepare = as_it_is,
        last_good: "LastGood | None" = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._holder = holder
        self._root = root
        self._show_unconfirmed = show_unconfirmed
        self._check = check
        self._prepare = prepare
        self._last_good = last_good
        self._metrics = metrics
        self._seen = fingerprint(root)
        self._done: Fingerprint | None = None
        self._wait_looks = 0
        self._stop = threading.Event()

    def start(self) -> None:
        """Look every second until the process ends."""
        threading.Thread(target=self._run, name="reload", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(SCAN_EVERY_S):
            try:
                self.tick()
            except Exception as error:  # the old catalogue still answers; a watcher that died would hide every edit
                log.error("reload_failed", **fault_of(error))
                self._count("failed")

    def tick(self) -> bool:
        """Look once. True if another catalogue counts now."""
        now = fingerprint(self._root)
        settled, self._seen = now == self._seen, now
        self._wait_looks -= 1
        if not settled or now == self._done or self._wait_looks > 0:
            return False
        version = content_version(self._root)
        if version == self._holder.current.version:
            self._holder.switch(self._holder.current)  # a faulty edit was taken back
            self._done = now
            return False
        try:
            verdict = self._check(self._root, version)
        except CheckUnfinished as error:
            self._wait_looks = AGAIN_AFTER_LOOKS
            self._refuse(version, (str(error),))
            return False
        switched, self._done = self._follow(version, verdict), now
        if fingerprint(self._root) != now:  # somebody saved in between: the next looks judge that
            self._done = None
        return switched

    def _follow(self, version: str, verdict: Verdict) -> bool:
        if not verdict.passed:
            self._refuse(version, verdict.reasons)
            return False
        try:
            catalogue = load_warm(self._root, show_unconfirmed=self._show_unconfirmed, prepare=self._prepare)
        except ContentFaults as faults:
            self._refuse(version, tuple(str(fault) for fault in faults.faults))
            return False
        if catalogue.version != version:
            return False
        self._holder.switch(catalogue)
        log.info("content_switched", version=version)
        self._count("switched")
        if self._last_good:
            self._last_good.keep(self._root, version)
        return True

    def _refuse(self, version: str, reasons: tuple[str, ...]) -> None:
        self._holder.keep(reasons)
        log.error("content_refused", version=version, faults=len(reasons), first=_where(reasons))
        self._count("refused")

    def _count(self, result: str) -> None:
        if self._metrics:
            self._metrics.reloads.labels(result).inc()


def _where(reasons: tuple[str, ...]) -> str:
    """File and line of the first reason: enough to find it, and none of the words in it."""
    found = _FILE_AND_LINE.match(reasons[0]) if reasons else None
    return found.group() if found else ""


_FILE_AND_LINE = re.compile(r"[^\s:]+:\d+(?=:)")


def fingerprint(root: Path) -> Fingerprint:
    """What the folders look like from outside: path, time and size of every file. Cheap enough for every second."""
    return frozenset(_entries(root))


def _entries(root: Path) -> Iterator[tuple[str, int, int]]:
    folders = [os.fspath(root / name) for name in FOLDERS]
    while folders:
        try:
            with os.scandir(folders.pop()) as found:
                for entry in found:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.name.endswith(".yaml"):
                        stat = entry.stat()
                        yield entry.path, stat.st_mtime_ns, stat.st_size
        except FileNotFoundError:  # removed while we look: the next look sees it gone
            continue


class SharedCheck:
    """Runs the full check once per version for all processes that share `var`, and remembers the verdict there."""

    def __init__(
        self, var: Path, command: tuple[str, ...] = (sys.executable, "-m", "webhook.cli", "check", "--json")
    ) -> None:
        self._folder = var / "checks"
        self._command = command

    def __call__(self, root: Path, version: str) -> Verdict:
        """The verdict on a version, waiting for whoever is at it already."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / f"{version}.json"
        with _locked(self._folder / "lock"):
            known = _read(file)
            if known is None:
                known = run_check(self._command, root)
                _write(file, known)
                _forget_old(self._folder)
        return known


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One process at a time. The lock goes with its holder, also when that one is killed."""
    with open(file, "a", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run_check(command: tuple[str, ...], root: Path) -> Verdict:
    """The verdict of `ventanilla check --json` on a project folder, run at low priority beside the answering.

    Raises CheckUnfinished.
    """
    environ = {**os.environ, "VENTANILLA_ROOT": os.fspath(root)}
    environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    try:
        done = subprocess.run(
            ["nice", "-n", "10", *command], cwd=root, env=environ, capture_output=True, timeout=CHECK_TIMEOUT_S, check=False
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CheckUnfinished("The check did not finish.") from error
    if done.returncode == 0:
        return Verdict(True)
    reasons = _reasons(done.stdout)
    if not reasons:
        raise CheckUnfinished("The check did not finish.")
    return Verdict(False, reasons)


def _reasons(output: bytes) -> tuple[str, ...]:
    """The errors in what the check printed, one sentence each."""
    try:
        return tuple(_sentence(fault) for fault in json.loads(output) if fault["severity"] == "error")
    except (ValueError, KeyError, TypeError):
        return ()


def _sentence(fault: dict[str, Any]) -> str:
    return f"{fault['file']}:{fault['line']}: {fault['what']} {fault['mend']}"


def _read(file: Path) -> Verdict | None:
    try:
        passed, reasons = json.loads(file.read_text(encoding="utf-8"))
        return Verdict(bool(passed), tuple(map(str, reasons)))
    except (OSError, ValueError, TypeError):
        return None


def _write(file: Path, verdict: Verdict) -> None:
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps([verdict.passed, verdict.reasons], ensure_ascii=False), encoding="utf-8")
    draft.replace(file)


def _forget_old(folder: Path) -> None:
    """Keep the newest verdicts only."""
    verdicts = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in verdicts[MAX_VERDICTS:]:
        file.unlink(missing_ok=True)


class LastGood:
    """A copy in `var/` of the last content that was shown, for a process that must start while the files are faulty."""

    def __init__(self, var: Path) -> None:
        self._folder = var / "last-good"

    def keep(self, root: Path, version: str) -> None:
        """Copy the folders, if they are still what was shown. Done once for all processes; a failure is only logged."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self._folder / "lock"):
                if not (self._folder / version).exists():
                    self._copy(root, version)
        except OSError as error:
            log.warning("last_good_not_kept", **fault_of(error))

    def load(self, *, show_unconfirmed: bool, prepare: Prepare = as_it_is) -> Catalogue | None:
        """The catalogue of the copy, if there is one that this version of the program can read."""
        copies = sorted(_versions(self._folder), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for copy in copies:
            try:
                return load_warm(copy, show_unconfirmed=show_unconfirmed, prepare=prepare)
            except (ContentFaults, OSError):
                continue
        return None

    def _copy(self, root: Path, version: str) -> None:
        draft = Path(tempfile.mkdtemp(dir=self._folder, prefix="."))
        try:
            for name in FOLDERS:
                shutil.copytree(root / name, draft / name)
            if content_version(draft) != version:
                return
            older = list(_versions(self._folder))
            draft.rename(self._folder / version)
            for folder in older:
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _versions(folder: Path) -> Iterator[Path]:
    """The copies that are complete."""
    if folder.is_dir():
        yield from (entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
