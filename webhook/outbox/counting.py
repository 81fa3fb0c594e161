"""What an operator sees of a sender: counters and gauges for Prometheus. None holds anything about a person."""

from __future__ import annotations

import threading

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest

from webhook.outbox.entries import Entry
from webhook.outbox.outcomes import Came, Verdict

log = structlog.get_logger()


class SenderMetrics:
    """The counters of one sender process."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter that nobody reads
        registry = self._registry = CollectorRegistry()
        self._sent = Counter("ventanilla_sent", "Messages accepted.", ["channel", "kind"], registry=registry)
        self._failed = Counter(
            "ventanilla_send_failures", "Attempts that failed.", ["came", "error_class"], registry=registry
        )
        self._later = Counter(
            "ventanilla_failed_later", "Failures told after acceptance, by what followed.", ["what"], registry=registry
        )
        self._unknown = Counter(
            "ventanilla_send_unknown", "Looks after an attempt of unknown outcome.", registry=registry
        )
        self._resent = Counter("ventanilla_resent", "Messages sent again that may be double.", registry=registry)
        self._given_up = Counter("ventanilla_given_up", "Messages given up.", ["reason"], registry=registry)
        self._missed = Counter(
            "ventanilla_missed_inbound", "Messages found by listing, by what followed.", ["what"], registry=registry
        )
        self._alarms = Counter("ventanilla_send_alarms", "Failures an operator must look at.", registry=registry)
        self.waiting = Gauge(
            "ventanilla_outbox_people",
            "People with something to send.",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.overdue_s = Gauge(
            "ventanilla_outbox_overdue_seconds",
            "The longest overdue.",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.letters = Gauge(
            "ventanilla_outbox_given_up",
            "Messages given up that are still kept.",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.spent_usd = Gauge(
            "ventanilla_spent_usd", "Spent today, by estimate.", registry=registry, multiprocess_mode="mostrecent"
        )
        self.capped = Gauge(
            "ventanilla_spend_cap_reached",
            "1 while today's cap holds messages.",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self._lock = threading.Lock()
        self._is_capped = False

    def sent(self, entry: Entry) -> None:
        self._sent.labels(entry.channel.value, entry.kind.value).inc()

    def failed(self, verdict: Verdict, came: Came) -> None:
        self._failed.labels(came.value, verdict.error_class.value if verdict.error_class else "").inc()
        if verdict.is_alarm:
            self._alarms.inc()

    def failed_later(self, what: str) -> None:
        self._later.labels(what).inc()

    def unknown(self) -> None:
        self._unknown.inc()

    def resent(self) -> None:
        self._resent.inc()

    def gave_up(self, reason: str) -> None:
        self._given_up.labels(reason).inc()

    def missed(self, what: str) -> None:
        self._missed.labels(what).inc()

    def cap_reached(self, is_reached: bool) -> None:
        """Say once that the cap is reached, and once that it is not any more."""
        with self._lock:
            if is_reached == self._is_capped:
                return
            self._is_capped = is_reached
        self.capped.set(int(is_reached))
        if is_reached:
            self._alarms.inc()
            log.error("spend_cap_reached")
        else:
            log.info("spend_cap_lifted")

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
