"""Fetches what came with a message (a voice note, a photo) from the provider, for the advisor who has the chat open.

A page never holds the provider's address of it: that address, once known, can be opened by anybody who also has the
account's token, and on some accounts by anybody at all. So we fetch with our own credentials, which go to the provider
alone and never to where it redirects, look at size and kind, and hand the bytes on. Nothing is kept.

Faults: NoMedia (its `why` is a word for the page, its `status` the HTTP status to answer with).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter

from webhook.desk.records import Attachment

MOST_BYTES = 16 * 1024 * 1024
"""What the provider itself carries in one message."""

MOST_REDIRECTS = 3
CONNECT_TIMEOUT_S, READ_TIMEOUT_S, WHOLE_TIMEOUT_S = 3.05, 10.0, 30.0
CHUNK_BYTES = 64 * 1024

HOSTS = ("api.twilio.com",)
"""Where credentials may go."""

STORAGE = (".twilio.com", ".twiliocdn.com", ".amazonaws.com")
"""Where the provider keeps media; a redirect elsewhere is not followed."""

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
    """The way to the provider's media. `adapter` stands in for the network."""

    def __init__(
        self,
        credentials: tuple[str, str],
        *,
        adapter: BaseAdapter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credentials = credentials
        self._adapter = adapter
        self._clock = clock

    def fetch(self, attachment: Attachment) -> Media:
        """Read it whole. Raises NoMedia."""
        if kind_of(attachment.content_type) not in ALLOWED:
            raise NoMedia("wrong_kind", 415)
        give_up_at = self._clock() + WHOLE_TIMEOUT_S
        try:
            response = self._open(attachment.url)
            try:
                return self._read(response, give_up_at)
            finally:
                response.close()
        except requests.RequestException as error:
            raise NoMedia("out_of_reach", 502) from error

    def _open(self, url: str) -> requests.Response:
        """Follow redirects by hand, since credentials must not follow them."""
        if not _is_the_provider(url):
            raise NoMedia("not_ours", 404)
        with requests.Session() as session:
            session.trust_env = False  # a .netrc of the machine must not add credentials of its own
            if self._adapter is not None:
                session.mount("https://", self._adapter)
            for _ in range(MOST_REDIRECTS + 1):
                response = session.get(
                    url,
                    auth=self._credentials if _is_the_provider(url) else None,
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
                if not _may_hold_media(url):
                    raise NoMedia("not_ours", 502)
        raise NoMedia("out_of_reach", 502)

    def _read(self, response: requests.Response, give_up_at: float) -> Media:
        if response.status_code in (404, 410):
            raise NoMedia("gone", 404)
        if response.status_code != 200:
            raise NoMedia("out_of_reach", 502)
        content_type = kind_of(response.headers.get("Content-Type", ""))
        if content_type not in ALLOWED:
            raise NoMedia("wrong_kind", 415)
        length = response.headers.get("Content-Length", "")
        if re.fullmatch(r"\d+", length) and int(length) > MOST_BYTES:
            raise NoMedia("too_big", 413)
        body = bytearray()
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) > MOST_BYTES:
                raise NoMedia("too_big", 413)
            if self._clock() > give_up_at:
                raise NoMedia("out_of_reach", 502)
        return Media(content_type, bytes(body))


def _is_the_provider(url: str) -> bool:
    """Whether credentials may go there."""
    parts = _parts(url)
    return parts is not None and parts[0] == "https" and parts[1] in HOSTS and parts[2] in (None, 443)


def _may_hold_media(url: str) -> bool:
    if _is_the_provider(url):
        return True
    parts = _parts(url)
    return parts is not None and parts[0] == "https" and parts[1].endswith(STORAGE) and parts[2] in (None, 443)


def _parts(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what is no address, or hides a user in it."""
    try:
        split = urlsplit(url)
        if split.username is not None or split.password is not None or not split.hostname:
            return None
        return split.scheme.lower(), split.hostname.lower(), split.port
    except ValueError:
        return None
