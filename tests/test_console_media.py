"""What people send beside words: fetched with our credentials, which go to the provider alone, and handed on harmless."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from tests.advising_world import MEDIA_URL, Hub, hub_over
from webhook.console import media
from webhook.console.advising import credentials_of
from webhook.console.headers import SANDBOXED
from webhook.console.media import MOST_BYTES, MediaDoor, NoMedia
from webhook.desk.records import Attachment
from webhook.embedded import EmbeddedServer
from webhook.store.connection import Connection

STORED = "https://media.twiliocdn.com/AC0/some-long-name"
ME = ("AC" + "0" * 32, "a token")


class Endless(io.RawIOBase):
    """A body that never ends, and counts what was read of it."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        self.given += size
        return b"x" * size

    read1 = read


@dataclass
class Network(BaseAdapter):
    """The network as a table: address → status, headers, body. Keeps what was asked, and with which credentials."""

    pages: dict[str, tuple[int, dict[str, str], Any]]
    asked: list[tuple[str, str]] = field(default_factory=list)
    fails: type[Exception] | None = None

    def send(self, request: requests.PreparedRequest, **_options: Any) -> requests.Response:  # type: ignore[override]
        assert request.url is not None
        self.asked.append((request.url, request.headers.get("Authorization", "")))
        if self.fails:
            raise self.fails
        status, headers, body = self.pages[request.url]
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url, request
        response.headers = CaseInsensitiveDict(headers)
        response.raw = body if isinstance(body, io.RawIOBase) else io.BytesIO(body)
        return response

    def close(self) -> None:
        pass


def door(network: Network) -> MediaDoor:
    return MediaDoor(ME, adapter=network)


def voice(url: str = MEDIA_URL, content_type: str = "audio/ogg") -> Attachment:
    return Attachment(url, content_type)


def ogg(body: Any = b"OggS", **headers: str) -> tuple[int, dict[str, str], Any]:
    return 200, {"Content-Type": "audio/ogg", **headers}, body


def refused(network: Network, attachment: Attachment | None = None) -> str:
    with pytest.raises(NoMedia) as fault:
        door(network).fetch(attachment or voice())
    return fault.value.why


def test_the_credentials_go_to_the_provider_and_not_to_where_it_redirects() -> None:
    """Whoever keeps the provider's files must not learn the key to our account."""
    network = Network({MEDIA_URL: (307, {"Location": STORED}, b""), STORED: ogg(b"OggS voice")})
    fetched = door(network).fetch(voice())
    assert fetched.body == b"OggS voice"
    basic = "Basic " + b64encode(":".join(ME).encode()).decode()
    assert network.asked == [(MEDIA_URL, basic), (STORED, "")]


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/x",
        "http://api.twilio.com/x",
        "https://api.twilio.com@evil.example/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://api.twilio.com.evil.example/x",
        "https://media.twiliocdn.com:8443/x",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(target: str) -> None:
    """A redirect into our own network would read what only the server may see."""
    network = Network({MEDIA_URL: (302, {"Location": target}, b"")})
    assert refused(network) == "not_ours"
    assert len(network.asked) == 1


@pytest.mark.parametrize(
    "url", ["http://api.twilio.com/x", "https://evil.example/x", "https://u:p@api.twilio.com/x", "x"]
)
def test_only_the_providers_own_addresses_are_opened(url: str) -> None:
    """The address came with a message: it must never make us call somebody else with our key."""
    network = Network({})
    assert refused(network, voice(url)) == "not_ours"
    assert network.asked == []


def test_redirects_end() -> None:
    """Two addresses that point at each other must not hold a worker."""
    network = Network({MEDIA_URL: (302, {"Location": MEDIA_URL}, b"")})
    assert refused(network) == "out_of_reach"
    assert len(network.asked) == media.MOST_REDIRECTS + 1


def test_what_says_it_is_too_big_is_not_read() -> None:
    """Sixteen megabytes is what the provider itself carries."""
    endless = Endless()
    assert refused(Network({MEDIA_URL: ogg(endless, **{"Content-Length": str(MOST_BYTES + 1)})})) == "too_big"
    assert endless.given == 0


def test_what_lies_about_its_size_is_cut_off() -> None:
    """A length that is missing or false must not fill the memory."""
    endless = Endless()
    assert refused(Network({MEDIA_URL: ogg(endless)})) == "too_big"
    assert endless.given <= MOST_BYTES + 2 * media.CHUNK_BYTES


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/javascript", "", "application/xhtml+xml"])
def test_a_kind_that_a_browser_would_run_is_not_handed_on(kind: str) -> None:
    """Neither by what the message said, nor by what the provider says when it is fetched."""
    network = Network({MEDIA_URL: (200, {"Content-Type": kind}, b"<script>")})
    assert refused(network) == "wrong_kind"
    assert refused(Network({}), voice(content_type=kind)) == "wrong_kind"


@pytest.mark.parametrize(
    ("page", "why"),
    [((404, {}, b""), "gone"), ((401, {}, b""), "out_of_reach"), ((500, {}, b""), "out_of_reach")],
)
def test_what_cannot_be_fetched_says_why(page: tuple[int, dict[str, str], bytes], why: str) -> None:
    """The advisor should know whether to wait or to ask the person again."""
    assert refused(Network({MEDIA_URL: page})) == why


