"""The phone simulator at `/`: anybody tries the bot as a person with a phone would. It exists in development only.

Nothing here answers a message. The page asks for a form as Twilio would sign it and posts it to the webhook itself, so
what it shows is what Twilio would get, and a worker with a single thread never waits for itself. What comes later, from
an advisor or as a notice, it finds in the list that the stand-in for Twilio keeps. Beside the phone it shows what the
bot remembers, read from the store.

Its addresses take JSON only, which a page of another site cannot send here without being asked first.
"""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, abort, jsonify, redirect, request
from pydantic import ValidationError

from bot import conversation
from bot.inbound import Channel, Inbound
from bot.turn import Call
from webhook.conversation import FORGOTTEN, Conversation
from webhook.hostnames import REFUSED, is_own_name
from webhook.keys import Keys, Person
from webhook.outbox.local_log import LocalLog, Logged, receipt_of
from webhook.pages.inspected import cost_of, examples_of, prefs_in_words, reading_of, session_in_words
from webhook.pages.simulated import Fields, Hub, Inbox, Sent, Text, Who, form_of
from webhook.reload import CatalogueHolder
from webhook.store.faults import StoreDown
from webhook.store.sessions import Loaded, SessionStore
from webhook.twilio_edge.inbound import Received, parse_form, read_inbound
from webhook.twilio_edge.signature import SIGNATURE_HEADER, SignatureCheck, sign_form
from webhook.twilio_edge.status import Status
from webhook.twilio_edge.twiml import CONTENT_TYPE, reply_twiml
from webhook.twilio_edge.views import BUDGET_S

WEBHOOK = "/twilio/inbound"
WITHOUT_STORE = "/simulator/stateless"

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Simulator:
    """What the pages work with.

    `forgetful` is the conversation as it is while there is no store, `phones` what has come to the made-up phones (None
    where a real account sends), `console_url` where advisors work.
    """

    holder: CatalogueHolder
    store: SessionStore | None
    keys: Keys
    token: str
    public_base_url: str
    hub: Hub
    forgetful: Conversation
    phones: LocalLog | None = None
    console_url: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def sign(self, sent: Sent) -> dict[str, Any]:
        """The form for the webhook with its signature, what an SMS of it costs, and what the bot will decide."""
        path = WITHOUT_STORE if sent.stateless else WEBHOOK
        fields = form_of(sent, self.hub, secrets.token_hex(16))
        self._note(sent, fields)
        return {
            "path": path,
            "body": urlencode(fields),
            "fields": fields,
            "signature": sign_form(self.token, self.public_base_url + path, fields),
            "cost": cost_of(sent.text) if sent.channel is Channel.SMS else None,
            "decision": self._foresee(read_inbound(fields, received_at=self.now(), keys=self.keys), sent),
        }

    def _note(self, sent: Sent, fields: Fields) -> None:
        """Let the stand-in for Twilio know of it: who has written may be written to."""
        if self.phones is not None and not sent.stateless:
            with suppress(StoreDown):
                self.phones.note_inbound(fields)

    def inbox(self, asking: Inbox) -> dict[str, Any]:
        """What has come to a phone since a message, and what the bot remembers now. On WhatsApp it counts as read."""
        try:
            found = [] if self.phones is None else self.phones.to_phone(asking.number, asking.channel, asking.after)
            messages = [self._shown(message) for message in found]
        except StoreDown:
            messages = []
        return {"messages": messages, "state": self.state(asking)}

    def _shown(self, message: Logged) -> dict[str, Any]:
        """A message for the page. `receipt` is what Twilio would tell when it is read; the page posts it."""
        assert self.phones is not None
        is_sms = message.channel is Channel.SMS
        shown = {"id": message.sid, "text": message.text, "at_s": message.at_s, "receipt": None}
        if not is_sms and message.callback.startswith(f"{self.public_base_url}/"):
            self.phones.rise(message, Status.READ)
            fields = receipt_of(message, Status.READ, self.hub.account_sid)
            shown["receipt"] = {
                "path": message.callback.removeprefix(self.public_base_url),
                "body": urlencode(fields),
                "signature": sign_form(self.token, message.callback, fields),
            }
        return {**shown, "cost": cost_of(message.text) if is_sms else None}

    def state(self, who: Who) -> dict[str, Any]:
        """What is remembered of a person. Looking changes nothing."""
        if self.store is None:
            return {"store": "none"}
        try:
            known = self._look(self.store, who)
        except StoreDown:
            return {"store": "down"}
        if known is None:
            return {"store": "ok", "person": "", "session": None, "prefs": None}
        session, prefs = known.state.session, known.state.prefs
        return {
            "store": "ok",
            "person": known.key,
            "session": session_in_words(self.holder.current, session, prefs, known.at_s),
            "prefs": prefs_in_words(prefs),
        }

    def _foresee(self, received: Received, sent: Sent) -> dict[str, Any]:
        """What the engine makes of a message: a step is pure, so it can be taken twice. An action is only named."""
        state, stateless = FORGOTTEN, True
        catalogue = self.holder.current
        if self.store is not None and not sent.stateless:
            try:
                state = self.store.load(received.person, received.inbound, catalogue.codes).state
                stateless = False
            except StoreDown:
                pass
        decided = conversation.step(catalogue, state, received.inbound, stateless=stateless)
        if isinstance(decided, Call):
            return {"action": decided.action, "node": decided.node, "language": decided.language, "outcome": "acted"}
        return {
            "node": decided.node,
            "language": decided.language,
            "outcome": decided.outcome,
            "danger": decided.danger,
            "ranked": [[id_, round(confidence, 2)] for id_, confidence in decided.ranked[:3]],
            **(reading_of(catalogue, received.inbound.text) if decided.ranked else {}),
        }

    def _look(self, store: SessionStore, who: Who) -> Loaded | None:
        """What is kept under the user id, else under the number; None when nothing is.

        Never asked for both at once: that is how the store learns that the two belong together, and writes it down.
        """
        either = [self.keys.person_of(who.user_id, "")] if who.user_id else []
        if not who.withheld:
            either.append(self.keys.person_of("", who.number))
        found = (self._load(store, person, who.channel) for person in either)
        return next((loaded for loaded in found if loaded.state != FORGOTTEN), None)

    def _load(self, store: SessionStore, person: Person, channel: Channel) -> Loaded:
        unsent = Inbound(f"SM{secrets.token_hex(16)}", channel, "", self.now())
        return store.load(person, unsent, self.holder.current.codes)


