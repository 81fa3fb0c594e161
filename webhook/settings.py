"""What the operator decides: one frozen value, read once from the environment, with every fault named at once.

No secret has a default. In development a missing one is made and kept in `var/`, readable by its owner only, so that a
fresh checkout runs; in production a missing one is a refusal to start.
"""

import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from webhook.keys import MIN_SECRET_CHARACTERS

CHECKOUT = Path(__file__).resolve().parent.parent
LOCAL_URL = "http://127.0.0.1:8000"
LOCAL_CONSOLE_URL = "http://127.0.0.1:8001"

_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
_CONTENT_SID = re.compile(r"HX[0-9a-f]{32}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_AGE_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{50,}")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
"""A range of addresses of the internet."""

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class Environment(StrEnum):
    """Where it runs: on somebody's own machine, or for people."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SettingsRefused(Exception):
    """The environment cannot be used. `missing` names what is not set; `wrong` says what is set and cannot be right."""

    def __init__(self, missing: tuple[str, ...], wrong: tuple[str, ...]) -> None:
        self.missing = missing
        self.wrong = wrong
        lines = [f"Missing: {', '.join(missing)}."] if missing else []
        super().__init__("\n".join([*lines, *wrong]))


@dataclass(frozen=True, slots=True)
class Sending:
    """The limits of what goes out through the outbox.

    Rates are messages (WhatsApp) and segments (SMS) a second for each of our numbers. Prices are in US dollars, for one
    WhatsApp message and one SMS segment; they only feed the daily cap, above which nothing but notices of the bot goes out
    until midnight (UTC). `sms_countries` are the countries (ISO 3166, upper case) whose numbers get an SMS. `templates` are
    the Content ids, by language, of the approved WhatsApp template "an advisor has answered, reply to read".
    """

    whatsapp_per_s: float = 80.0
    sms_per_s: float = 1.0
    whatsapp_usd: float = 0.0135
    sms_usd: float = 0.05
    daily_usd: float = 25.0
    sms_countries: frozenset[str] = frozenset({"BZ", "MX"})
    templates: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Complaints:
    """Where complaints go. `recipient` is the focal point's public key (age); "" means that none are taken.

    `folder` is where sealed complaints are put, `days` the time limit for an answer that the person is told.
    """

    recipient: str = ""
    folder: Path = Path()
    days: int = 30

    @property
    def are_taken(self) -> bool:
        return bool(self.recipient)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between two installations.

    `root` holds `flows/` and `content/`, `var` what the program writes. `auth_tokens` and `secrets` have the current one
    first and, while rotating, the previous one. An empty `redis_url` means the embedded server, an empty `account_sid`
    that none is configured. `stateless` answers without any store. `models` is where what was learned from the examples
    is kept, `learns` whether new examples are learned while it runs.

    `console_url` is where advisors open the console, `api_key` a key and secret used instead of the account's token for
    calls to Twilio, `sending` the limits of what goes out, `complaints` where complaints go and to whom. `trusted_proxies`
    are proxies in front of our own one, which say truly for whom they ask.
    """

    environment: Environment
    root: Path
    var: Path
    models: Path
    public_base_url: str = LOCAL_URL
    account_sid: str = ""
    auth_tokens: tuple[str, ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    sms_from: str = ""
    whatsapp_from: str = ""
    messaging_service_sid: str = ""
    redis_url: str = field(default="", repr=False)
    action_endpoint_url: str = field(default="", repr=False)
    stateless: bool = False
    learns: bool = True
    console_url: str = LOCAL_CONSOLE_URL
    api_key: tuple[str, str] = field(default=("", ""), repr=False)
    sending: Sending = field(default_factory=Sending)
    complaints: Complaints = field(default_factory=Complaints)
    trusted_proxies: tuple[Network, ...] = ()

    @property
    def is_production(self) -> bool:
        """Whether real people write to it."""
        return self.environment is Environment.PRODUCTION

    @property
    def show_unconfirmed(self) -> bool:
        """Help lines that nobody has called yet are shown on a developer's screen only (safety R47)."""
        return not self.is_production


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings that an environment describes. Raises SettingsRefused with everything that is missing or wrong.

    A variable that is set and empty counts as not set, as compose files write it. `VENTANILLA_ROOT` and `VENTANILLA_VAR`
    move the two folders, which are otherwise those of the checkout, and `VENTANILLA_MODELS` what was learned.
    """
    reader = _Reader(environ)
    environment = reader.environment()
    root = Path(reader.text("VENTANILLA_ROOT") or CHECKOUT).absolute()
    var = Path(reader.text("VENTANILLA_VAR") or root / "var").absolute()
    kept = None if environment is Environment.PRODUCTION else var
    settings = Settings(
        environment=environment,
        root=root,
        var=var,
        models=Path(reader.text("VENTANILLA_MODELS") or var / "understanding").absolute(),
        public_base_url=reader.base_url("PUBLIC_BASE_URL", kept),
        account_sid=reader.account_sid("TWILIO_ACCOUNT_SID", kept),
        auth_tokens=reader.rotating("TWILIO_AUTH_TOKEN", kept),
        secrets=reader.rotating("VENTANILLA_SECRET", kept),
        sms_from=reader.text("TWILIO_SMS_FROM"),
        whatsapp_from=reader.text("TWILIO_WHATSAPP_FROM"),
        messaging_service_sid=reader.text("TWILIO_MESSAGING_SERVICE_SID"),
        redis_url=reader.secret("REDIS_URL"),
        action_endpoint_url=reader.http_url("ACTION_ENDPOINT_URL"),
        stateless=reader.text("VENTANILLA_STATELESS").lower() in _TRUE,
        learns=reader.text("VENTANILLA_LEARN").lower() not in _FALSE,
        console_url=reader.console_url(environment),
        api_key=(reader.text("TWILIO_API_KEY"), reader.secret("TWILIO_API_SECRET")),
        sending=reader.sending(),
        complaints=reader.complaints(var),
        trusted_proxies=reader.networks("VENTANILLA_TRUSTED_PROXIES"),
    )
    if any(settings.api_key) and not all(settings.api_key):
        reader.wrong.append("TWILIO_API_KEY and TWILIO_API_SECRET go together: set both or none.")
    if any(len(secret) < MIN_SECRET_CHARACTERS for secret in settings.secrets):
        reader.wrong.append(f"VENTANILLA_SECRET is too short: at least {MIN_SECRET_CHARACTERS} characters.")
    if reader.missing or reader.wrong:
        raise SettingsRefused(tuple(reader.missing), tuple(reader.wrong))
    return settings


class _Reader:
    """Takes variables from an environment and remembers what did not fit, so that one error can say all of it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.missing: list[str] = []
        self.wrong: list[str] = []

    def text(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def environment(self) -> Environment:
        """A mistyped `prodution` must not quietly run as development."""
        written = self.text("VENTANILLA_ENV") or Environment.DEVELOPMENT
        try:
            return Environment(written)
        except ValueError:
            self.wrong.append("VENTANILLA_ENV must be development or production.")
            return Environment.PRODUCTION

    def secret(self, name: str) -> str:
        """A value that may stand in a file of its own, as container platforms hand secrets over (`NAME_FILE`)."""
        file = self.text(f"{name}_FILE")
        if not file:
            return self.text(name)
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            self.wrong.append(f"{name}_FILE names a file that cannot be read.")
            return ""

    def rotating(self, name: str, kept: Path | None) -> tuple[str, ...]:
        """A secret, and the previous one while both count."""
        wrong_before = len(self.wrong)
        current = self.secret(name)
        if not current and kept is not None and len(self.wrong) == wrong_before:
            current = kept_secret(kept / name.lower())
        if not current and len(self.wrong) == wrong_before:
            self.missing.append(name)
        previous = self.secret(f"{name}_PREVIOUS")
        return tuple(dict.fromkeys(value for value in (current, previous) if value))

    def account_sid(self, name: str, kept: Path | None) -> str:
        sid = self.text(name)
        if not sid and kept is None:
            self.missing.append(name)
        if sid and not _ACCOUNT_SID.fullmatch(sid):
            self.wrong.append(f"{name} must be AC and 32 characters of 0-9 and a-f.")
        return sid

    def base_url(self, name: str, kept: Path | None) -> str:
        """The address people's messages come to, without a slash at the end. Signatures are computed over it."""
        url = self.http_url(name)
        if not url and kept is None and not self.text(name):
            self.missing.append(name)
        return (url or LOCAL_URL).rstrip("/")

    def console_url(self, environment: Environment) -> str:
        """In production the console stands behind the same proxy as the webhook, unless another address is set."""
        default = self.text("PUBLIC_BASE_URL") if environment is Environment.PRODUCTION else LOCAL_CONSOLE_URL
        return (self.http_url("CONSOLE_BASE_URL") or default).rstrip("/")

    def sending(self) -> Sending:
        """The limits of what goes out; each has a default."""
        usual = Sending()
        return Sending(
            whatsapp_per_s=self.number("VENTANILLA_WHATSAPP_PER_S", usual.whatsapp_per_s),
            sms_per_s=self.number("VENTANILLA_SMS_PER_S", usual.sms_per_s),
            whatsapp_usd=self.number("VENTANILLA_WHATSAPP_USD", usual.whatsapp_usd),
            sms_usd=self.number("VENTANILLA_SMS_USD", usual.sms_usd),
            daily_usd=self.number("VENTANILLA_DAILY_USD", usual.daily_usd),
            sms_countries=self.countries("VENTANILLA_SMS_COUNTRIES") or usual.sms_countries,
            templates=self.templates("VENTANILLA_REPLY_TEMPLATES"),
        )

    def complaints(self, var: Path) -> Complaints:
        """Where complaints go; none are taken until a focal point is named."""
        recipient = self.text("VENTANILLA_FOCAL_POINT")
        if recipient and not _AGE_RECIPIENT.fullmatch(recipient):
            self.wrong.append("VENTANILLA_FOCAL_POINT must be a public key of age, like age1ql3z7h….")
        folder = Path(self.text("VENTANILLA_COMPLAINTS") or var / "complaints").absolute()
        days = self.number("VENTANILLA_COMPLAINT_DAYS", 30)
        return Complaints(recipient, folder, int(days))

    def number(self, name: str, usual: float) -> float:
        """A number above zero."""
        written = self.text(name)
        if not written:
            return usual
        try:
            number = float(written)
        except ValueError:
            number = -1.0
        if not 0 < number < 1e9:
            self.wrong.append(f"{name} must be a number above 0, like {usual:g}.")
            return usual
        return number

    def countries(self, name: str) -> frozenset[str]:
        """Codes of countries, with commas between them."""
        codes = [code.strip().upper() for code in self.text(name).split(",") if code.strip()]
        if not all(_COUNTRY.fullmatch(code) for code in codes):
            self.wrong.append(f"{name} must be codes of countries with commas between them, like BZ,MX.")
            return frozenset()
        return frozenset(codes)

    def networks(self, name: str) -> tuple[Network, ...]:
        """Addresses and networks, with commas or spaces between them."""
        try:
            return tuple(ipaddress.ip_network(written) for written in self.text(name).replace(",", " ").split())
        except ValueError:
            self.wrong.append(f"{name} must be addresses or networks with commas between them, like 198.51.100.0/24.")
            return ()

    def templates(self, name: str) -> dict[str, str]:
        """Content ids by language: `es=HX…,en=HX…`."""
        pairs = [pair.partition("=") for pair in self.text(name).split(",") if pair.strip()]
        found = {language.strip(): sid.strip() for language, _, sid in pairs}
        if not all(_LANGUAGE.fullmatch(language) and _CONTENT_SID.fullmatch(sid) for language, sid in found.items()):
            self.wrong.append(f"{name} must be like es=HX…,en=HX…, with the ids of approved templates.")
            return {}
        return found

    def http_url(self, name: str) -> str:
        url = self.text(name)
        if not url:
            return ""
        try:
            parts = urlsplit(url)
            fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            fits = False
        if not fits or parts.query or parts.fragment:
            self.wrong.append(f"{name} must be an address like https://hub.example.org, without ? and #.")
            return ""
        return url


def kept_secret(file: Path) -> str:
    """The secret that is kept in a file, made the first time. Two processes that start together agree on one."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        pass
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # mkstemp gives mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(secrets.token_hex(32))
        os.link(draft, file)  # fails if another process was first
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
    return file.read_text(encoding="utf-8").strip()
