"""One's own account: the language of the pages, another password, logging out."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webhook.console.access_log import Did
from webhook.console.accounts import LANGUAGES
from webhook.console.answering import own_path
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.pages_login import begin_login, client_address, proves
from webhook.console.passwords import MIN_CHARACTERS, fault_of_password, hashed
from webhook.console.visit import the_visit
from webhook.console.world import Console


def account_pages(console: Console) -> Blueprint:
    """`/account`."""
    pages = Blueprint("account", __name__)

    @pages.get("/account")
    @callers(Caller.STAFF)
    def own() -> str:
        """The page."""
        return _page(console, saved=request.args.get("saved") == "1")

    @pages.post("/account/language")
    @callers(Caller.STAFF)
    def language() -> ResponseReturnValue:
        """Another language for the pages."""
        chosen = request.form.get("language", "")
        if chosen not in LANGUAGES:
            abort(400)
        console.accounts.change(signed_in().id, lambda account: replace(account, language=chosen))
        return redirect(own_path(request.form.get("back", ""), "/account?saved=1"), 303)

    @pages.post("/account/password")
    @callers(Caller.STAFF)
    def password() -> ResponseReturnValue:
        """Another password. All logins of this account end, and this one begins anew."""
        account, new = signed_in(), request.form.get("new", "")
        fault = fault_of_password(new, account.email.partition("@")[0], account.name)
        if not fault and new != request.form.get("again", ""):
            fault = "unequal"
        if fault:
            return _page(console, fault=fault), 422
        address, device = client_address(console), console.devices.known(the_visit().device, account)
        if console.throttle.admit(account.email, address, device):
            abort(429)
        if not proves(console, account, request.form.get("password", ""), request.form.get("code", "")):
            console.access_log.note(account.id, Did.LOGIN_FAILED, about=account.id)
            return _page(console, fault="proof"), 422
        console.throttle.succeeded(account.email, address, device)
        console.access_log.note(account.id, Did.ACCOUNT_CHANGED, about=account.id)
        begin_login(console, console.accounts.set_password(account.id, hashed(new)))
        return redirect("/account?saved=1", 303)

    return pages


def _page(console: Console, *, saved: bool = False, fault: str = "") -> str:
    return render_template(
        "account.html.jinja",
        languages=LANGUAGES,
        saved=saved,
        fault=fault,
        least=MIN_CHARACTERS,
        has_factor=bool(signed_in().totp_secret),
    )
