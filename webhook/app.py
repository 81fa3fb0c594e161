"""Builds the app. The only place where the parts meet."""

import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum

import structlog
from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response

from bot.actions.runner import Runner, RunsActions
from bot.catalogue import Catalogue
from bot.faults import ContentFaults
from bot.loading import content_version
from webhook.complaints.opening import figures, open_complaints, with_complaints
from webhook.conversation import Conversation
from webhook.desk.figures import queue_figures
from webhook.desk.opening import open_inbox
from webhook.health import Health, health_blueprint
from webhook.keys import Keys
from webhook.learned import Learner, Models
from webhook.observe import Metrics, fault_of, set_up_logging
from webhook.outbox.local_log import LocalLog, made_up_number, stands_in
from webhook.outbox.native import NativeReplies
from webhook.outbox.receipts import Receipts
from webhook.pages.simulated import Hub
from webhook.pages.simulator import Simulator, simulator_blueprint
from webhook.reload import CatalogueHolder, LastGood, Prepare, Reloader, SharedCheck, load_warm
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.noting import QuestionNotes
from webhook.store.questions import QuestionList
from webhook.store.sessions import SessionStore
from webhook.twilio_edge.signature import SignatureCheck
from webhook.twilio_edge.views import MAX_BODY_BYTES, TwilioEdge, twilio_blueprint

EXTENSION = "ventanilla"
WARM_AFTER_S = 3.0  # Rasa's SDK takes a third of a second to import: not while the first person waits
NO_STORE = "REDIS_URL is not set and no server was started"

log = structlog.get_logger()


class Callers(StrEnum):
    """Who may call the pages of a blueprint. Each says so where it is registered; a test sees to that."""

    ANYONE = "anyone"
    TWILIO = "whoever signs with the account's token"
    DEVELOPER = "anyone, and only in development"


@dataclass
class Services:
    """What an app was built from; `app.extensions["ventanilla"]`."""

    settings: Settings
    holder: CatalogueHolder
    store: SessionStore | None
    metrics: Metrics
    conversation: Conversation
    reloader: Reloader
    callers: dict[str, Callers] = field(default_factory=dict)


