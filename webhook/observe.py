"""What an operator can see from outside: log events and counters. Neither holds a word or a number of a person.

A log event is a name and fields. Fields that could identify somebody are dropped here, whatever the caller passes, and
of what a library logs only the place is kept, since its message may quote a form. Counters work across processes: with
`PROMETHEUS_MULTIPROC_DIR` set (see `webhook/server.py`) every worker writes into one folder and each can add them up.
The library looks at that name when it is imported, and so is imported by the workers only.
"""

import logging
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

MULTIPROCESS_DIR = "PROMETHEUS_MULTIPROC_DIR"

TURN_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0)

_PERSONAL = frozenset(
    {
        "address", "body", "echo", "email", "exc_info", "exception", "form", "latitude", "location", "longitude", "name",
        "number", "params", "payload", "person", "phone", "recipient", "reply", "sender", "stack", "stack_info",
        "tapped", "text", "to", "user_id", "utterance", "words",
    }
)  # fmt: skip
_PERSONAL_PREFIXES = ("from", "to_", "body", "text", "phone", "wa_id", "profile")
_OUR_PACKAGES = (str(Path(__file__).parent), str(Path(__file__).parent.parent / "bot"))
_QUIET = ("werkzeug", "granian.access", "httpx", "urllib3", "rasa_sdk", "sanic.access")


def set_up_logging(*, production: bool) -> None:
    """Send events to standard error: as JSON in production, readable in development."""
    renderer: Any = structlog.processors.JSONRenderer() if production else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_personal_fields,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_PlaceOnly()]
    root.setLevel(logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)


def without_personal_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event without fields that may hold a person's words or address. A processor of structlog."""
    for name in [name for name in event if name in _PERSONAL or name.startswith(_PERSONAL_PREFIXES)]:
        del event[name]
    return event


class _PlaceOnly(logging.Handler):
    """Turns what a library logs into an event of ours that says where, and not what."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"library": record.name, "place": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[0]:
            fields["error"] = record.exc_info[0].__name__
        structlog.get_logger().warning("library_warned", **fields)


def fault_of(error: BaseException) -> dict[str, str]:
    """The fields that describe an exception: its type and the place in our code, never its message."""
    return {"error": type(error).__name__, "place": _place(error.__traceback__)}


def _place(traceback: TracebackType | None) -> str:
    """The innermost line of our own, which says more than one inside a library."""
    place = ""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not place or code.co_filename.startswith(_OUR_PACKAGES):
            place = f"{Path(code.co_filename).stem}:{traceback.tb_lineno} {code.co_name}"
        traceback = traceback.tb_next
    return place


class Metrics:
    """The counters of one app."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter that nobody reads
        self._registry = CollectorRegistry()
        self.turns = Counter(
            "ventanilla_turns", "Messages answered.", ["outcome", "channel", "language"], registry=self._registry
        )
        self.seconds = Histogram(
            "ventanilla_turn_seconds", "Time from the webhook's start to its reply.", ["channel"],
            buckets=TURN_SECONDS, registry=self._registry,
        )  # fmt: skip
        self.dangers = Counter(
            "ventanilla_dangers", "Messages that told of danger.", ["tier", "channel"], registry=self._registry
        )
        self.reports = Counter(
            "ventanilla_reports", "Times a page for complaints or false numbers was opened.", ["node"],
            registry=self._registry,
        )  # fmt: skip
        self.complaints = Counter(
            "ventanilla_complaints", "Complaints written in the chat: taken, or failed to be kept.", ["result"],
            registry=self._registry,
        )  # fmt: skip
        self.repeats = Counter("ventanilla_repeats", "Messages that came again.", registry=self._registry)
        self.conflicts = Counter(
            "ventanilla_conflicts", "Turns stepped again because another was first.", registry=self._registry
        )
        self.store_errors = Counter(
            "ventanilla_store_errors", "Turns for which the store could not be used.", registry=self._registry
        )
        self.forgotten = Counter("ventanilla_forgotten", "Messages answered without memory.", registry=self._registry)
        self.store_events = Counter(
            "ventanilla_store_events", "What happened to records, by name.", ["event"], registry=self._registry
        )
        self.action_failures = Counter(
            "ventanilla_action_failures", "Actions that failed or came too late.", ["action"], registry=self._registry
        )
        self.refused = Counter("ventanilla_refused", "Webhooks turned away.", ["reason"], registry=self._registry)
        self.unexpected = Counter(
            "ventanilla_unexpected_errors", "Errors of ours, answered with the safe reply.", registry=self._registry
        )
        self.receipts = Counter(
            "ventanilla_receipts", "Delivery receipts.", ["status", "error_class"], registry=self._registry
        )
        self.reloads = Counter(
            "ventanilla_reloads", "Changed content, by what became of it.", ["result"], registry=self._registry
        )

    @property
    def content_type(self) -> str:
        """Of the exposition."""
        from prometheus_client import CONTENT_TYPE_LATEST

        return CONTENT_TYPE_LATEST

    def exposition(self) -> bytes:
        """All counters in Prometheus' text format, of all workers together where there are several."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        if os.environ.get(MULTIPROCESS_DIR):
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # the library has no types here
            return generate_latest(together)
        return generate_latest(self._registry)
