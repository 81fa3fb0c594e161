"""The administrator's page: who may use the console. Every change is in the access log, and a link is shown once."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webhook.console.access_log import Did
from webhook.console.accounts import LANGUAGES, Account, EmailTaken, NoSuchAccount, Role, is_email
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.second_factor import new_secret
from webhook.console.world import Console

PATH = "/staff/accounts"


def accounts_pages(console: Console) -> Blueprint:
    """`/staff/accounts`."""
    pages = Blueprint("accounts", __name__)

    @pages.get(PATH)
    @callers(Caller.ADMIN)
    def everybody() -> str:
        """The list, and a form to add somebody."""
        return _page(console)

    @pages.post(PATH)
    @callers(Caller.ADMIN)
    def add() -> ResponseReturnValue:
        """Add somebody, and show their link."""
        form = request.form
        if not is_email(form.get("email", "")):
            return _page(console, fault="bad_email"), 422
        language = form.get("language", "")
        if form.get("role") not in set(Role) or language not in LANGUAGES:
            abort(400)
        try:
            account = console.accounts.add(
                form["email"], Role(form["role"]), name=form.get("name", "")[:80], language=language
            )
        except EmailTaken:
            return _page(console, fault="taken"), 422
        console.access_log.note(signed_in().id, Did.ACCOUNT_ADDED, about=account.id)
        return _with_link(console, account)

    @pages.post(f"{PATH}/<user>/reset")
    @callers(Caller.ADMIN)
    def reset(user: str) -> ResponseReturnValue:
        """A new link: password, second factor and logins of before are gone."""
        _known(console, user)
        console.access_log.note(signed_in().id, Did.ACCOUNT_CHANGED, about=user)
        return _with_link(console, console.accounts.reset(user))

    @pages.post(f"{PATH}/<user>/disable")
    @callers(Caller.ADMIN)
    def disable(user: str) -> ResponseReturnValue:
        """Shut an account; whoever is logged in with it is out at once."""
        _known(console, user)
        console.accounts.disable(user)
        console.access_log.note(signed_in().id, Did.ACCOUNT_CHANGED, about=user)
        return redirect(PATH, 303)

    @pages.post(f"{PATH}/<user>/role")
    @callers(Caller.ADMIN)
    def role(user: str) -> ResponseReturnValue:
        """Another role; whoever is logged in with the account logs in anew."""
        _known(console, user)
        if request.form.get("role") not in set(Role):
            abort(400)
        console.accounts.set_role(user, Role(request.form["role"]))
        console.access_log.note(signed_in().id, Did.ACCOUNT_CHANGED, about=user)
        return redirect(PATH, 303)

    return pages


def _known(console: Console, user: str) -> None:
    """Turn away unknown accounts and one's own: nobody shuts themselves out, or gives themselves another role."""
    if user == signed_in().id:
        abort(409)
    try:
        console.accounts.known(user)
    except NoSuchAccount:
        abort(404)


def _with_link(console: Console, account: Account) -> str:
    token = console.accounts.invite(account, new_secret())
    return _page(console, invited=account, link=f"{console.settings.console_url}/invitation/{token}")


def _page(console: Console, *, fault: str = "", invited: Account | None = None, link: str = "") -> str:
    return render_template(
        "accounts.html.jinja",
        accounts=console.accounts.all(),
        roles=list(Role),
        languages=LANGUAGES,
        fault=fault,
        invited=invited,
        link=link,
    )
