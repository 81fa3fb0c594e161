"""Knocks at our own public address as Twilio would, and as a stranger would.

The signed form names no message, so it passes the guard, is refused as a form (400) and changes nothing: nobody is
written to, nothing is stored. A wrong signature stops at the guard before that (403). So the two answers together tell
that address, token and account agree with those of the running server.
"""

import time
from collections.abc import Iterator
from urllib.parse import urlencode

import requests

from webhook.doctor.findings import Finding, fail, ok, warn
from webhook.settings import Settings
from webhook.twilio_edge.signature import SIGNATURE_HEADER, sign_form

STATUS = "/twilio/status"
PRIVATE = ("/metrics", "/readyz")
TIMEOUT_S = 10.0
SLOW_S = 2.0
_AREA, _CONSOLE = "round trip", "console"


def knock(settings: Settings, session: requests.Session | None = None) -> Iterator[Finding]:
    """The round trip, and a look at the console from outside."""
    session = session or requests.Session()
    session.trust_env = False  # what a proxy of this machine answers says nothing
    yield from _webhook(settings, session)
    yield from _console(settings, session)


def _webhook(settings: Settings, session: requests.Session) -> Iterator[Finding]:
    base = settings.public_base_url
    form = [("AccountSid", settings.account_sid), ("Doctor", "1")] if settings.account_sid else [("Doctor", "1")]
    signature = sign_form(next(iter(settings.auth_tokens), ""), base + STATUS, form)
    begun = time.monotonic()
    signed = _post(session, base + STATUS, form, {SIGNATURE_HEADER: signature})
    took_s = time.monotonic() - begun
    if isinstance(signed, str):
        mend = "DNS, certificate, firewall, proxy: Twilio comes the same way. Is `ventanilla web` running?"
        level = fail if settings.is_production or settings.account_sid else warn
        yield level(_AREA, f"The public address cannot be reached ({signed}).", mend)
        return
    if signed.status_code == 400:
        yield ok(_AREA, "What Twilio signs is accepted at the public address.")
    else:
        yield _not_accepted(signed.status_code)
    if took_s > SLOW_S:
        yield warn(_AREA, f"The answer took {took_s:.1f} s.", "Twilio waits four seconds: look at proxy and load.")
    unsigned = _post(session, base + STATUS, form, {})
    if isinstance(unsigned, str) or unsigned.status_code != 403:
        found = unsigned if isinstance(unsigned, str) else f"status {unsigned.status_code}"
        mend = "Nothing between may answer for the webhook or pass on what it refused."
        yield fail(_AREA, f"A request that nobody signed is not turned away ({found}).", mend)
    if settings.is_production:
        yield from _private(session, base)


def _not_accepted(status: int) -> Finding:
    if status == 403:
        mend = (
            "PUBLIC_BASE_URL, TWILIO_AUTH_TOKEN and TWILIO_ACCOUNT_SID must be those the running server was started with, "
            "to the letter; restart it after a change."
        )
        return fail(_AREA, "What Twilio signs is refused (403).", mend)
    if 300 <= status < 400:
        return fail(_AREA, f"The address redirects ({status}).", "A redirect loses the message: set the final address.")
    return fail(_AREA, f"The webhook answers {status}.", "The proxy must pass /twilio/ to `ventanilla web` unchanged.")


def _private(session: requests.Session, base: str) -> Iterator[Finding]:
    """What is for operators must not be open to all."""
    for path in PRIVATE:
        found = _get(session, base + path)
        if not isinstance(found, str) and found.status_code == 200:
            yield warn(
                _AREA, f"{path} can be read by everybody.", "Let the proxy pass on only what deploy/Caddyfile does."
            )


def _console(settings: Settings, session: requests.Session) -> Iterator[Finding]:
    found = _get(session, f"{settings.console_url}/login")
    level = fail if settings.is_production else warn
    if isinstance(found, str) or found.status_code != 200:
        why = found if isinstance(found, str) else f"status {found.status_code}"
        mend = "Start `ventanilla console`, and let the proxy pass the pages of deploy/Caddyfile to it."
        yield level(_CONSOLE, f"Its login page cannot be reached ({why}).", mend)
        return
    missing = [name for name in ("Content-Security-Policy", "X-Content-Type-Options") if name not in found.headers]
    if settings.is_production and "Strict-Transport-Security" not in found.headers:
        missing.append("Strict-Transport-Security")
    if missing:
        yield level(_CONSOLE, f"Without {', '.join(missing)}.", "The proxy must not take headers away.")
    cookies = found.raw.headers.getlist("Set-Cookie") if hasattr(found.raw.headers, "getlist") else []
    careless = [cookie for cookie in cookies if not _is_guarded(cookie, settings.is_production)]
    if careless:
        mend = "The proxy must not change cookies; in production CONSOLE_BASE_URL must be https."
        yield level(_CONSOLE, "A cookie can be read by scripts or travels without TLS.", mend)
    if not missing and not careless:
        yield ok(_CONSOLE, "Its login page is there, with its guards.")


def _is_guarded(cookie: str, in_production: bool) -> bool:
    marks = {part.strip().lower().partition("=")[0] for part in cookie.split(";")[1:]}
    return {"httponly", "samesite"} <= marks and (not in_production or "secure" in marks)


def _post(
    session: requests.Session, url: str, form: list[tuple[str, str]], headers: dict[str, str]
) -> requests.Response | str:
    """The answer; or, in a word, why there was none."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    try:
        return session.post(url, urlencode(form), headers=headers, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        return type(error).__name__


def _get(session: requests.Session, url: str) -> requests.Response | str:
    try:
        return session.get(url, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        return type(error).__name__
