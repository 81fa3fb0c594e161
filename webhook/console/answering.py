"""How the pages answer a browser: a page, a part of it, or "nothing has changed"."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Response, request


def unless_same(body: str) -> Response:
    """A part of a page with a tag of what is in it; 304 without a body for whoever has the same already."""
    tag = hashlib.blake2s(body.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    if tag in request.if_none_match:
        response = Response(status=304)
    else:
        response = Response(body.encode("utf-8", "replace"), content_type="text/html; charset=utf-8")
    response.set_etag(tag)
    return response


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