def test_a_provider_that_does_not_answer_is_out_of_reach() -> None:
    """No stack trace, and no page that hangs."""
    assert refused(Network({}, fails=requests.ConnectionError)) == "out_of_reach"


def test_a_slow_body_is_given_up() -> None:
    """A byte now and then would else hold a worker for hours."""
    moments: Iterator[float] = iter([0.0, *[media.WHOLE_TIMEOUT_S + 1] * 9])
    slow = MediaDoor(ME, adapter=Network({MEDIA_URL: ogg()}), clock=lambda: next(moments))
    with pytest.raises(NoMedia, match="out_of_reach"):
        slow.fetch(voice())


# --- through the console ---------------------------------------------------------------------------------------------


@pytest.fixture
def network() -> Network:
    return Network({MEDIA_URL: (302, {"Location": STORED}, b""), STORED: ogg(b"OggS" + bytes(range(200)))})


@pytest.fixture
def hub(tmp_path: Path, valkey_server: EmbeddedServer, connection: Connection, network: Network) -> Iterator[Hub]:
    """A console whose provider is a table."""
    real = MediaDoor.__init__

    def over_table(self: MediaDoor, credentials: tuple[str, str], **options: Any) -> None:
        real(self, credentials, **{**options, "adapter": network})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MediaDoor, "__init__", over_table)
        yield hub_over(tmp_path, valkey_server.url, connection)


def sent(hub: Hub, kind: str = "audio/ogg") -> tuple[str, str]:
    """A ticket with one attachment that an advisor has; and where its page finds it."""
    ticket = hub.people.asks("+5015550101", note="hello")
    hub.people.writes(ticket, "", attachments=(Attachment(MEDIA_URL, kind),))
    number = len(hub.desk.messages(ticket))
    return ticket, f"/advisor/chat/{ticket}/media/{number}/0"


def test_a_voice_note_is_played_from_our_own_address(hub: Hub, network: Network) -> None:
    """The provider's address in a page could be opened by whoever sees the page's source."""
    ticket, path = sent(hub)
    ana = hub.advisor()
    page = ana.get(f"/advisor/chat/{ticket}").text
    assert f'src="{path}"' in page
    assert "twilio" not in page.lower()
    response = ana.get(path)
    assert response.status_code == 200
    assert response.data.startswith(b"OggS")
    assert response.headers["Content-Type"] == "audio/ogg"
    assert response.headers["Content-Disposition"] == 'inline; filename="attachment.ogg"'
    assert response.headers["Content-Security-Policy"] == SANDBOXED
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert hub.world.console.access_log.page(ticket=ticket).entries[0].did == "media_opened"


def test_a_part_of_a_voice_note_can_be_asked_for(hub: Hub) -> None:
    """Phones do not play what they cannot seek in."""
    _, path = sent(hub)
    response = hub.advisor().get(path, {"Range": "bytes=0-3"})
    assert response.status_code == 206
    assert response.data == b"OggS"


def test_a_document_is_saved_and_never_shown(hub: Hub, network: Network) -> None:
    """What opens by itself runs by itself."""
    _, path = sent(hub, "application/pdf")
    network.pages[STORED] = (200, {"Content-Type": "application/pdf"}, b"%PDF")
    assert hub.advisor().get(path).headers["Content-Disposition"] == 'attachment; filename="attachment.pdf"'


def test_what_cannot_be_shown_is_said_in_words(hub: Hub, network: Network) -> None:
    """An advisor who sees nothing asks the person to send it again, for nothing."""
    ticket, path = sent(hub)
    network.pages[STORED] = (200, {"Content-Type": "text/html"}, b"<script>alert(1)</script>")
    response = hub.advisor().get(path)
    assert response.status_code == 415
    assert response.headers["Content-Type"].startswith("text/plain")
    assert "<script>" not in response.text
    hub.people.writes(ticket, "", attachments=(Attachment(MEDIA_URL, "image/svg+xml"),))
    assert "cannot be opened here" in hub.advisor().get(f"/advisor/chat/{ticket}").text


def test_after_closing_nothing_is_fetched(hub: Hub, network: Network) -> None:
    """What a person sent is not kept after the talk, and not looked at either."""
    ticket, path = sent(hub)
    ana = hub.advisor()
    assert ana.account
    hub.desk.take(ticket, ana.account.id)
    hub.desk.close(ticket, ana.account.id)
    network.asked.clear()
    assert ana.get(path).status_code == 410
    assert path not in ana.get(f"/advisor/chat/{ticket}").text
    assert network.asked == []


@pytest.mark.parametrize("tail", ["0/0", "1/0", "2/1", "99/0", "-1/0", "x/0"])
def test_only_what_was_sent_is_there(hub: Hub, network: Network, tail: str) -> None:
    """Numbers in an address are tried by whoever can."""
    ticket, path = sent(hub)
    assert path.endswith("/2/0")
    assert hub.advisor().get(f"/advisor/chat/{ticket}/media/{tail}").status_code == 404
    assert network.asked == []


def test_the_key_for_calls_is_used_where_there_is_one(hub: Hub) -> None:
    """The account's own token should leave the house as seldom as possible."""
    from dataclasses import replace

    settings = hub.world.console.settings
    assert credentials_of(settings) == (settings.account_sid, settings.auth_tokens[0])
    assert credentials_of(replace(settings, api_key=("SK1", "secret"))) == ("SK1", "secret")
