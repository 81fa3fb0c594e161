"""The Contents that carry replies with rows to tap: what they look like, where they are kept, and how they get to Twilio.

Twilio wants the number of rows fixed in a Content, and lets everything else be a variable. So there is one for each
number of rows, in each language, that serves every menu. They are used within the 24 hours after a message only, where
none needs WhatsApp's approval. Nothing stops two of one name at Twilio: names hold a digest of what they stand for.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any, Protocol

from bot.native import MAX_BUTTONS, MAX_ROWS, Native
from webhook.store.connection import Connection
from webhook.store.keyspace import OUT_PREFIX
from webhook.store.lifetimes import DAY_S

GRACE_S = 2 * DAY_S  # messages that wait in a queue refer to what they were made with
REFUSED_S = 3600
TROUBLE_S = 60
CONTENTS_KEY = f"{OUT_PREFIX}contents"
REFUSED_KEY = f"{OUT_PREFIX}contents:refused"

_OURS = re.compile(r"ventanilla_(?:buttons|list)_[0-9]+_[a-z]{2}_[0-9a-f]{10}")
_SAMPLES = {
    "en": ("What do you need?", "See options", "Topic"),
    "es": ("¿Qué necesitas?", "Ver opciones", "Tema"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of our Contents at Twilio: of which account, their ids by name, and since when others are out of use."""

    account: str
    ids: Mapping[str, str]
    old: Mapping[str, int] = field(default_factory=dict)

    def id_for(self, rows: int, language: str) -> str:
        """The Content for so many rows: in any language if need be, for all its words are variables. "" for none."""
        languages = [language, *sorted({name.split("_")[3] for name in self.ids})]
        names = (name_of(rows, each) for each in languages if each)
        return next((self.ids[name] for name in names if name in self.ids), "")


class Listed(Protocol):
    """A Content as Twilio lists it."""

    @property
    def sid(self) -> str | None: ...

    @property
    def friendly_name(self) -> str | None: ...


class Library(Protocol):
    """The Contents of an account (see `webhook/outbox/library.py`). Both changes can be repeated."""

    def listed(self) -> Iterable[Listed]: ...

    def create(self, request: Mapping[str, Any]) -> str: ...

    def delete(self, sid: str) -> None: ...


# --- what they look like ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def name_of(rows: int, language: str) -> str:
    """The name of the Content for so many rows in a language."""
    return str(request_for(rows, language)["friendly_name"])


def request_for(rows: int, language: str) -> dict[str, Any]:
    """What Twilio is asked to make. Whoever cannot be shown rows gets their labels as words, which are understood too."""
    is_list = rows > MAX_BUTTONS
    first = 3 if is_list else 2
    pairs = [(f"{{{{{at}}}}}", f"{{{{{at + 1}}}}}") for at in range(first, first + 2 * rows, 2)]
    if is_list:
        items = [{"item": title, "id": id_} for title, id_ in pairs]
        rich: dict[str, Any] = {"twilio/list-picker": {"body": "{{1}}", "button": "{{2}}", "items": items}}
    else:
        actions = [{"type": "QUICK_REPLY", "title": title, "id": id_} for title, id_ in pairs]
        rich = {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}}
    words = "".join(f"\n- {title}" for title, _ in pairs)
    made = {
        "language": language,
        "variables": _sample(rows, language),
        "types": {**rich, "twilio/text": {"body": "{{1}}\n" + words}},
    }
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:10]
    kind = "list" if is_list else "buttons"
    return {"friendly_name": f"ventanilla_{kind}_{rows}_{language}_{digest}", **made}


def variables_of(native: Native) -> dict[str, str]:
    """A reply as the variables of its Content."""
    head = [native.body, native.opens] if native.is_list else [native.body]
    values = [*head, *(part for row in native.rows for part in (row.title, row.id))]
    return {str(at): value for at, value in enumerate(values, start=1)}


def wanted(languages: Sequence[str]) -> dict[str, dict[str, Any]]:
    """All that are needed, by name."""
    requests = [request_for(rows, language) for language in languages for rows in range(1, MAX_ROWS + 1)]
    return {request["friendly_name"]: request for request in requests}


