"""In place of the provider's media while developing without an account: samples, from the stand-in that phones write to."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from webhook.outbox.local_log import stands_in
from webhook.settings import Settings


class LocalMedia(BaseAdapter):
    """Answers as the provider would, without a network."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        from webhook.outbox.local_twilio import LocalTwilio

        self._twilio = LocalTwilio.of(settings)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One request."""
        answered = self._twilio.request(request.method or "GET", request.url or "")
        body = answered.text
        response = requests.Response()
        response.status_code = answered.status_code
        response.headers = CaseInsensitiveDict(answered.headers or {})
        response.raw = io.BytesIO(body if isinstance(body, bytes) else str(body).encode())
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """Nothing is held open."""


def local_media(settings: Settings) -> LocalMedia | None:
    """The stand-in where there is no account; None where the network is used."""
    return LocalMedia(settings) if stands_in(settings) else None
