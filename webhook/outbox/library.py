"""The Contents of a Twilio account, by the SDK."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentInstance, ContentList

PAGE_SIZE = 500


class TwilioLibrary:
    """Lists, makes and deletes Contents. Raises what the SDK raises."""

    def __init__(self, client: Client) -> None:
        self._contents = client.content.v1.contents

    def listed(self) -> Iterable[ContentInstance]:
        """All of them, whoever made them."""
        found: Iterable[ContentInstance] = self._contents.stream(page_size=PAGE_SIZE)
        return found

    def create(self, request: Mapping[str, Any]) -> str:
        """Make one; gives its id."""
        made = self._contents.create(ContentList.ContentCreateRequest(dict(request)))
        return made.sid or ""

    def delete(self, sid: str) -> None:
        """Delete one; one that is gone already is no fault."""
        try:
            self._contents(sid).delete()
        except TwilioRestException as refused:
            if refused.status != 404:
                raise
