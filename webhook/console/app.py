"""Builds the console: a process of its own, so that its pages never hold up the webhook.

Pages come as functions `Console -> Blueprint`, named in `PAGES`; how a route says who may call it stands in
`webhook/console/guard.py`. In a template there are: `account` (who is logged in, or None), `words` (of
`webhook/console/words.py`, in the reader's language), `language`, `csrf_token()`, `static_url("console.css")`. A page
extends `base.html.jinja`, with the blocks `title`, `head` and `body`. Templates lie in `webhook/console/templates/`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Flask, Request, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from bot.catalogue import Catalogue
from webhook.app import load_content
from webhook.console.accounts import Account
from webhook.console.advisor_pages import advisor_pages
from webhook.console.files import static_url
from webhook.console.guard import Guard, check_declared, visitor
from webhook.console.headers import with_headers
from webhook.console.pages_access import access_pages
from webhook.console.pages_account import account_pages
from webhook.console.pages_accounts import accounts_pages
from webhook.console.pages_login import login_pages
from webhook.console.pages_start import start_pages
from webhook.console.staff_pages import staff_pages
from webhook.console.visit import Visits, the_visit
from webhook.console.words import LANGUAGES, words_in
from webhook.console.world import EXTENSION, Console
from webhook.keys import Keys, Unopened
from webhook.learned import Models
from webhook.observe import fault_of, set_up_logging
from webhook.reload import CatalogueHolder, LastGood, Reloader, SharedCheck
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown

MAX_BODY_BYTES = 256 * 1024

PAGES: tuple[Callable[[Console], Blueprint], ...] = (
    start_pages,
    advisor_pages,
    staff_pages,
    login_pages,
    account_pages,
    accounts_pages,
    access_pages,
)
"""Every page of the console."""

log = structlog.get_logger()


class NoStore(Exception):
    """The console has no store to work with."""


def create_console(
    settings: Settings,
    *,
    reloads: bool = True,
    preloaded: Catalogue | None = None,
    holder: CatalogueHolder | None = None,
    now: Callable[[], float] = time.time,
    pages: tuple[Callable[[Console], Blueprint], ...] | None = None,
) -> Flask:
    """The whole console. Raises ContentFaults, NoStore, and Undeclared for a route that does not say who may call it.

    A `preloaded` catalogue is used if the files still say the same, a `holder` in any case. `now` is the clock of
    accounts and logins, `pages` other pages than all. No model is learned here.
    """
    if not settings.redis_url:
        raise NoStore("REDIS_URL is not set: the console works with the store of the web server.")
    set_up_logging(production=settings.is_production)
    last_good = LastGood(settings.var)
    models = Models(settings.models, settings.root)
    holder = holder or load_content(settings, last_good, models, preloaded)
    console = Console.of(settings, holder, Connection(settings.redis_url), now)
    app = _bare_app(settings, console)
    for make in PAGES if pages is None else pages:
        app.register_blueprint(make(console))
    check_declared(app)
    if reloads:
        Reloader(
            holder,
            settings.root,
            show_unconfirmed=settings.show_unconfirmed,
            check=SharedCheck(settings.var),
            prepare=models.ready,
            last_good=last_good,
        ).start()
    return app


def _bare_app(settings: Settings, console: Console) -> Flask:
    """The app with its guards, and no page."""
    app = Flask("webhook.console", static_folder=None, template_folder="templates")
    secrets_now_first = Keys(*settings.secrets).derived("console-forms")
    app.secret_key = secrets_now_first[0]
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        WTF_CSRF_CHECK_DEFAULT=False,  # the guard asks, in its order
        WTF_CSRF_SSL_STRICT=False,  # wants a Referer, which we tell browsers not to send; the guard looks at Origin
        WTF_CSRF_TIME_LIMIT=None,  # as long as the login
        WTF_CSRF_SECRET_KEY=list(reversed(secrets_now_first)),  # oldest first, as itsdangerous has it
    )
    app.url_map.merge_slashes = False
    app.jinja_env.autoescape = True  # Flask goes by the ending of a file, and does not know ours
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["static_url"] = static_url
    app.extensions[EXTENSION] = console
    app.session_interface = Visits(production=settings.is_production)
    manager = LoginManager()
    manager.session_protection = None  # the cookie holds nothing but a token
    manager.init_app(app, add_context_processor=False)  # an error page must not ask a store that is down
    manager.request_loader(_who_is_logged_in(console))
    parts = urlsplit(settings.console_url)
    origin, is_developer = f"{parts.scheme}://{parts.netloc}", not settings.is_production
    app.before_request(Guard(CSRFProtect(app), origin, _renewing(console), any_name=is_developer))
    app.context_processor(_known_in_templates)
    app.register_error_handler(Exception, _answer_error)
    app.after_request(lambda response: with_headers(response, production=settings.is_production))
    return app


def _who_is_logged_in(console: Console) -> Callable[[Request], Account | None]:
    def find(request: Request) -> Account | None:
        """The account of the cookie's login. Asked once a request."""
        login = console.logins.find(the_visit().login)
        is_of_a_run = login is not None and login.account.for_run
        g.login = None if is_of_a_run and console.settings.is_production else login
        return g.login.account if g.login else None

    return find


def _renewing(console: Console) -> Callable[[], None]:
    def renew() -> None:
        """Note that somebody did something."""
        g.login = console.logins.touch(the_visit().login, g.login)

    return renew


def language_of_reader() -> str:
    """The language of the account; of the browser while nobody is logged in."""
    account = _known_account()
    if account is not None:
        return account.language
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[-1]


def _known_account() -> Account | None:
    """Who is logged in; nobody while the store does not answer."""
    try:
        return visitor()
    except (StoreDown, Unopened):
        return None


def _known_in_templates() -> dict[str, Any]:
    language = language_of_reader()
    return {"account": _known_account(), "language": language, "words": words_in(language)}


def _answer_error(error: Exception) -> ResponseReturnValue:
    """A plain page. Of an error of ours the place goes to the log, never the message."""
    if isinstance(error, HTTPException):
        code = error.code or 500
        if code < 400:
            return error.get_response()  # a redirect that werkzeug itself asks for
    elif isinstance(error, StoreDown):
        code = 503
        log.error("console_store_down")
    else:
        code = 500
        log.error("console_page_failed", **fault_of(error))
    known = code if code in (400, 401, 403, 404, 405, 409, 413, 429, 503) else (400 if code < 500 else 500)
    response = Response(render_template("error.html.jinja", code=code, known=known), code)
    if code == 503:
        response.headers["Retry-After"] = "5"
    return response
