"""Logging in and out, and the links by which somebody first comes in."""

from __future__ import annotations

import math

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webhook.console.access_log import Did
from webhook.console.accounts import Account, Invitation, NoSuchInvitation
from webhook.console.guard import LOGIN_PATH, Caller, callers, signed_in, visitor
from webhook.console.passwords import MIN_CHARACTERS, fault_of_password, hashed, is_outdated, is_right
from webhook.console.proxies import calling_address
from webhook.console.second_factor import in_groups, picture
from webhook.console.visit import the_visit
from webhook.console.words import words_in
from webhook.console.world import Console
from webhook.desk.duty import Duty


def login_pages(console: Console) -> Blueprint:
    """`/login`, `/logout`, `/invitation/…` and, in development, `/run/…`."""
    pages = Blueprint("login", __name__)
    duty = Duty(console.connection, console.now)

    @pages.get(LOGIN_PATH)
    @callers(Caller.ANYONE)
    def form() -> ResponseReturnValue:
        """The form; to the work for somebody who is logged in."""
        return redirect("/", 303) if visitor() else _form(console)

    @pages.post(LOGIN_PATH)
    @callers(Caller.ANYONE)
    def log_in() -> ResponseReturnValue:
        """Let somebody in. What was wrong is not said: not even whether there is such an account."""
        email, address = request.form.get("email", ""), client_address(console)
        account = console.accounts.by_email(email)
        device = console.devices.known(the_visit().device, account)
        wait_s = console.throttle.admit(email, address, device)
        if wait_s:
            return _form(console, minutes=math.ceil(wait_s / 60)), 429, {"Retry-After": str(wait_s)}
        if account is None or not proves(
            console, account, request.form.get("password", ""), request.form.get("code", "")
        ):
            if account is None:
                is_right("", request.form.get("password", ""))  # takes as long as with an account
            console.access_log.note("", Did.LOGIN_FAILED, about=account.id if account else "")
            return _form(console, failed=True), 401
        console.throttle.succeeded(email, address, device)
        if is_outdated(account.password_hash):
            console.accounts.rehash(account, hashed(request.form["password"]))
        begin_login(console, account)
        return redirect("/", 303)

    @pages.post("/logout")
    @callers(Caller.STAFF)
    def log_out() -> ResponseReturnValue:
        """End this login."""
        visit, account = the_visit(), signed_in()
        console.access_log.note(account.id, Did.LOGGED_OUT)
        console.logins.end(visit.login)
        visit.end()
        duty.end(account.id)  # nobody is told that an advisor is there who has just left
        return redirect(LOGIN_PATH, 303)

    @pages.get("/invitation/<token>")
    @callers(Caller.ANYONE)
    def invitation(token: str) -> ResponseReturnValue:
        """The form for a password and the second factor. Looking does not use the link up."""
        try:
            return _invitation_form(console, *_invited(console, token))
        except NoSuchInvitation:
            return render_template("invitation_gone.html.jinja"), 404

    @pages.post("/invitation/<token>")
    @callers(Caller.ANYONE)
    def accept(token: str) -> ResponseReturnValue:
        """Set both, and log in. The link is used up by it, and so are all before it."""
        try:
            invitation, account = _invited(console, token)
            fault = _fault_of_new(console, invitation, account)
            if fault:
                return _invitation_form(console, invitation, account, fault=fault), 422
            has_code = bool(request.form.get("code", "").strip())
            account = console.accounts.accept(
                token, invitation, hashed(request.form["password"]), invitation.totp_secret if has_code else ""
            )
        except NoSuchInvitation:
            return render_template("invitation_gone.html.jinja"), 404
        console.second_factor.accepts(account.id, account.totp_secret, request.form.get("code", ""))  # not twice
        console.access_log.note(account.id, Did.ACCOUNT_CHANGED, about=account.id)
        begin_login(console, account)
        return redirect("/", 303)

    if not console.settings.is_production:

        @pages.get("/run/<token>")
        @callers(Caller.ANYONE)
        def run(token: str) -> ResponseReturnValue:
            """Log straight in, once, by the link that `ventanilla run` prints. Exists in development only."""
            try:
                invitation, account = console.accounts.use_invitation(token)
            except NoSuchInvitation:
                return redirect(LOGIN_PATH, 303)
            if not (invitation.straight and account.for_run):
                abort(404)
            begin_login(console, account)
            return redirect("/", 303)

    return pages


def proves(console: Console, account: Account, password: str, code: str) -> bool:
    """Whether password and code are those of an account that may log in. Uses the code up."""
    if not is_right(account.password_hash if account.enabled else "", password):
        return False
    if console.settings.is_production or account.totp_secret:
        return console.second_factor.accepts(account.id, account.totp_secret, code)
    return True


def begin_login(console: Console, account: Account) -> None:
    """Log somebody in, under a token that nobody can have known before. The browser is known from now on."""
    visit = the_visit()
    console.access_log.note(account.id, Did.LOGGED_IN)
    console.logins.end(visit.login)
    visit.begin(console.logins.begin(account))
    visit.device = console.devices.mark(account)


def client_address(console: Console) -> str:
    """From where somebody calls, as the throttle counts it."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return calling_address(request.remote_addr or "", forwarded, console.settings.trusted_proxies)


def _form(console: Console, *, failed: bool = False, minutes: int = 0) -> str:
    return render_template(
        "login.html.jinja", failed=failed, minutes=minutes, needs_code=console.settings.is_production
    )


def _invited(console: Console, token: str) -> tuple[Invitation, Account]:
    invitation, account = console.accounts.invited(token)
    if invitation.straight:
        raise NoSuchInvitation("This link is for another purpose.")
    return invitation, account


def _invitation_form(console: Console, invitation: Invitation, account: Account, *, fault: str = "") -> str:
    return render_template(
        "invitation.html.jinja",
        invited=account,
        picture=picture(invitation.totp_secret, account.email),
        secret=in_groups(invitation.totp_secret),
        fault=fault,
        least=MIN_CHARACTERS,
        needs_code=console.settings.is_production,
        words=words_in(account.language),
        language=account.language,
    )


def _fault_of_new(console: Console, invitation: Invitation, account: Account) -> str:
    """What is wrong with a new password or code: a word for the page; "" when nothing is."""
    password, code = request.form.get("password", ""), request.form.get("code", "").strip()
    fault = fault_of_password(password, account.email.partition("@")[0], account.name)
    if fault:
        return fault
    if password != request.form.get("again", ""):
        return "unequal"
    if (code or console.settings.is_production) and console.second_factor.step_of(invitation.totp_secret, code) is None:
        return "code"
    return ""
