"""For the operator's machinery: is it alive, can it serve people, and what has it counted."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify

from webhook.observe import Metrics
from webhook.reload import CatalogueHolder

StoreTrouble = Callable[[], str]
"""Says why the store cannot be relied on, in a few words for the operator; "" while it can."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the pages look at. Without a store (`stateless`) there is none to be in trouble."""

    holder: CatalogueHolder
    metrics: Metrics
    store_trouble: StoreTrouble
    stateless: bool
    figures: Callable[[], bytes] = bytes
    """Further figures that are not counted but looked up when somebody asks."""


def health_blueprint(health: Health) -> Blueprint:
    """`/healthz`, `/readyz` and `/metrics`."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """Alive: the process answers. Nothing else is asked, so that a lost store never gets it restarted."""
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """Able to serve: 503 without a store, or with one that would lose data. Faulty content is told, and served on."""
        trouble = health.store_trouble()
        said = {
            "status": "unavailable" if trouble else "ok",
            "store": trouble or ("none" if health.stateless else "ok"),
            "catalogue": health.holder.current.version,
            "content": "refused" if health.holder.reasons else "current",
        }
        if health.holder.reasons:
            said["reasons"] = list(health.holder.reasons)  # type: ignore[assignment]  # the one value that is a list
        return jsonify(said), 503 if trouble else 200

    @blueprint.get("/metrics")
    def metrics() -> Response:
        """All counters, for Prometheus."""
        return Response(health.metrics.exposition() + health.figures(), content_type=health.metrics.content_type)

    return blueprint
