"""How the pages answer a browser: a page, a part of it, or "nothing has changed"."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from flask import Response, request


def tag_of(*seen: object) -> str:
    """Names what a part of a page is drawn from, the same in every process. Looking at it must cost less than drawing."""
    return hashlib.blake2s(repr(seen).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def unless_known(tag: str, draw: Callable[[], str]) -> Response:
    """A part of a page with the tag of what it is drawn from; 304, and nothing drawn, for whoever has the same already."""
    if tag in request.if_none_match:
        response = Response(status=304)
    else:
        response = Response(draw().encode("utf-8", "replace"), content_type="text/html; charset=utf-8")
    response.set_etag(tag)
    return response


def unless_same(body: str) -> Response:
    """A part of a page that has to be drawn to know whether it is another."""
    return unless_known(tag_of(body), lambda: body)


def telling(body: str, event: str, detail: Mapping[str, object], status: int = 200) -> Response:
    """A part of a page, and an event for its script. `detail` holds words of ours only."""
    response = Response(body.encode("utf-8", "replace"), status, content_type="text/html; charset=utf-8")
    response.headers["HX-Trigger"] = json.dumps({event: detail})
    return response


def own_path(path: str, otherwise: str = "/") -> str:
    """A path of this console; another one for anything else that a form may hold."""
    parts = urlsplit(path) if path.isprintable() else urlsplit("")
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if is_own and path.isprintable() else otherwise