def simulator_blueprint(simulator: Simulator) -> Blueprint:
    """The page, its files, and what it asks for."""
    blueprint = Blueprint("simulator", __name__, static_folder="static", static_url_path="/simulator/static")
    check = SignatureCheck([simulator.token], simulator.public_base_url)

    @blueprint.before_request
    def require_own_name() -> None:
        """Turn away a page of the web that calls this machine by a name of its own."""
        if not is_own_name(request.host, simulator.public_base_url, simulator.console_url):
            abort(403, REFUSED)

    @blueprint.get("/")
    def page() -> Response:
        """The phone."""
        return blueprint.send_static_file("simulator.html")

    @blueprint.post("/simulator/sign")
    def sign() -> Response:
        """A message as Twilio would post it."""
        return jsonify(simulator.sign(Sent.model_validate_json(_json())))

    @blueprint.post("/simulator/state")
    def state() -> Response:
        """What the bot remembers of a made-up person."""
        return jsonify(simulator.state(Who.model_validate_json(_json())))

    @blueprint.post("/simulator/inbox")
    def inbox() -> Response:
        """What has come to a made-up phone by another way than as a reply."""
        return jsonify(simulator.inbox(Inbox.model_validate_json(_json())))

    @blueprint.get("/advisor")
    @blueprint.get("/advisor/<path:rest>", endpoint="advisor_page")
    @blueprint.get("/staff", endpoint="staff")
    @blueprint.get("/staff/<path:rest>", endpoint="staff_page")
    def console(rest: str = "") -> Any:
        """The pages for advisors are those of another process, at an address of its own."""
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        return redirect(f"{simulator.console_url}{quote(request.path)}{query}")

    @blueprint.post("/simulator/cost")
    def cost() -> Response:
        """What a text costs as SMS, and where it is cut."""
        return jsonify(cost_of(Text.model_validate_json(_json()).text))

    @blueprint.get("/simulator/content")
    def content() -> Response:
        """Which content counts now and, after a faulty edit, why it is not the newest."""
        catalogue = simulator.holder.current
        return jsonify(version=catalogue.version, reasons=simulator.holder.reasons)

    @blueprint.get("/simulator/examples")
    def examples() -> Response:
        """Questions that people ask, by language, from the content itself."""
        return jsonify(examples_of(simulator.holder.current))

    @blueprint.post(WITHOUT_STORE)
    def stateless() -> Response:
        """The webhook as it answers while there is no store."""
        fields = parse_form(request.get_data())
        if not check.accepts_form(request.path, "", fields, request.headers.get(SIGNATURE_HEADER, "")):
            abort(403)
        received = read_inbound(fields, received_at=simulator.now(), keys=simulator.keys)
        reply = simulator.forgetful.take_turn(received, deadline=time.monotonic() + BUDGET_S)
        return Response(reply_twiml(reply), content_type=CONTENT_TYPE)

    @blueprint.errorhandler(ValidationError)
    def refuse(error: ValidationError) -> tuple[str, int]:
        """Not what the page sends."""
        return "", 400

    @blueprint.after_request
    def guard(response: Response) -> Response:
        """The page runs its own files and nothing else; nothing of it is kept."""
        response.headers.update(_HEADERS)
        if request.endpoint != "simulator.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    return blueprint


def _json() -> bytes:
    """The body of a request that says it is JSON."""
    if request.mimetype != "application/json":
        abort(415)
    return request.get_data()
