"""The floor: the least that a webhook with memory has to do, as a bare Flask app.

It checks the signature, reads as many keys as a turn of ours, writes one value by a script, and says a fixed sentence.
What Ventanilla costs above it is the conversation, the sealed copy of the reply, the counters and the care for errors.

There are two: `floor` reads the form and the store as the documentation of Flask and redis-py shows; `lean` does both
by hand, as fast as we know how.
"""

import hashlib
import hmac
import os
import threading
from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Response, abort, request
from redis import Redis

from bench.requests import PATH, PUBLIC_URL
from webhook.server import end_with_parent

REPLY = (
    b'<?xml version="1.0" encoding="UTF-8"?><Response><Message>'
    b"Thank you for writing. Reply 1 for Mexico, 2 for Belize, 3 for help, 0 for the menu."
    b"</Message></Response>"
)
KEEP = "redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) return 1"
KEEP_SHA = hashlib.sha1(KEEP.encode()).hexdigest()
TTL_S = 24 * 3600

end_with_parent()
floor = Flask("floor", static_folder=None)
lean = Flask("lean", static_folder=None)
token = os.environ["TWILIO_AUTH_TOKEN"].encode()
pooled: Any = Redis.from_url(os.environ["REDIS_URL"])
local = threading.local()


@floor.post(PATH)
def inbound() -> Response:
    """Check, read, write, answer."""
    require_signature(request.form.items(multi=True))
    person, message_id = request.form["From"], request.form["MessageSid"]
    pooled.mget(keys_of(person, message_id))
    pooled.evalsha(KEEP_SHA, 1, f"s:{person}", message_id, TTL_S)
    return Response(REPLY, content_type="text/xml; charset=utf-8")


@lean.post(PATH)
def lean_inbound() -> Response:
    """The same, with the form read by the standard library and one connection for each thread."""
    fields = parse_qsl(request.get_data(cache=False).decode(), keep_blank_values=True)
    require_signature(set(fields))
    form = dict(fields)
    person, message_id = form["From"], form["MessageSid"]
    if not hasattr(local, "store"):
        local.store = Redis.from_url(os.environ["REDIS_URL"], single_connection_client=True, protocol=2)
    local.store.execute_command("MGET", *keys_of(person, message_id))
    local.store.execute_command("EVALSHA", KEEP_SHA, 1, f"s:{person}", message_id, TTL_S)
    return Response(REPLY, content_type="text/xml; charset=utf-8")


def require_signature(fields: Iterable[tuple[str, str]]) -> None:
    """Turn away what Twilio did not sign."""
    signed = PUBLIC_URL + request.path + "".join([name + value for name, value in sorted(fields)])
    expected = b64encode(hmac.digest(token, signed.encode(), "sha1"))
    if not hmac.compare_digest(expected, request.headers.get("X-Twilio-Signature", "").encode()):
        abort(403)


def keys_of(person: str, message_id: str) -> list[str]:
    """As many keys as a turn of ours reads."""
    return [f"a:{person}", f"s:{person}", f"p:{person}", f"m:{message_id}", f"r:{message_id}"]


pooled.script_load(KEEP)
