"""Looks at the account at Twilio: where messages are delivered to, who sends, what is approved, what is kept there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from webhook.doctor.findings import Finding, by_hand, fail, ok, shown_url, warn
from webhook.doctor.twilio_api import Refused, TwilioApi
from webhook.outbox.limits import SANDBOX
from webhook.settings import Settings

FRAGMENT = "rt=4000&rc=2&rp=ct,rt,5xx"
FALLBACK_FRAGMENT = "rt=4000&rc=1&rp=ct,rt,5xx"
CLOCK_WARN_S, CLOCK_FAIL_S = 20.0, 120.0
NEVER_OPT_OUT = ("SALIR", "CANCELAR", "AYUDA")
OPT_OUT = ("BAJA", "ALTO", "PARAR")

_ACCOUNT, _CLOCK, _TEMPLATES, _REDACTION, _OPT_OUT = "account", "clock", "templates", "redaction", "opt-out words"
_WORDS_LEFT = re.compile(r"[^\W\d_]{2,}")


def look_at_account(settings: Settings, api: TwilioApi) -> Iterator[Finding]:
    """Everything that Twilio can be asked about, and what it cannot."""
    if not settings.account_sid:
        mend = "Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to look at a real account."
        yield warn(_ACCOUNT, "No account is configured: messages go to the simulator's phones only.", mend)
        return
    try:
        account = api.account()
    except Refused as refused:
        yield _account_refused(refused)
        return
    yield from _of_account(account)
    yield from _of_clock(api.clock_ahead_s)
    for look in (_sms_number, _service, _whatsapp_sender, _templates, _redaction):
        try:
            yield from look(settings, api)
        except Refused as refused:
            area = look.__name__.strip("_").replace("_", " ")
            yield warn(
                area, f"Twilio did not tell ({refused}).", "Try again; with an API key, give it the right to read."
            )
    yield from _not_to_be_seen()


def _account_refused(refused: Refused) -> Finding:
    if refused.status in (401, 403):
        mend = "Compare TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN (or TWILIO_API_KEY and its secret) with the Console."
        return fail(_ACCOUNT, f"Twilio refuses these credentials ({refused}).", mend)
    if refused.status == 404:
        return fail(_ACCOUNT, "Twilio knows no such account.", "Compare TWILIO_ACCOUNT_SID with the Console.")
    mend = "Let this machine reach api.twilio.com over HTTPS; the sender needs it too. `--offline` leaves Twilio out."
    return fail(_ACCOUNT, f"Twilio cannot be asked ({refused}).", mend)


def _of_account(account: Mapping[str, Any]) -> Iterator[Finding]:
    status = account.get("status")
    if status == "active":
        yield ok(_ACCOUNT, "The credentials are right and the account is active.")
    else:
        yield fail(_ACCOUNT, f"The account is {status}.", "Look into the Console: nothing is sent until it is active.")
    if account.get("type") == "Trial":
        mend = "Upgrade it: a trial account writes to verified numbers only."
        yield warn(_ACCOUNT, "It is a trial account.", mend)


def _of_clock(ahead_s: float | None) -> Iterator[Finding]:
    if ahead_s is None:
        return
    found = f"The clock here is {abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} Twilio's."
    mend = (
        "Switch on time synchronisation (systemd-timesyncd, chrony): windows, queues and second factors depend on it."
    )
    if abs(ahead_s) >= CLOCK_FAIL_S:
        yield fail(_CLOCK, found, mend)
    elif abs(ahead_s) >= CLOCK_WARN_S:
        yield warn(_CLOCK, found, mend)
    else:
        yield ok(_CLOCK, "The clock agrees with Twilio's.")


# --- where messages are delivered to -----------------------------------------------------------------------------


def _sms_number(settings: Settings, api: TwilioApi) -> Iterator[Finding]:
    area = "SMS number"
    if not settings.sms_from:
        if not settings.messaging_service_sid:
            yield warn(area, "There is no SMS number.", "Set TWILIO_SMS_FROM, or TWILIO_MESSAGING_SERVICE_SID.")
        return
    number = api.number(settings.sms_from)
    if number is None:
        mend = "Compare TWILIO_SMS_FROM with Phone Numbers → Active numbers, written with + and the country."
        yield fail(area, "The account has no such number.", mend)
        return
    if not (number.get("capabilities") or {}).get("sms"):
        yield fail(area, "The number cannot send SMS.", "Choose a number with SMS for TWILIO_SMS_FROM.")
    else:
        yield ok(area, "The number is the account's and can send SMS.")
    if settings.messaging_service_sid and settings.sms_from in api.senders_of_service(settings.messaging_service_sid):
        yield ok(area, "It is in the Messaging Service, whose addresses count.")
        return
    yield from _addresses(
        area, settings,
        inbound=(number.get("sms_url"), number.get("sms_method")),
        fallback=(number.get("sms_fallback_url"), number.get("sms_fallback_method")),
    )  # fmt: skip


def _service(settings: Settings, api: TwilioApi) -> Iterator[Finding]:
    area = "Messaging Service"
    sid = settings.messaging_service_sid
    if not sid:
        if settings.sms_from:
            mend = "Make one (Messaging → Services): only there can Spanish stop words be set for SMS."
            yield warn(area, "There is none.", mend)
        return
    service = api.service(sid)
    if service is None:
        mend = "Compare TWILIO_MESSAGING_SERVICE_SID with Messaging → Services."
        yield fail(area, "The account has no such service.", mend)
        return
    senders = api.senders_of_service(sid)
    if not senders:
        yield fail(area, "The service has no sender.", "Add the number and the WhatsApp sender to its Sender Pool.")
    for name, address in (("TWILIO_SMS_FROM", settings.sms_from), ("TWILIO_WHATSAPP_FROM", _whatsapp(settings))):
        if address and senders and address not in senders:
            yield warn(area, f"The sender of {name} is not in the service.", "Add it to its Sender Pool.")
    if service.get("use_inbound_webhook_on_number"):
        mend = "Integration → choose “Send a webhook”: then one place holds the addresses of all senders."
        yield warn(area, "It defers to each sender's own webhook.", mend)
        return
    yield from _addresses(
        area, settings,
        inbound=(service.get("inbound_request_url"), service.get("inbound_method")),
        fallback=(service.get("fallback_url"), service.get("fallback_method")),
        status=(service.get("status_callback"), "POST"),
    )  # fmt: skip


def _whatsapp_sender(settings: Settings, api: TwilioApi) -> Iterator[Finding]:
    area = "WhatsApp sender"
    address = _whatsapp(settings)
    if not address:
        if not settings.messaging_service_sid:
            yield warn(area, "There is no WhatsApp sender.", "Set TWILIO_WHATSAPP_FROM.")
        return
    if address == f"whatsapp:{SANDBOX}":
        mend = "For the public register a sender of your own: in the sandbox people must join, every three days."
        yield (fail if settings.is_production else warn)(area, "It is Twilio's sandbox.", mend)
        return
    sender = api.whatsapp_sender(address)
    if sender is None:
        mend = "Compare TWILIO_WHATSAPP_FROM with Messaging → Senders → WhatsApp senders."
        yield fail(area, "The account has no such sender.", mend)
        return
    status = str(sender.get("status") or "unknown")
    if status.startswith("ONLINE"):
        yield ok(area, "The sender is online.")
    else:
        yield fail(area, f"The sender is {status.lower()}.", "Look at it in the Console: Messaging → Senders.")
    if settings.messaging_service_sid and address in api.senders_of_service(settings.messaging_service_sid):
        yield ok(area, "It is in the Messaging Service, whose addresses count.")
        return
    webhook = sender.get("webhook") or {}
    yield from _addresses(
        area, settings,
        inbound=(webhook.get("callback_url"), webhook.get("callback_method")),
        fallback=(webhook.get("fallback_url"), webhook.get("fallback_method")),
        status=(webhook.get("status_callback_url"), webhook.get("status_callback_method") or "POST"),
    )  # fmt: skip


Address = tuple[str | None, str | None]


def _addresses(
    area: str, settings: Settings, *, inbound: Address, fallback: Address, status: Address | None = None
) -> Iterator[Finding]:
    """The webhooks of one sender."""
    base = settings.public_base_url
    yield from _inbound(area, f"{base}/twilio/inbound", *inbound)
    yield from _fallback(area, base, *fallback)
    if status is not None:
        url = status[0] or ""
        wanted = f"{base}/twilio/status"
        if url.partition("#")[0] != wanted:
            found = f"is {shown_url(url)}" if url else "is missing"
            mend = f"Set the delivery status callback to {wanted}: failures of replies are counted there."
            yield warn(area, f"The status callback {found}.", mend)
        else:
            yield ok(area, "The status callback is ours.")


def _inbound(area: str, wanted: str, url: str | None, method: str | None) -> Iterator[Finding]:
    whole = f"{wanted}#{FRAGMENT}"
    bare, _, fragment = (url or "").partition("#")
    if not url:
        yield fail(area, "No webhook is set: messages reach nobody.", f"Set it to {whole}, POST.")
    elif bare != wanted:
        mend = f"Set it to {whole}, POST; or PUBLIC_BASE_URL to the address Twilio calls. They must be equal to the letter."
        yield fail(area, f"The webhook is {shown_url(url)}.", mend)
    elif (method or "POST").upper() != "POST":
        yield fail(area, f"The webhook is called by {method}.", "Choose POST: with GET words of people stand in logs.")
    elif _parts(fragment) != _parts(FRAGMENT):
        mend = f"Add #{FRAGMENT} to it: without that a message is lost when one request fails."
        yield fail(area, f"The webhook ends in “{'#' + fragment if fragment else 'nothing'}”.", mend)
    else:
        yield ok(area, "The webhook is ours, with its limits and retries.")


def _fallback(area: str, base: str, url: str | None, method: str | None) -> Iterator[Finding]:
    wanted = f"https://YOUR-SECOND-HOST/twilio/fallback#{FALLBACK_FRAGMENT}"
    if not url:
        mend = f"Set up `ventanilla web --stateless` on a second host and the fallback to {wanted}, POST."
        yield warn(area, "There is no fallback: while this host is down people hear nothing.", mend)
    elif urlsplit(url).path != "/twilio/fallback" or (method or "POST").upper() != "POST":
        yield fail(area, f"The fallback is {method or 'POST'} {shown_url(url)}.", f"Set it to {wanted}, POST.")
    elif urlsplit(url).hostname == urlsplit(base).hostname:
        mend = "Put it on a second host, at another provider: what brings this one down takes the fallback along."
        yield warn(area, "The fallback is on the same host.", mend)
    else:
        yield ok(area, "The fallback is on another host.")


def _parts(fragment: str) -> frozenset[str]:
    return frozenset(fragment.split("&"))


def _whatsapp(settings: Settings) -> str:
    """Our WhatsApp sender as Twilio writes it; "" for none."""
    bare = settings.whatsapp_from.removeprefix("whatsapp:")
    return f"whatsapp:{bare}" if bare else ""


# --- templates, and what is kept ---------------------------------------------------------------------------------


def _templates(settings: Settings, api: TwilioApi) -> Iterator[Finding]:
    templates = settings.sending.templates
    if not templates:
        mend = (
            "Have “an advisor has answered, reply to read” approved in both languages; set VENTANILLA_REPLY_TEMPLATES."
        )
        yield warn(_TEMPLATES, "None: after 24 hours of silence an advisor cannot reach a person.", mend)
        return
    for language, sid in sorted(templates.items()):
        content = api.content(sid)
        if content is None:
            mend = "Compare VENTANILLA_REPLY_TEMPLATES with Content Template Builder."
            yield fail(_TEMPLATES, f"The account has no template like the one for “{language}”.", mend)
            continue
        if not str(content.get("language", language)).startswith(language):
            mend = "Give each language the template that is written in it."
            yield fail(_TEMPLATES, f"The template for “{language}” is written in “{content.get('language')}”.", mend)
        judged = str(api.approval(sid).get("status") or "not submitted")
        if judged == "approved":
            yield ok(_TEMPLATES, f"The template for “{language}” is approved.")
        else:
            yield fail(
                _TEMPLATES, f"The template for “{language}” is {judged}.", "Submit it to WhatsApp, category UTILITY."
            )
    for language in sorted({"en", "es"} - set(templates)):
        yield warn(_TEMPLATES, f"There is none for “{language}”.", "Add one to VENTANILLA_REPLY_TEMPLATES.")


def _redaction(settings: Settings, api: TwilioApi) -> Iterator[Finding]:
    """No setting can be read. Whether words can be read in Twilio's log can; they are looked at and never shown."""
    mend = "Console → Messaging → Settings → General: switch on message body redaction (and number redaction)."
    bodies = [str(message.get("body") or "") for message in api.recent_messages()]
    if any(_WORDS_LEFT.search(body.replace("REDACTED", "")) for body in bodies):
        yield (fail if settings.is_production else warn)(
            _REDACTION, "Words of recent messages can be read in Twilio's log, for 400 days.", mend
        )
    elif bodies:
        yield ok(_REDACTION, "No words of recent messages can be read in Twilio's log.")
    else:
        yield by_hand(_REDACTION, "There are no messages yet to see it by.", mend)


def _not_to_be_seen() -> Iterator[Finding]:
    """What Twilio tells no program."""
    yield by_hand(
        _OPT_OUT, "Twilio does not tell its opt-out lists.",
        f"Messaging Service → Opt-Out Management: {', '.join(OPT_OUT)} stand in the opt-out list beside the English words; "
        f"{', '.join(NEVER_OPT_OUT)} stand in no list, since people write them to hide or to find help.",
    )  # fmt: skip
    yield by_hand(
        "media", "Whether media need a password cannot be seen.",
        "Console → Settings: “HTTP Basic Authentication for media access” is switched on.",
    )  # fmt: skip
    yield by_hand(
        "countries", "Which countries may be written to cannot be seen.",
        "Messaging → Settings → Geo permissions: the countries of VENTANILLA_SMS_COUNTRIES and no others.",
    )  # fmt: skip
    yield by_hand(
        "alerts", "Whether errors are reported cannot be seen.",
        "Monitor → Alerts for 11200, 11205, 12100 and 12300, and a usage trigger, go to somebody who reads them.",
    )  # fmt: skip
