"""Fetches what came with a message (a voice note, a photo) from the provider, for the advisor who has the chat open.

A page never holds the provider's address of it: that address, once known, can be opened by anybody who also has the
account's token, and on some accounts by anybody at all. So we fetch with our own credentials, which go to the provider
alone and never to where it redirects, look at size and kind, and hand the bytes on. Nothing is kept. Few are fetched at
once: a provider that answers drop by drop must not hold all threads of the console.

Faults: NoMedia (its `why` is a word for the page, its `status` the HTTP status to answer with).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError

from webhook.desk.records import Attachment

MOST_BYTES = 16 * 1024 * 1024
"""What the provider itself carries in one message."""

MOST_REDIRECTS = 3
CONNECT_TIMEOUT_S, READ_TIMEOUT_S, WHOLE_TIMEOUT_S = 3.05, 10.0, 30.0
CHUNK_BYTES = 64 * 1024

MOST_AT_ONCE = 2
WAIT_FOR_PLACE_S = 2.0

HOST = "api.twilio.com"
_MEDIA_PATH = re.compile(
    r"/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages/(?:SM|MM)[0-9a-f]{32}/Media/ME[0-9a-f]{32}(?:\.[a-z0-9]{1,5})?"
)
"""Where credentials may go: to the media of our own account, and to nothing else that they would open."""

_STORAGE = re.compile(
    r"(?:[a-z0-9-]+\.)+(?:twilio|twiliocdn)\.com"
    r"|(?:[a-z0-9-]+\.)*s3(?:-[a-z0-9-]+)?(?:\.[a-z0-9-]+){0,2}\.amazonaws\.com"
)
"""Where the provider keeps media; a redirect elsewhere is not followed. Behind none of these names is a host of ours, and
none but theirs has a certificate for one."""

PLAYED: Mapping[str, str] = {
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/3gpp": "3gp",
    "audio/webm": "webm",
}
SEEN: Mapping[str, str] = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
SAVED: Mapping[str, str] = {
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "application/pdf": "pdf",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
}
ALLOWED: Mapping[str, str] = {**PLAYED, **SEEN, **SAVED}
"""Content types that are handed on, and the ending of a file of each. No kind that a browser would run is among them."""


class NoMedia(Exception):
    """It cannot be shown. `why`: "too_big", "wrong_kind", "gone", "not_ours", "out_of_reach"."""

    def __init__(self, why: str, status: int) -> None:
        self.why = why
        self.status = status
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Media:
    """What was fetched."""

    content_type: str
    body: bytes = field(repr=False)

    @property
    def file_name(self) -> str:
        """A name that tells nothing of the person."""
        return f"attachment.{ALLOWED[self.content_type]}"

    @property
    def is_shown(self) -> bool:
        """Whether the page plays or shows it; anything else is only saved."""
        return self.content_type in PLAYED or self.content_type in SEEN


def kind_of(content_type: str) -> str:
    """A content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


class MediaDoor:
    """The way to the provider's media, of one account ("": of whichever). `adapter` stands in for the network."""

    def __init__(
        self,
        credentials: tuple[str, str],
        *,
        account: str = "",
        adapter: BaseAdapter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credentials = credentials
        self._account = account
        self._adapter = adapter
        self._clock = clock
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def fetch(self, attachment: Attachment) -> Media:
        """Read it whole. Raises NoMedia."""
        if kind_of(attachment.content_type) not in ALLOWED:
            raise NoMedia("wrong_kind", 415)
        with self._place():
            give_up_at = self._clock() + WHOLE_TIMEOUT_S
            try:
                response = self._open(attachment.url)
                try:
                    return self._read(response, give_up_at)
                finally:
                    response.close()
            except (requests.RequestException, HTTPError, OSError) as error:
                raise NoMedia("out_of_reach", 502) from error

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the places of those that fetch."""
        if not self._places.acquire(timeout=WAIT_FOR_PLACE_S):
            raise NoMedia("out_of_reach", 503)
        try:
            yield
        finally:
            self._places.release()

    def _open(self, url: str) -> requests.Response:
        """Follow redirects by hand, since credentials must not follow them."""
        if not self._is_ours(url):
            raise NoMedia("not_ours", 404)
        with requests.Session() as session:
            session.trust_env = False  # a .netrc of the machine must not add credentials of its own
            if self._adapter is not None:
                session.mount("https://", self._adapter)
            for _ in range(MOST_REDIRECTS + 1):
                is_ours = self._is_ours(url)
                if not is_ours and not _is_storage(url):
                    raise NoMedia("not_ours", 502)
                response = session.get(
                    url,
                    auth=self._credentials if is_ours else None,
                    headers={"Accept-Encoding": "identity"},
                    timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                    allow_redirects=False,
                    stream=True,
                )
                target = response.headers.get("Location", "") if response.is_redirect else ""
                if not target:
                    return response
                response.close()
                url = urljoin(url, target)
        raise NoMedia("out_of_reach", 502)

    def _read(self, response: requests.Response, give_up_at: float) -> Media:
        if response.status_code in (404, 410):
            raise NoMedia("gone", 404)
        if response.status_code != 200:
            raise NoMedia("out_of_reach", 502)
        content_type = kind_of(response.headers.get("Content-Type", ""))
        packed = response.headers.get("Content-Encoding", "").strip().lower()
        if content_type not in ALLOWED or packed not in ("", "identity"):  # unpacked, a little may become a lot
            raise NoMedia("wrong_kind", 415)
        length = response.headers.get("Content-Length", "")
        if re.fullmatch(r"[0-9]{1,15}", length) and int(length) > MOST_BYTES:
            raise NoMedia("too_big", 413)
        body = bytearray()
        while piece := response.raw.read1(CHUNK_BYTES):  # what has come, without waiting for the chunk to be full
            body += piece
            if len(body) > MOST_BYTES:
                raise NoMedia("too_big", 413)
            if self._clock() > give_up_at:
                raise NoMedia("out_of_reach", 502)
        return Media(content_type, bytes(body))

    def _is_ours(self, url: str) -> bool:
        """Whether credentials may go there."""
        parts = _parts(url)
        if parts is None or parts.hostname != HOST or parts.query:
            return False
        path = _MEDIA_PATH.fullmatch(parts.path)
        return path is not None and self._account in ("", path[1])


def _is_storage(url: str) -> bool:
    parts = _parts(url)
    if parts is None or parts.hostname == HOST:
        return False
    return _STORAGE.fullmatch(parts.hostname or "") is not None


def _parts(url: str) -> SplitResult | None:
    """The parts of an address; None for what is no address of TLS, or hides a user in it."""
    try:
        split = urlsplit(url)
        is_plain = split.username is None and split.password is None and split.port in (None, 443)
    except ValueError:
        return None
    return split if is_plain and split.scheme == "https" and split.hostname else None
