"""The first address, our files, and whether the process is alive."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, request, send_from_directory
from flask.typing import ResponseReturnValue

from webhook.console.accounts import Role
from webhook.console.files import STATIC, digest_of
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.headers import KEPT_A_YEAR
from webhook.console.world import Console

HOMES = {
    Role.ADVISOR: "/advisor",
    Role.SUPERVISOR: "/staff",
    Role.EDITOR: "/staff/questions",
    Role.ADMIN: "/staff/accounts",
}


def start_pages(console: Console) -> Blueprint:
    """`/`, `/static/…` and `/healthz`."""
    pages = Blueprint("start", __name__)

    @pages.get("/")
    @callers(Caller.STAFF)
    def home() -> ResponseReturnValue:
        """To the page that somebody works on."""
        return redirect(HOMES[signed_in().role], 303)

    @pages.get("/static/<path:name>")
    @callers(Caller.ANYONE)
    def static(name: str) -> Response:
        """A file of ours. Under an address with its digest it never changes, and may be kept."""
        response = send_from_directory(STATIC, name)
        if request.args.get("v") == digest_of(name):
            response.headers["Cache-Control"] = KEPT_A_YEAR
        return response

    @pages.get("/healthz")
    @callers(Caller.ANYONE)
    def healthz() -> Response:
        """Alive: nothing else is asked, so that a lost store never gets the process restarted."""
        return jsonify(status="ok")

    return pages
