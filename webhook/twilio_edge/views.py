"""The pages Twilio calls: a message, a message again after a failure, a delivery receipt.

Every one of them is signed, which the blueprint checks before any of them runs. None ever answers with a 5xx: Twilio
would drop the message and the person would hear nothing.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog
from flask import Blueprint, Response, abort, g, request
from werkzeug.exceptions import HTTPException

from webhook.keys import Keys
from webhook.observe import Metrics, fault_of
from webhook.outbox.deliveries import is_entry_id
from webhook.store.faults import StoreDown
from webhook.twilio_edge.inbound import (
    BadWebhook,
    Received,
    first_values,
    parse_form,
    parse_json,
    read_inbound,
)
from webhook.twilio_edge.signature import SIGNATURE_HEADER, SignatureCheck
from webhook.twilio_edge.status import ENTRY_PARAMETER, Receipt, read_receipt
from webhook.twilio_edge.twiml import CONTENT_TYPE, reply_twiml

MAX_BODY_BYTES = 256 * 1024
BUDGET_S = 3.0  # Twilio is told to wait four

log = structlog.get_logger()


class Answering(Protocol):
    """The conversation behind the pages (see `webhook.conversation`). Both give the reply, or None for silence."""

    def take_turn(self, received: Received, *, deadline: float) -> str | None: ...

    def last_resort(self, received: Received | None) -> str | None: ...


class TakesReceipts(Protocol):
    """What follows from receipts of outbox messages (see `webhook.outbox.receipts`). Raises StoreDown."""

    def take(self, entry_id: str, receipt: Receipt, now_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class TwilioEdge:
    """What the pages work with. An empty `account_sid` accepts any account whose token signed.

    Without `receipts` (no store) a receipt is only counted.
    """

    check: SignatureCheck
    conversation: Answering
    keys: Keys
    metrics: Metrics
    account_sid: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    receipts: TakesReceipts | None = None


def twilio_blueprint(edge: TwilioEdge) -> Blueprint:
    """`/twilio/inbound`, `/twilio/fallback` and `/twilio/status`."""
    blueprint = Blueprint("twilio", __name__, url_prefix="/twilio")

    @blueprint.before_request
    def require_signature() -> None:
        """Turn away, with 403, any request that Twilio did not sign for our account. What cannot be checked is refused."""
        g.started = time.monotonic()
        g.received = None
        fields = _signed_fields(edge.check)
        if fields is None:
            edge.metrics.refused.labels("signature").inc()
            abort(403)
        if edge.account_sid and first_values(fields).get("AccountSid", edge.account_sid) != edge.account_sid:
            edge.metrics.refused.labels("account").inc()
            abort(403)
        g.fields = fields

    @blueprint.post("/inbound")
    @blueprint.post("/fallback", endpoint="fallback")
    def inbound() -> Response:
        """Take one inbound message and answer it in the same response.

        The same message can come twice (a retry, the fallback address). A repeat gets the stored reply, byte for byte.
        """
        received = g.received = read_inbound(g.fields, received_at=edge.now(), keys=edge.keys)
        reply = edge.conversation.take_turn(received, deadline=g.started + BUDGET_S)
        edge.metrics.seconds.labels(received.inbound.channel.value).observe(time.monotonic() - g.started)
        return _twiml(reply)

    @blueprint.post("/status")
    def status() -> str:
        """Take one delivery receipt. Nothing is answered.

        That of an outbox message carries the id of its entry in the query string, which is signed like everything else;
        so it counts even before we know Twilio's id.
        """
        receipt = read_receipt(g.fields)
        error = receipt.error_class
        edge.metrics.receipts.labels(receipt.status.value, error.value if error else "").inc()
        if error and error.is_alarm:
            log.error("delivery_failed", status=receipt.status.value, code=receipt.error_code, error_class=error.value)
        entry = request.args.get(ENTRY_PARAMETER, "")
        if edge.receipts is not None and is_entry_id(entry):
            try:
                edge.receipts.take(entry, receipt, edge.now().timestamp())
            except StoreDown:  # the sender finds out by itself; the console shows the last status that was kept
                edge.metrics.store_errors.inc()
        return ""

    @blueprint.errorhandler(BadWebhook)
    def refuse(error: BadWebhook) -> tuple[str, int]:
        """A signed form without an id or a sender cannot be answered: there is nobody to answer."""
        edge.metrics.refused.labels("form").inc()
        log.warning("webhook_refused", parameter=error.field)
        return "", 400

    @blueprint.errorhandler(HTTPException)
    def turn_away(error: HTTPException) -> Response | tuple[str, int]:
        """The code alone: no page that a carrier could show to anybody."""
        code = error.code or 500
        return ("", code) if code < 500 else answer_anyway(error)

    @blueprint.errorhandler(Exception)
    def answer_anyway(error: Exception) -> Response | tuple[str, int]:
        """An error of ours: say where in the log, and give the person the safe reply."""
        edge.metrics.unexpected.inc()
        log.error("webhook_failed", **fault_of(error))
        if "fields" not in g:  # not even the signature could be checked
            return "", 403
        if request.endpoint == "twilio.status":
            return "", 200
        return _twiml(edge.conversation.last_resort(g.received))

    return blueprint


def _signed_fields(check: SignatureCheck) -> Sequence[tuple[str, str]] | None:
    """The fields of the request if its signature is right."""
    signature = request.headers.get(SIGNATURE_HEADER, "")
    query = request.query_string.decode("utf-8", "replace")
    body = request.get_data(cache=False)
    if (request.content_type or "").partition(";")[0].strip().lower() == "application/json":
        return parse_json(body) if check.accepts_json(request.path, query, body, signature) else None
    try:
        fields = parse_form(body)
    except ValueError:
        return None
    return fields if check.accepts_form(request.path, query, fields, signature) else None


def _twiml(reply: str | None) -> Response:
    return Response(reply_twiml(reply), content_type=CONTENT_TYPE)
