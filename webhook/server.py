"""Serves the app over HTTP with granian: several processes, each answering one message at a time.

One thread a process: a turn is nearly all Python, so a second thread would only wait for the first. Where the system can
fork, the content is loaded once, before, and shared by all. The processes never outlive the one that started them, even
when it is killed: an orphan would keep the port, and answer with old files.
"""

import ctypes
import gc
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from granian.constants import Interfaces
from granian.server import Server

from bot.catalogue import Catalogue
from webhook.app import load_content
from webhook.learned import Models
from webhook.observe import MULTIPROCESS_DIR, set_up_logging
from webhook.reload import LastGood
from webhook.settings import Settings

APP = "webhook.wsgi:app"
PARENT = "VENTANILLA_PARENT"
WORKER_STOPS_WITHIN_S = 5
AGAIN_AFTER_S = 1.0

_PR_SET_PDEATHSIG = 1

log = structlog.get_logger()

_preloaded: Catalogue | None = None


def preloaded() -> Catalogue | None:
    """What the starting process has loaded for this worker; None where workers begin empty."""
    return _preloaded


def serve(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int | None = None,
    threads: int = 1,
    app: str = APP,
    environ: MutableMapping[str, str] = os.environ,
    announce: Callable[[], None] | None = None,
    beside: AbstractContextManager[object] | None = None,
) -> None:
    """Serve until told to stop (SIGTERM, SIGINT). A worker that dies is replaced.

    `announce` is called once there is something to serve: nobody is told that it runs before faulty content ends it.
    `beside` is what else runs while it serves; it begins when the content is there, and may be forked from here.

    The workers read the settings themselves, from the environment that they inherit. Raises ContentFaults when there is
    no content that could be served.
    """
    global _preloaded
    prepare(settings, environ)
    set_up_logging(production=settings.is_production)
    models = Models(settings.models, settings.root)
    catalogue = load_content(settings, LastGood(settings.var), models, _preloaded).current
    if announce is not None:
        announce()
    if can_fork():
        _preloaded = catalogue
        gc.freeze()  # what is shared stays shared: the collector would write into it
    multiprocessing.set_start_method("fork" if can_fork() else "spawn", force=True)
    make = partial(_server, app, host, port, workers or default_workers(), threads)
    if beside is None:
        make().serve()
    else:
        with beside:
            _serve_on(make)


def _server(app: str, host: str, port: int, workers: int, threads: int) -> Any:
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=WORKER_STOPS_WITHIN_S,
        log_access=False,
        log_dictconfig=_server_log(),
    )


def _serve_on(make: Callable[[], Any]) -> None:
    """Serve, and begin again when the server itself gives up (a worker that died twice within seconds).

    What runs beside must not end for that. Alone it does end: whoever started it starts it again.
    """
    while True:
        server = make()
        try:
            server.serve()
        except SystemExit:
            if server.interrupt_signal:
                raise
        if server.interrupt_signal:
            return
        log.error("web_gave_up", again_in_s=AGAIN_AFTER_S)
        again_at = time.monotonic() + AGAIN_AFTER_S
        while time.monotonic() < again_at:
            time.sleep(0.1)
            if server.interrupt_signal:  # its handlers are still those that count
                return


def can_fork() -> bool:
    """Whether workers may begin as copies: not where the counters' library was already told that it works alone."""
    return sys.platform == "linux" and "prometheus_client" not in sys.modules


def default_workers() -> int:
    """One for each core this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def prepare(settings: Settings, environ: MutableMapping[str, str]) -> None:
    """Put into the environment what the workers must find there: the folders, the parent, a fresh one for counters."""
    settings.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    counters = _fresh_counters(settings.var / "metrics")
    environ["VENTANILLA_ENV"] = settings.environment.value
    environ["VENTANILLA_ROOT"] = os.fspath(settings.root)
    environ["VENTANILLA_VAR"] = os.fspath(settings.var)
    environ["VENTANILLA_MODELS"] = os.fspath(settings.models)
    environ["VENTANILLA_LEARN"] = "1" if settings.learns else "0"
    environ["PUBLIC_BASE_URL"] = settings.public_base_url
    environ["CONSOLE_BASE_URL"] = settings.console_url
    if settings.redis_url:
        environ["REDIS_URL"] = settings.redis_url
    if settings.stateless:
        environ["VENTANILLA_STATELESS"] = "1"
    environ[MULTIPROCESS_DIR] = os.fspath(counters)
    environ[PARENT] = str(os.getpid())


def _fresh_counters(folder: Path) -> Path:
    """An empty folder for the counters of this server. Those of servers that are gone are removed."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.iterdir():
        if not (old.name.isdigit() and _is_running(int(old.name))):
            shutil.rmtree(old, ignore_errors=True)
    own = folder / str(os.getpid())
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(mode=0o700)
    return own


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end_with_parent(environ: MutableMapping[str, str] = os.environ) -> None:
    """In a worker: end when the process that started us ends, however it ends."""
    written = environ.get(PARENT, "")
    if not written.isdigit() or int(written) != os.getppid():
        if written and multiprocessing.parent_process() is not None:
            os._exit(1)  # it ended before we got here
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_watch_parent, args=[int(written)], name="parent", daemon=True).start()


def _watch_parent(parent: int) -> None:
    """Where the kernel does not tell us, look."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _server_log() -> dict[str, Any]:
    """Granian's own lines (start, stop, a worker lost), on standard error beside our events."""
    return {
        "formatters": {"generic": {"()": "logging.Formatter", "fmt": "%(message)s"}},
        "handlers": {
            "console": {"formatter": "generic", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"},
        },
        "loggers": {
            "_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            "granian.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        },
    }
