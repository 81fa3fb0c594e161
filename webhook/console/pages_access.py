"""`/staff/access`: who opened what. There is no way here to change or remove an entry."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, abort, render_template, request

from webhook.console.access_log import Did
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.world import Console

_ENTRY = re.compile(r"([1-9]\d{0,15}-\d{1,9})?", re.ASCII)
_FIRST_DAY = date(1970, 1, 2)
"""The store's ids of entries begin with 1970, and whoever asks for what was before gets nothing."""


def access_pages(console: Console) -> Blueprint:
    """The one page."""
    pages = Blueprint("access", __name__)

    @pages.get("/staff/access")
    @callers(Caller.SUPERVISOR, Caller.ADMIN)
    def access() -> str:
        """Entries by user, ticket and day, newest first. That somebody looked is an entry too."""
        user, ticket = request.args.get("user", "")[:40], request.args.get("ticket", "").strip()[:64]
        before, day = request.args.get("before", ""), _day(request.args.get("day", ""))
        if not _ENTRY.fullmatch(before):
            abort(400)
        console.access_log.note(signed_in().id, Did.LOG_OPENED)
        page = console.access_log.page(user=user, ticket=ticket, day=day, before=before)
        filters = {"user": user, "ticket": ticket, "day": day.isoformat() if day else ""}
        chosen = {name: value for name, value in filters.items() if value}
        everybody = console.accounts.all()
        return render_template(
            "access.html.jinja",
            page=page,
            filters=filters,
            everybody=everybody,
            names={each.id: each.name for each in everybody},
            older=f"/staff/access?{urlencode({**chosen, 'before': page.older})}" if page.older else "",
        )

    return pages


def _day(written: str) -> date | None:
    try:
        return max(_FIRST_DAY, date.fromisoformat(written)) if written else None
    except ValueError:
        abort(400)