def create_app(settings: Settings, *, reloads: bool = True, preloaded: Catalogue | None = None) -> Flask:
    """The whole app. Raises ContentFaults when there is no content it could serve, good or kept from before.

    `reloads` starts the thread that follows the files. A `preloaded` catalogue is used if the files still say the same.
    """
    set_up_logging(production=settings.is_production)
    metrics = Metrics()
    keys = Keys(*settings.secrets)
    last_good = LastGood(settings.var)
    models = Models(settings.models, settings.root)
    holder = load_content(settings, last_good, models, preloaded)
    store = open_store(settings, keys, metrics)
    actions = choose_actions(settings, holder.current, metrics)
    inbox, desk = open_inbox(settings, store, keys, holder, lambda event: metrics.store_events.labels(event).inc())
    conversation = Conversation(
        holder,
        store,
        actions,
        metrics,
        notes=open_notes(settings, keys, metrics),
        complaints=open_complaints(settings, metrics),
        inbox=inbox,
        natives=open_natives(settings, store, keys),
    )
    reloader = Reloader(
        holder,
        settings.root,
        show_unconfirmed=settings.show_unconfirmed,
        check=SharedCheck(settings.var),
        prepare=prepared(settings, models),
        last_good=last_good,
        metrics=metrics,
    )
    services = Services(settings, holder, store, metrics, conversation, reloader)

    app = Flask("webhook", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions[EXTENSION] = services
    app.register_error_handler(Exception, _answer_error)
    edge = TwilioEdge(
        check=SignatureCheck(settings.auth_tokens, settings.public_base_url),
        conversation=conversation,
        keys=keys,
        metrics=metrics,
        account_sid=settings.account_sid,
        receipts=open_receipts(settings, keys, metrics),
    )
    health = Health(
        holder,
        metrics,
        lambda: store_trouble(settings, store),
        stateless=settings.stateless,
        figures=lambda: figures(settings.complaints) + (queue_figures(desk, time.time) if desk else b""),
    )
    register(app, twilio_blueprint(edge), Callers.TWILIO)
    register(app, health_blueprint(health), Callers.ANYONE)
    if not settings.is_production:
        forgetful = Conversation(holder, None, actions, metrics)
        simulator = Simulator(
            holder,
            store,
            keys,
            settings.auth_tokens[0],
            settings.public_base_url,
            Hub.of(settings),
            forgetful,
            phones=LocalLog(Connection(settings.redis_url), keys) if store and stands_in(settings) else None,
            console_url=settings.console_url,
        )
        register(app, simulator_blueprint(simulator), Callers.DEVELOPER)
    if reloads:
        reloader.start()
        if settings.learns:
            Learner(holder, models).start()
    return app


def register(app: Flask, blueprint: Blueprint, callers: Callers) -> None:
    """Add pages, and say who may call them."""
    services_of(app).callers[blueprint.name] = callers
    app.register_blueprint(blueprint)


def services_of(app: Flask) -> Services:
    """What an app was built from."""
    services: Services = app.extensions[EXTENSION]
    return services


def load_content(
    settings: Settings, last_good: LastGood, models: Models, preloaded: Catalogue | None = None
) -> CatalogueHolder:
    """The catalogue of the files; if they have faults, the last one that had none, with the reasons.

    A worker that is replaced while somebody is half-way through an edit must come up all the same.
    """
    if preloaded is not None and preloaded.version == content_version(settings.root):
        return CatalogueHolder(preloaded)
    try:
        prepare = prepared(settings, models)
        catalogue = load_warm(settings.root, show_unconfirmed=settings.show_unconfirmed, prepare=prepare)
    except ContentFaults as faults:
        kept = last_good.load(show_unconfirmed=settings.show_unconfirmed, prepare=prepare)
        if kept is None:
            raise
        holder = CatalogueHolder(kept)
        holder.keep(tuple(str(fault) for fault in faults.faults))
        log.error("content_refused", version=kept.version, faults=len(faults.faults))
        return holder
    last_good.keep(settings.root, catalogue.version)
    return CatalogueHolder(catalogue)


def prepared(settings: Settings, models: Models) -> Prepare:
    """What each catalogue gets besides the files: the model of its examples, and whether complaints are taken here."""
    return lambda catalogue: with_complaints(models.ready(catalogue), settings.complaints)


def open_store(settings: Settings, keys: Keys, metrics: Metrics) -> SessionStore | None:
    """The store, asked at the first message and not now; None in stateless mode."""
    if settings.stateless or not settings.redis_url:
        return None
    return SessionStore(
        Connection(settings.redis_url), keys, count=lambda event: metrics.store_events.labels(event).inc()
    )


def open_receipts(settings: Settings, keys: Keys, metrics: Metrics) -> Receipts | None:
    """Where receipts of outbox messages go."""
    if settings.stateless or not settings.redis_url:
        return None
    return Receipts(Connection(settings.redis_url), keys, lambda event: metrics.store_events.labels(event).inc())


def open_natives(settings: Settings, store: SessionStore | None, keys: Keys) -> NativeReplies | None:
    """How replies leave with buttons and lists; None where there is no account that could hold what draws them.

    The made-up phones of the simulator are no phones that Twilio reaches, whatever account is configured.
    """
    if store is None or not settings.account_sid:
        return None
    unreached = (lambda _address: "") if settings.is_production else made_up_number
    return NativeReplies(store.connection, keys, settings.account_sid, unreached=unreached)


def open_notes(settings: Settings, keys: Keys, metrics: Metrics) -> QuestionNotes | None:
    """Where questions that were not understood are noted, over a connection of their own: they delay no reply."""
    if settings.stateless or not settings.redis_url:
        return None

    def count(event: str) -> None:
        metrics.store_events.labels(event).inc()

    return QuestionNotes(QuestionList(Connection(settings.redis_url), keys, count), count)


def store_trouble(settings: Settings, store: SessionStore | None) -> str:
    """Why the store cannot be relied on; "" while it can, or while none is wanted."""
    if store is None:
        return "" if settings.stateless else NO_STORE
    try:
        report = store.check()
    except StoreDown as down:
        return f"the store does not answer ({down})"
    return "; ".join(report.problems)


def choose_actions(settings: Settings, catalogue: Catalogue, metrics: Metrics) -> RunsActions:
    """Actions in this process, built in the background, or those behind the configured address."""

    def report(action: str, why: str) -> None:
        metrics.action_failures.labels(action).inc()
        log.warning("action_failed", action=action, why=why)

    if settings.action_endpoint_url:
        from webhook.action_endpoint import ActionEndpoint

        return ActionEndpoint(settings.action_endpoint_url, report=report)
    runner = Runner(report=report)
    warming = threading.Timer(WARM_AFTER_S, runner.warm, args=[catalogue])
    warming.daemon = True
    warming.start()
    return runner


def _answer_error(error: Exception) -> Response | tuple[str, int]:
    """Outside Twilio's pages: a plain page for what was asked wrongly; for an error of ours the place in the log."""
    if isinstance(error, HTTPException):
        return error.get_response()
    log.error("page_failed", **fault_of(error))
    return "Internal Server Error", 500
