"""Writes the call of an action in Rasa's protocol: the tracker holds what this turn needs and nothing of the person.

No words, no number, no history: `sender_id` is a new one every turn, `latest_message` has an empty text, and the only
event is the message itself. Where the person is stands in the metadata, in no slot and no event that could be kept.
"""

import hashlib
from dataclasses import asdict
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from bot.catalogue import ADVISOR, COUNTRY_SLOT, Catalogue
from bot.handing_over import came_from, danger_told, steps_of
from bot.inbound import Inbound
from bot.turn import Call


def action_call(catalogue: Catalogue, call: Call, inbound: Inbound) -> dict[str, Any]:
    """The body of a request to an action server, as Rasa sends it."""
    sender_id = turn_id(inbound)
    return {
        "next_action": call.action,
        "sender_id": sender_id,
        "tracker": _tracker(catalogue, call, inbound, sender_id),
        "domain": _domain(call),
        "version": sdk_version(),
    }


def turn_id(inbound: Inbound) -> str:
    """An id for this turn alone: the same when it is tried again, another for the next message of the same person."""
    return hashlib.sha256(f"ventanilla action {inbound.id}".encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def sdk_version() -> str:
    """The version we speak. A server of another one warns in its log."""
    return version("rasa-sdk")


def _tracker(catalogue: Catalogue, call: Call, inbound: Inbound, sender_id: str) -> dict[str, Any]:
    message = _message(catalogue, call, inbound)
    at_s = inbound.received_at.timestamp()
    return {
        "sender_id": sender_id,
        "conversation_id": sender_id,
        "slots": call.state.session.values(inbound.at_s),
        "latest_message": message,
        "latest_event_time": at_s,
        "latest_input_channel": inbound.channel.value,
        "events": [{"event": "user", "timestamp": at_s, "text": "", "input_channel": inbound.channel.value}],
        "paused": False,
        "followup_action": None,
        "active_loop": {},
        "latest_action_name": "action_listen",
        "stack": [],
    }


def _message(catalogue: Catalogue, call: Call, inbound: Inbound) -> dict[str, Any]:
    """The latest message without its words. A town is also an entity, as Rasa's own bots would give it."""
    metadata: dict[str, Any] = {
        "language": call.language,
        "channel": inbound.channel.value,
        "country": call.state.session.values(inbound.at_s).get(COUNTRY_SLOT, ""),
        "node": call.node,
        "place": call.node if call.node in catalogue.places else "",
        "now": inbound.received_at.isoformat(),
    }
    if call.node == ADVISOR:
        metadata |= _hand_over(catalogue, call)
    if call.location is not None:
        metadata["location"] = {"latitude": call.location.latitude, "longitude": call.location.longitude}
    if call.town:
        metadata["town"] = call.town
    entities = [{"entity": "town", "value": call.town}] if call.town else []
    return {
        "text": "",
        "intent": {"name": None, "confidence": 0.0},
        "intent_ranking": [],
        "entities": entities,
        "metadata": metadata,
    }


def _hand_over(catalogue: Catalogue, call: Call) -> dict[str, Any]:
    """What handing over to an advisor is decided from: the desk, and of the person ids alone."""
    session = call.state.session
    return {
        "desk": asdict(call.desk),
        "choice": call.choice,
        "ticket": session.ticket,
        "topic": came_from(session),
        "danger": danger_told(catalogue, session, call.danger),
        "has_steps": bool(steps_of(session)),
    }


def _domain(call: Call) -> dict[str, Any]:
    """A domain in Rasa's form. Ours lives in `flows/` and `content/`; actions get no copy of it."""
    return {
        "intents": [],
        "entities": ["town"],
        "slots": {},
        "responses": {},
        "actions": [call.action],
        "forms": {},
        "session_config": {},
    }