def _sample(rows: int, language: str) -> dict[str, str]:
    body, opens, topic = _SAMPLES.get(language, _SAMPLES["en"])
    head = [body, opens] if rows > MAX_BUTTONS else [body]
    values = [*head, *(part for row in range(1, rows + 1) for part in (f"{topic} {row}", f"topic-{row}"))]
    return {str(at): value for at, value in enumerate(values, start=1)}


# --- where they are kept ---------------------------------------------------------------------------------------------


class KnownContents:
    """What the store knows of them. Raises StoreDown."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def load(self) -> Known | None:
        """What was kept; None if replies go out as numbered text."""
        return _read(self._connection.read([CONTENTS_KEY])[0])

    def usable(self) -> Known | None:
        """The same, unless Twilio has refused one within the last hour, or is in trouble."""
        raw, refused = self._connection.read([CONTENTS_KEY, REFUSED_KEY])
        return None if refused else _read(raw)

    def keep(self, known: Known) -> None:
        self._connection.command("SET", CONTENTS_KEY, json.dumps(asdict(known)))
        self._connection.command("DEL", REFUSED_KEY)

    def refused(self, code: int) -> None:
        """Twilio would not send one: for an hour replies are numbered text, so that nobody waits for a second attempt."""
        self._connection.command("SET", REFUSED_KEY, code, "EX", REFUSED_S)

    def trouble(self, code: int) -> None:
        """Twilio could not be reached, or is too busy: for a minute replies go back in the answer to the webhook."""
        self._connection.command("SET", REFUSED_KEY, code, "EX", TROUBLE_S, "NX")

    def refusal(self) -> int:
        """The code of a refusal within the last hour; 0 for none."""
        return int(self._connection.command("GET", REFUSED_KEY) or 0)


def _read(raw: bytes | None) -> Known | None:
    try:
        read = json.loads(raw) if raw else None
        return Known(read["account"], dict(read["ids"]), dict(read["old"])) if read else None
    except (ValueError, TypeError, KeyError):  # another format: it is made anew by the next `templates sync`
        return None


# --- how they get to Twilio ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Synced:
    """What a synchronisation did: the names it made and found, and the ids it deleted and left for now."""

    made: tuple[str, ...]
    found: tuple[str, ...]
    deleted: tuple[str, ...]
    waiting: tuple[str, ...]


def sync(library: Library, kept: KnownContents, account: str, languages: Sequence[str], now_s: int) -> Synced:
    """Make what is missing, remember all, and delete what has been out of use for two days. Can be repeated, and broken off.

    Only Contents that bear a name of ours are ever touched. Raises StoreDown, and what the library raises.
    """
    before = kept.load()
    old_before = before.old if before and before.account == account else {}
    requests = wanted(languages)
    listed = sorted((each.friendly_name or "", each.sid or "") for each in library.listed())
    ids: dict[str, str] = {}
    unused: list[str] = []
    for name, sid in listed:
        if name in requests and name not in ids:
            ids[name] = sid
        elif _OURS.fullmatch(name):
            unused.append(sid)
    found = tuple(ids)
    for name in requests:
        if name not in ids:
            ids[name] = library.create(requests[name])
    old = {sid: old_before.get(sid, now_s) for sid in unused}
    known = Known(account, ids, old)
    kept.keep(known)  # before anything is deleted: from now on nobody uses the old ones
    over = tuple(sid for sid, since_s in old.items() if now_s - since_s >= GRACE_S)
    for sid in over:
        library.delete(sid)
    left = {sid: since_s for sid, since_s in old.items() if sid not in over}
    kept.keep(replace(known, old=left))
    return Synced(tuple(name for name in ids if name not in found), found, over, tuple(left))


def forget(kept: KnownContents) -> bool:
    """Use them no more; False if none were used. They stay at Twilio, for what still waits there and for the next time."""
    known = kept.load()
    if known is None or not known.ids:
        return False
    kept.keep(replace(known, ids={}))
    return True
