"""The floor: the least that a webhook with memory has to do, as a bare Flask app.

It checks the signature, reads as many keys as a turn of ours, writes one value by a script, and says a fixed sentence.
What Ventanilla costs above it is the conversation, the sealed copy of the reply, the counters and the care for errors.
"""

import hashlib
import hmac
import os
import threading
from base64 import b64encode
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
app = Flask("floor", static_folder=None)
token = os.environ["TWILIO_AUTH_TOKEN"].encode()
local = threading.local()


def store() -> "Redis":
    """The connection of this thread."""
    if not hasattr(local, "client"):
        local.client = Redis.from_url(os.environ["REDIS_URL"], single_connection_client=True, protocol=2)
        local.client.script_load(KEEP)
    client: Redis = local.client
    return client


@app.post(PATH)
def inbound() -> Response:
    """Check, read, write, answer."""
    fields = parse_qsl(request.get_data(cache=False).decode(), keep_blank_values=True)
    signed = PUBLIC_URL + request.path + "".join([name + value for name, value in sorted(set(fields))])
    expected = b64encode(hmac.digest(token, signed.encode(), "sha1"))
    if not hmac.compare_digest(expected, request.headers.get("X-Twilio-Signature", "").encode()):
        abort(403)
    form = dict(fields)
    person, message_id = form["From"], form["MessageSid"]
    client = store()
    client.execute_command(
        "MGET", *(f"{kind}:{person}" for kind in ("a", "s", "p")), f"m:{message_id}", f"r:{message_id}"
    )
    client.execute_command("EVALSHA", KEEP_SHA, 1, f"s:{person}", message_id, TTL_S)
    return Response(REPLY, content_type="text/xml; charset=utf-8")
