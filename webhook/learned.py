"""Gives catalogues that understand: with the model of their examples, kept in a folder or learned.

What is learned depends on the examples and on nothing else of the content, so a changed fee costs nothing. Learning
takes minutes and gigabytes, so a server has it done by a process of its own; meanwhile it answers with the model of the
examples before, and knows the new ones word for word.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot.catalogue import Catalogue
from bot.understanding import learning
from bot.understanding.encoder import Encoder
from bot.understanding.labelled import TUNING, Labelled, read_labelled
from bot.understanding.model import Model
from webhook.observe import fault_of
from webhook.reload import CatalogueHolder

LOOK_EVERY_S = 2.0
LEARN_WITHIN_S = 1800

log = structlog.get_logger()


def _silent(_: str) -> None:
    """Tells nobody."""


@dataclass
class Models:
    """The models kept in a folder, for the content of a project folder. Safe to use from any thread."""

    folder: Path
    root: Path
    _encoder: list[Encoder | None] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ready(self, catalogue: Catalogue) -> Catalogue:
        """The catalogue with the model of its examples; else with the newest there is; else as it is."""
        model = learning.find(catalogue, self.folder, self.tuning()) or learning.newest(self.folder)
        return self._with(catalogue, model) if model else catalogue

    def is_current(self, catalogue: Catalogue) -> bool:
        """Whether it understands by the model of its very examples."""
        return catalogue.model is not None and catalogue.model.version == learning.version_of(catalogue, self.tuning())

    def learned(self, catalogue: Catalogue, tell: Callable[[str], None] = _silent) -> Catalogue:
        """The catalogue with the model of its examples, learned now if need be. Others who want it wait, and find it."""
        found = self.ready(catalogue)
        if self.is_current(found):
            return found
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self.ready(catalogue)
            if self.is_current(found):
                return found
            return self._with(catalogue, learning.learn(catalogue, self.folder, self.tuning(), tell))

    def tuning(self) -> tuple[Labelled, ...]:
        """The messages that thresholds are chosen from."""
        return tuple(read_labelled(self.root, TUNING))

    def _with(self, catalogue: Catalogue, model: Model) -> Catalogue:
        return catalogue.with_model(model, self.encoder() if model.needs_encoder else None)

    def encoder(self) -> Encoder | None:
        """One for all catalogues. It computes in one thread: many turns at once are better served so."""
        with self._lock:
            if not self._encoder:
                self._encoder.append(learning.encoder_in(self.folder))
                _compute_in_one_thread()
                if self._encoder[0] is None:
                    log.warning("encoder_missing", effect="messages are understood by their spelling alone")
            return self._encoder[0]


def _compute_in_one_thread() -> None:
    """More threads would wait for each other, and for those of other workers."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")


class Learner:
    """Has the model of new examples learned beside the answering, and shows it. `tick` is one look."""

    def __init__(self, holder: CatalogueHolder, models: Models, learn: Callable[[Models], bool] | None = None) -> None:
        self._holder = holder
        self._models = models
        self._learn = learn or learn_beside
        self._done = ""
        self._stop = threading.Event()

    def start(self) -> None:
        """Look every few seconds until the process ends."""
        threading.Thread(target=self._run, name="learn", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            try:
                self.tick()
            except Exception as error:  # what is known already still answers
                log.error("learning_failed", **fault_of(error))

    def tick(self) -> bool:
        """Look once. True if what was learned is in use now."""
        catalogue = self._holder.current
        if catalogue.version == self._done:
            return False
        self._done = catalogue.version
        if self._models.is_current(catalogue):
            return False
        log.info("learning", version=catalogue.version)
        if not self._learn(self._models):
            log.error("learning_failed", version=catalogue.version)
            return False
        refined = self._models.ready(catalogue)
        if not self._models.is_current(refined):  # the files have changed since: the next look learns those
            return False
        refined.warm()
        return self._holder.refine(refined)


def learn_beside(models: Models) -> bool:
    """Learn in another process, at low priority. Whether it came to its end."""
    environ = {**os.environ, "VENTANILLA_ROOT": os.fspath(models.root), "VENTANILLA_MODELS": os.fspath(models.folder)}
    environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    try:
        done = subprocess.run(
            ["nice", "-n", "10", sys.executable, "-m", "webhook.cli", "learn"],
            cwd=models.root, env=environ, capture_output=True, timeout=LEARN_WITHIN_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
