"""What the tests of the webhook share: an app over the real content, a quick way to call it, and a tiny conversation."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from flask import Flask

from bot.inbound import Inbound
from bot.turn import ActionResult, Call, State, Turn
from tests.learned_world import FOLDER, shipped
from tests.twilio_samples import ACCOUNT, BASE_URL, FORM, INBOUND_URL, TOKEN, encoded, twilio_signature
from webhook.app import create_app
from webhook.settings import CHECKOUT, Environment, Settings

SECRET = "an invented secret, as long as it must be"


def settings_for(var: Path, redis_url: str = "", **changed: Any) -> Settings:
    """Settings of an installation in a folder of its own."""
    settings = Settings(
        environment=Environment.DEVELOPMENT,
        root=CHECKOUT,
        var=var,
        models=FOLDER,
        public_base_url=BASE_URL,
        account_sid=ACCOUNT,
        auth_tokens=(TOKEN,),
        secrets=(SECRET,),
        redis_url=redis_url,
        learns=False,
    )
    return replace(settings, **changed)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    code: int
    content_type: str
    body: bytes

    @property
    def said(self) -> str | None:
        """The text for the person; None for silence. Fails if the document cannot be read."""
        return ElementTree.fromstring(self.body).findtext("Message")


class Caller:
    """Calls an app as the server does, without the test client, which costs more than the app."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def post(
        self, path: str, body: bytes, signature: str = "", *, query: str = "", content_type: str = FORM, **headers: str
    ) -> Answer:
        """Send one request."""
        environ = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "internal",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "internal:8000",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_TWILIO_SIGNATURE": signature,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **headers,
        }
        started: list[Any] = []
        chunks = self.app.wsgi_app(environ, lambda status, head, *_: started.extend((status, dict(head))))
        body_back = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return Answer(int(started[0].split()[0]), started[1].get("Content-Type", ""), body_back)

    def send(self, form: dict[str, str], url: str = INBOUND_URL) -> Answer:
        """Send a form as Twilio would, signed by its library."""
        parts = urlsplit(url)
        return self.post(parts.path, encoded(form), twilio_signature(url, list(form.items())), query=parts.query)


def app_for(var: Path, redis_url: str = "", **changed: Any) -> Flask:
    """The whole app, over the content of the project, which is loaded once for all tests of a process."""
    settings = settings_for(var, redis_url, **changed)
    is_shipped = settings.root == CHECKOUT and not settings.complaints.are_taken
    ready = shipped(show_unconfirmed=settings.show_unconfirmed) if is_shipped else None
    return create_app(settings, reloads=False, preloaded=ready)


def echoing(catalogue: Any, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
    """A tiny conversation: counts the messages of a person, and says the number and the words."""
    count = state.session.misses + 1
    session = replace(state.session, node="main", misses=count, active_s=inbound.at_s)
    said = f"without memory: {inbound.text}" if stateless else f"{count}: {inbound.text}"
    return Turn(replace(state, session=session), said, node="main", language="en", outcome="echoed")


def asking(action: str) -> Callable[..., Turn | Call]:
    """A tiny conversation that needs an action for every message."""

    def step(catalogue: Any, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
        return Call(action, "main", state, "en")

    return step


def telling(catalogue: Any, call: Call, inbound: Inbound, result: ActionResult, *, stateless: bool = False) -> Turn:
    """Says what the action returned."""
    said = "failed" if result.failed else str(result.responses[0]["text"])
    session = replace(call.state.session, node="main", misses=call.state.session.misses + 1, active_s=inbound.at_s)
    return Turn(replace(call.state, session=session), said, node="main", language="en", outcome="acted")
