"""Safety requirements R51 to R58: as little data as possible, for as short as possible.

What is kept in the store and its files, and what is gone after the lifetimes, is proven through the running server in
`test_privacy.py` and `test_store_*.py`; here stands what can be seen from the values themselves.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from bot.catalogue import MAIN
from bot.inbound import Channel
from bot.session import (
    PREFS_TTL_S,
    SENSITIVE_TTL_S,
    SESSION_TTL_S,
    Prefs,
    Session,
    dump,
    dump_prefs,
)
from bot.turn import Clears, State
from tests.conversation_world import NOW, ROOT, shipped, standing_at
from tests.handover_hub import Hub, chat
from tests.handover_hub import Person as Caller
from tests.safety_world import everything, go, heard, person, plain, said, whole, write
from webhook.console.access_log import KEPT_S, Did
from webhook.console.accounts import INVITATION_TTL_S
from webhook.console.logins import ABSOLUTE_S, IDLE_S
from webhook.conversation import REPORTS
from webhook.desk.tickets import PLAIN
from webhook.embedded import EmbeddedServer
from webhook.observe import Metrics, without_personal_fields
from webhook.outbox.deliveries import DELIVERY_TTL_S, WHOSE_TTL_S
from webhook.outbox.dispatch import MAX_AGE_S, MAX_PARKED_S
from webhook.outbox.given_up import LETTERS_TTL_S
from webhook.outbox.scripts import COPIES_S
from webhook.store import keyspace
from webhook.store.connection import Connection
from webhook.store.lifetimes import (
    CLOSED_TICKET_TTL_S,
    COUNTS_TTL_S,
    DANGER_TICKET_TTL_S,
    ERASED_TICKET_TTL_S,
    QUESTIONS_TTL_S,
    TICKET_LISTS_TTL_S,
)

MARKER = "zanahoria quetzal 983 555 0142"

KEPT = {
    "node": "where the person stands",
    "asking": "where the person stands",
    "more": "where the person stands",
    "offered": "the choices last shown",
    "printed": "the choices last shown",
    "path": "the way back",
    "slots": "answers to questions",
    "misses": "how often we did not understand",
    "owner": "where the person stands",
    "ticket": "where the person stands",
    "sensitive": "a sensitive subject",
    "version": "where the person stands",
    "active_s": "the last message",
    "burst": "how many messages came in a minute",
    "burst_s": "how many messages came in a minute",
    "echo": "fingerprint of the last text not understood",
    "echoes": "how often we did not understand",
    "media_s": "the last message",
    "media": "the last message",
    "tongue": "language",
    "question": "ids of the last four questions",
    "language": "language",
    "consent": "whether questions may be asked",
    "opted_out": "no messages",
}
"""Every field that is kept of a person, and the words of the table in docs/privacy.md that tell of it."""


def test_r51_every_kept_field_stands_in_the_table_of_the_privacy_document() -> None:
    """A new field is a decision about people: it fails here until the table tells of it."""
    table = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    kept = {each.name for each in (*fields(Session), *fields(Prefs))}
    assert kept == set(KEPT)
    for name, words in KEPT.items():
        assert words in table, name


def test_r51_no_word_of_a_person_is_kept() -> None:
    """Whatever somebody writes, at whatever point: their record holds ids, counters and choices from closed lists."""
    catalogue = shipped()
    for language in catalogue.languages:
        for node in catalogue.answers:
            for text in (MARKER, f"{MARKER} me quieren matar", f"soy de {MARKER}", f"i am in {MARKER}"):
                turn = write(catalogue, standing_at(catalogue, node, language, Channel.WHATSAPP), text)
                kept = dump(turn.state.session, catalogue.codes) + dump_prefs(turn.state.prefs)
                assert not re.search(r"zanahoria|quetzal|0142", kept), node
                assert len(kept.encode()) <= 460, node


def test_r51_slots_hold_values_of_closed_lists_only() -> None:
    """No free answer can become a slot: a country is a code, everything else one of the printed options."""
    catalogue = shipped()
    for one in everything(catalogue):
        for slot, value in one.turn.state.session.slots.items():
            question = catalogue.questions[slot]
            options = {option.value for option in question.options}
            assert value.value in {*options, "-"} or re.fullmatch(r"[a-z]{2}", value.value), one.where
    asked = go(catalogue, person("es"), "enter-mexico-guide")
    turn = write(catalogue, asked.state, "soy de Honduras y me llamo Maria Perez 0142")
    assert {name: slot.value for name, slot in turn.state.session.slots.items()} == {"nationality": "hn"}


def test_r52_a_record_names_nobody() -> None:
    """What is stored of a person has no place for a number, a name or an address."""
    catalogue = shipped()
    turn = go(catalogue, person("es", {"nationality": "hn"}), "asylum-mexico")
    record = json.loads(dump(turn.state.session, catalogue.codes))
    assert not re.search(r"\+?\d{12,}", json.dumps(record))
    assert "hn" in json.dumps(record)


def test_r53_what_could_name_a_person_is_dropped_from_every_log_event() -> None:
    """Whatever a programmer passes: words, numbers and addresses do not reach the log."""
    event = {
        "event": "turn_committed",
        "node": MAIN,
        "text": MARKER,
        "body": MARKER,
        "from_number": MARKER,
        "From": "kept only if it is no field of ours",
        "utterance": MARKER,
        "words": MARKER,
        "location": MARKER,
        "wa_id": MARKER,
        "profile_name": MARKER,
        "phone_number": MARKER,
        "exception": MARKER,
    }
    logged = without_personal_fields(None, "info", event)
    assert MARKER not in logged.values()
    assert logged["node"] == MAIN


def test_r53_no_reply_repeats_what_somebody_wrote() -> None:
    """An echo of their words would show them on a screen, in a log of the carrier, and in a copy."""
    catalogue = shipped()
    for language in catalogue.languages:
        for node in catalogue.answers:
            turn = write(catalogue, standing_at(catalogue, node, language, Channel.SMS), MARKER, Channel.SMS)
            assert not re.search(r"zanahoria|quetzal|0142", turn.reply or ""), node


def test_r54_a_sensitive_conversation_is_kept_one_hour() -> None:
    """The period that is promised on the privacy page, for every page that is sensitive; a session lives no longer."""
    catalogue = shipped()
    assert (SENSITIVE_TTL_S, SESSION_TTL_S, PREFS_TTL_S) == (3600, 24 * 3600, 30 * 24 * 3600)
    for one in heard():
        ttl_s = one.turn.state.session.ttl_s
        assert ttl_s == (SENSITIVE_TTL_S if one.turn.state.session.sensitive else SESSION_TTL_S), one.where
        if catalogue.is_sensitive(one.turn.node) or one.turn.danger:
            assert ttl_s == SENSITIVE_TTL_S, one.where


def test_r54_the_privacy_page_says_the_lifetimes_that_hold() -> None:
    """The numbers on the page are the numbers in the program."""
    catalogue = shipped()
    said_s = {
        "kept_session": SESSION_TTL_S,
        "kept_sensitive": SENSITIVE_TTL_S,
        "kept_settings": PREFS_TTL_S,
    }
    seconds = {"hour": 3600, "day": 24 * 3600}
    for name, ttl_s in said_s.items():
        fact = catalogue.facts[name]
        assert fact.number is not None
        assert int(fact.number) * seconds[fact.unit] == ttl_s, name


def test_r55_counters_hold_closed_lists_and_nobody() -> None:
    """A count by free text or by person would be a file about people; every label comes from a short list of ours."""
    catalogue = shipped()
    metrics = Metrics()
    labels = {name: value._labelnames for name, value in vars(metrics).items() if hasattr(value, "_labelnames")}
    allowed = {
        "outcome",
        "channel",
        "language",
        "tier",
        "event",
        "action",
        "reason",
        "status",
        "error_class",
        "result",
        "node",
    }
    assert {label for names in labels.values() for label in names} <= allowed
    by_node = [name for name, names in labels.items() if "node" in names]
    assert by_node == ["reports"], "only the two pages that tell the operator of trouble are counted by page"
    assert set(catalogue.answers) >= REPORTS
    outcomes = {one.turn.outcome for one in heard()}
    assert len(outcomes) < 20
    assert all(re.fullmatch(r"[a-z_]+", outcome) for outcome in outcomes)


def test_r55_statistics_for_others_are_told_to_leave_out_small_groups() -> None:
    """The operator's guide says what may be shown to nobody."""
    guide = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert "groups smaller than ten" in guide


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


SPEAKS_OUTSIDE = {
    "requests",
    "httpx",
    "aiohttp",
    "urllib3",
    "http",
    "ftplib",
    "smtplib",
    "openai",
    "anthropic",
    "sentry_sdk",
    "boto3",
    "twilio",
}
MAY_SPEAK_OUTSIDE = {
    "webhook/action_endpoint.py": {"requests"},  # ids and closed values to the operator's own action server
    "webhook/commands/doctor.py": {"twilio"},  # looks at the account; changes and hands over nothing
    "webhook/commands/sending.py": {"http"},  # a server of its own, for health and counters
    "webhook/commands/serving.py": {"http"},  # asks the parts of the same machine whether they answer
    "webhook/commands/templates.py": {"requests", "twilio"},  # empty forms for buttons and lists
    "webhook/console/local_media.py": {"requests"},  # answers in place of the network, in development
    "webhook/console/media.py": {"requests", "urllib3"},  # fetches what a person sent to their advisor; gives nothing
    "webhook/doctor/round_trip.py": {"requests"},  # knocks at our own address with a made-up form
    "webhook/doctor/twilio_api.py": {"requests", "twilio"},  # reads settings of the account
    "webhook/outbox/library.py": {"twilio"},  # the same empty forms
    "webhook/outbox/local_twilio.py": {"twilio"},  # answers in place of the network, in development
    "webhook/outbox/provider.py": {"requests", "twilio", "urllib3"},  # sends what is in the outbox, to the person alone
}


def test_r56_nothing_that_is_written_goes_anywhere() -> None:
    """Whatever speaks to another machine stands in this list with what it says. A new one is a decision about people."""
    for folder in ("bot", "webhook"):
        for file in (ROOT / folder).rglob("*.py"):
            allowed = MAY_SPEAK_OUTSIDE.get(file.relative_to(ROOT).as_posix(), set())
            assert _imports(file) & SPEAKS_OUTSIDE == allowed, file
    for language, words in (("en", "we do not sell"), ("es", "no se vende")):
        told, _ = whole(shipped(), go(shipped(), person(language), "privacy"), Channel.WHATSAPP)
        assert words in plain(told)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r58_a_person_sees_what_is_held_and_erases_it_with_one_message(language: str, channel: Channel) -> None:
    """Everything that is kept is listed in words; what is wrong is erased and begun anew; nothing has to be proven."""
    catalogue = shipped()
    slots = {"nationality": "hn", "country": "belize", "work-kind": "farm", "fears-government": "yes"}
    ask = {"en": "my data", "es": "mis datos"}[language]
    turn = write(catalogue, person(language, slots), ask, channel)
    assert turn.node == "my-data"
    told = plain(whole(catalogue, turn, channel)[0])
    for wanted in {
        "en": (
            "honduras",
            "in belize",
            "farm work",
            "yes",
            "english",
            "you agreed",
            "your number as a code",
            "write delete",
        ),
        "es": (
            "honduras",
            "en belice",
            "trabajo de campo",
            "si",
            "espanol",
            "aceptaste",
            "tu numero como clave",
            "escribe borrar",
        ),
    }[language]:
        assert wanted in told.replace("ñ", "n"), wanted
    nobody = write(
        catalogue, State(Session(node=MAIN, active_s=int(NOW.timestamp())), Prefs(language=language)), ask, channel
    )
    assert plain(said(catalogue, "data_language", language, channel)).split()[0] in plain(nobody.reply or "")
    erased = write(catalogue, turn.state, {"en": "DELETE", "es": "BORRAR"}[language], channel)
    assert erased.clears is Clears.ALL
    assert erased.state == State(Session(), Prefs())
    again = write(catalogue, erased.state, ask, channel)
    assert "honduras" not in plain(again.reply or "")


# --- what a whole talk leaves --------------------------------------------------------------------------------------

HOUR_S, DAY_S = 3600, 24 * 3600
FOREVER = None


@dataclass(frozen=True)
class Kind:
    """A kind of key: how it looks, the words of the table in docs/privacy.md that tell of it, how long it lives at most."""

    key: str
    told: str
    life_s: int | None


CODE = r"[A-Za-z0-9_-]{22}"
PART = r"v1:\{p\d\d\}:"
STORED = (
    Kind(rf"{PART}s:{CODE}:(sms|whatsapp)", "**Session**", 4 * DAY_S),
    Kind(rf"{PART}prefs:{CODE}", "**Preferences**", 365 * DAY_S),
    Kind(rf"{PART}m:\w+", "**Seen mark**", DAY_S),
    Kind(rf"{PART}r:\w+", "**Copy of the last reply**", 120),
    Kind(rf"{PART}recent:{CODE}", "**Ids of the last messages**", 120),
    Kind(rf"{PART}[an]:{CODE}", "**Alias**", 30 * DAY_S),
    Kind(rf"{PART}o:{CODE}", "**Outbox entry**", FOREVER),
    Kind(rf"{PART}due", "since when it is due", FOREVER),
    Kind(rf"{PART}oa:{CODE}", "**Attempts**", 4 * DAY_S),
    Kind(rf"{PART}d:[A-Za-z0-9_-]{{17}}", "**Delivery**", DELIVERY_TTL_S),
    Kind(rf"{PART}w:[A-Za-z0-9_-]{{17}}", "**Whose delivery**", WHOSE_TTL_S),
    Kind(rf"{PART}t:[2-9A-Z]{{8}}", "**Ticket, plain fields**", CLOSED_TICKET_TTL_S),
    Kind(rf"{PART}(tp:{CODE}|open|closed|rev)", "**Lists of tickets**", TICKET_LISTS_TTL_S),
    Kind(rf"{PART}[fg]:{CODE}", "**Fence**", 10),
    Kind(rf"{PART}x:{CODE}:(sms|whatsapp|prefs)", "**A record that could not be read**", 7 * DAY_S),
    Kind(r"v1:\{q\}:.+", "**Questions for the editors**", QUESTIONS_TTL_S),
    Kind(rf"v1:\{{out\}}:(gone|g:[A-Za-z0-9_-]{{17}}|gp:{CODE})", "**Messages given up**", LETTERS_TTL_S),
    Kind(r"v1:\{out\}:rate:.+", "**Rate**", HOUR_S),
    Kind(
        r"v1:\{out\}:(spent:\d+|senders|missed|looked:\w+|contents(:refused)?)", "**The senders' own lists**", 7 * DAY_S
    ),
    Kind(r"v1:\{staff\}:(user:\w{16}|users|email:.+)", "**Account**", FOREVER),
    Kind(r"v1:\{staff\}:invitation:\w{64}", "**Invitation**", INVITATION_TTL_S),
    Kind(r"v1:\{staff\}:login:\w{64}", "**Login**", ABSOLUTE_S),
    Kind(r"v1:\{staff\}:totp:\w{16}", "**Last code used**", 300),
    Kind(r"v1:\{staff\}:tries:.+", "**Login attempts**", DAY_S),
    Kind(r"v1:\{staff\}:access", "**Access log**", FOREVER),
    Kind(r"v1:\{staff\}:duty", "**Duty**", DAY_S),
    Kind(r"v1:\{staff\}:(counts:\d+|talks)", "**Counts**", COUNTS_TTL_S),
)
"""Every kind of key in the store. One without a life of its own ends as the table says: it is sent, or taken out."""

TICKET_FIELDS = {
    "person": "code of the person",
    "channel": "channel",
    "language": "language",
    "topic": "the page they asked from",
    "danger": "whether danger was told or seemed possible",
    "maybe": "seemed possible",
    "raised": "whether danger was told",
    "danger_s": "danger first told",
    "reached": "answered",
    "path": "the pages opened before",
    "safe": "the safe time",
    "advisor": "which advisor has it",
    "stage": "stage",
    "alarm": "alarm",
    "outcome": "how it ended",
    "opened": "asked",
    "promised": "promised",
    "told": "promised",
    "taken": "taken",
    "answered": "answered",
    "first": "answered",
    "said": "last message",
    "unanswered": "last message",
    "closed": "closed",
    "n": "how many messages",
    "bytes": "bytes it holds",
    "beyond": "found no room",
    "rev": "how often it changed",
    "moving": "are being moved",
    "contact": "**Contact and check word**",
    "word": "**Contact and check word**",
}
"""The fields of a ticket, and the words that tell of them. Beside them stand messages (m1 …) and marks of what is done (o…)."""

SEALED = frozenset({"contact", "word"})
TOMBSTONE = {"stage", "outcome", "closed", "channel", "language", "opened", "rev"}
DELIVERY_FIELDS = {"person", "again", "reason", "code", "double"}
LETTER_FIELDS = {"person", "reason", "code", "at", "written"}
ATTEMPT_FIELDS = {"claim", "after", "last", "asked"}

NUMBER, NAME = "+5016107319", "Ximena"
TOLD = "berenjena morada zzyzx"


def a_whole_talk(hub: Hub) -> tuple[Caller, str]:
    """Somebody asks, tells, is answered, and one answer cannot be sent; gives them and their ticket, which is open."""
    somebody = Caller(hub, NUMBER, Channel.WHATSAPP)
    somebody.says("trabajo")
    somebody.asks(note=TOLD)
    for written in ("2", "1", "3", "tamarindo"):  # the safe time, the check word
        assert somebody.says(written)
    ticket = hub.only_ticket().id
    ana = hub.staff(NAME)
    ana.sees(chat(ticket))
    assert ana.takes(ticket) == 200
    assert ana.writes(ticket, TOLD) == 200
    hub.passes(2)
    assert somebody.texts() == [f"Asesor/a: {TOLD}"]
    assert ana.does(ticket, "note", text=TOLD, nonce="note").status_code == 200
    assert somebody.says(TOLD) is None
    assert ana.does(ticket, "reveal", reason="referral").status_code == 200
    assert ana.writes(ticket, "this comes too late") == 200
    hub.clock.passes(MAX_AGE_S + 60)
    hub.sends()
    assert ana.writes(ticket, "and this waits") == 200
    return somebody, ticket


def kind_of(key: str) -> Kind:
    found = [kind for kind in STORED if re.fullmatch(kind.key, key)]
    assert len(found) == 1, f"{key} is of no kind that docs/privacy.md tells of, or of several"
    return found[0]


def fields_of(connection: Connection, key: str) -> dict[str, bytes]:
    """The fields of a hash."""
    answer = connection.command("HGETALL", key)
    pairs = answer.items() if isinstance(answer, dict) else zip(answer[::2], answer[1::2], strict=True)
    return {name.decode(): value for name, value in pairs}


def look_at(connection: Connection) -> set[Kind]:
    """Every key and every field of a hash is one that the table tells of. Gives the kinds that were found."""
    seen = set()
    for raw in connection.command("KEYS", "*"):
        key = raw.decode()
        seen.add(kind := kind_of(key))
        if connection.command("TYPE", key) != b"hash":
            continue
        names = set(fields_of(connection, key))
        if kind.told == "**Ticket, plain fields**":
            extra = {name for name in names if not re.fullmatch(r"m\d+|o:[\w-]+", name)} - set(TICKET_FIELDS)
        elif kind.told == "**Delivery**":
            extra = {name for name in names if not re.fullmatch(r"(SM|MM)[0-9a-f]{32}", name)} - DELIVERY_FIELDS
        elif kind.told == "**Messages given up**":
            extra = names - LETTER_FIELDS
        elif kind.told == "**Attempts**":
            extra = {name for name in names if not re.fullmatch(r"(c:)?[A-Za-z0-9_-]{17}", name)} - ATTEMPT_FIELDS
        else:
            extra = {name for name in names if not re.fullmatch(r"[a-z-]{1,8}:[a-z_0-9]+|n|until|beyond", name)}
        assert not extra, (key, extra)
    return seen


def test_r51_the_table_tells_of_every_kind_of_key_and_field() -> None:
    """A new key is a decision about people: it fails here, or below, until the tables tell of it."""
    told = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in told.splitlines() if line.startswith("|"))
    assert [kind.told for kind in STORED if kind.told not in rows] == []
    assert {name for name, words in TICKET_FIELDS.items() if words not in rows} == set()
    assert {*PLAIN, *SEALED} == set(TICKET_FIELDS)


def test_r51_every_key_of_the_keyspace_is_one_of_these_kinds() -> None:
    """The list of keys in the program and the tables for people are the same list."""
    samples = {"person": "A" * 22, "number": "A" * 22, "channel": "sms", "what": "prefs", "ticket": "23456789"}
    samples |= {"message id": "SM" + "0" * 32, "entry id": "A" * 17}
    keys = re.findall(r"^    (v1:\{p07\}:\S+(?: id>)?)", keyspace.__doc__ or "", re.MULTILINE)
    assert len(keys) > 15
    for key in keys:
        kind_of(re.sub(r"<([\w ]+)>", lambda found: samples[found[1]], key))


def test_r51_a_whole_talk_leaves_only_what_the_table_tells(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer
) -> None:
    """From "advisor" to the end of the talk, with everything that can go wrong in sending: no key, no field beside the table."""
    hub = Hub(tmp_path, connection, valkey_server.url)
    _, ticket = a_whole_talk(hub)
    seen = {kind.told for kind in look_at(connection)}
    for wanted in ("Ticket, plain fields", "Outbox entry", "Attempts", "Delivery", "Messages given up", "Access log"):
        assert f"**{wanted}**" in seen, "the talk has not gone everywhere"
    for raw in connection.command("KEYS", "*"):
        left_ms, life_s = connection.command("PTTL", raw), kind_of(raw.decode()).life_s
        if life_s is not FOREVER and raw not in LISTS_OF_SENDERS:
            assert 0 < left_ms <= life_s * 1000, raw
    [key] = connection.command("KEYS", f"*:t:{ticket}")
    for name, value in fields_of(connection, key.decode()).items():
        is_sealed = name in SEALED or re.fullmatch(r"m\d+", name)
        assert is_sealed or (len(value) <= 200 and value.isascii()), name
        assert NUMBER[4:].encode() not in value
        assert TOLD.split()[0].encode() not in value
    hub.staff("Bea")
    hub.staff("Eva").sees(chat(ticket))
    look_at(connection)


LISTS_OF_SENDERS = frozenset({b"v1:{out}:gone", b"v1:{out}:senders", b"v1:{out}:contents"})
"""They hold ids that end one by one, or nobody."""


@pytest.mark.parametrize("danger", [False, True])
def test_r54_the_text_of_a_talk_ends_when_the_table_says(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer, danger: bool
) -> None:
    """Thirty days after the end, one hour where danger was told; number and check word go with the end itself."""
    hub = Hub(tmp_path, connection, valkey_server.url)
    somebody, ticket = a_whole_talk(hub)
    if danger:
        assert "911" in (somebody.says("me quieren matar") or "")
    hub.sends()
    eva = hub.staff("Eva", role="supervisor")
    assert eva.does(ticket, "take", instead_of=hub.only_ticket().advisor).status_code == 200
    assert eva.does(ticket, "close", why="helped").status_code == 200
    [key] = connection.command("KEYS", f"*:t:{ticket}")
    kept = fields_of(connection, key.decode())
    assert not SEALED & set(kept)
    assert "m1" in kept
    life_s = DANGER_TICKET_TTL_S if danger else CLOSED_TICKET_TTL_S
    assert (life_s - 60) * 1000 < connection.command("PTTL", key) <= life_s * 1000
    look_at(connection)


def test_r58_delete_leaves_of_a_talk_what_the_table_says(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer
) -> None:
    """No word, no number, nothing that waits to be sent; of the ticket that there was one, for a day."""
    hub = Hub(tmp_path, connection, valkey_server.url)
    somebody, ticket = a_whole_talk(hub)
    assert somebody.says("BORRAR")
    gone = {"Session", "Preferences", "Alias", "Outbox entry", "Attempts", "Copy of the last reply"}
    kinds = {kind.told.strip("*") for kind in look_at(connection)}
    assert gone & kinds == set()
    [key] = connection.command("KEYS", f"*:t:{ticket}")
    assert set(fields_of(connection, key.decode())) == TOMBSTONE
    assert 0 < connection.command("PTTL", key) <= DAY_S * 1000
    assert connection.command("KEYS", "v1:{out}:g:*") == []
    code = hub.keys.person_of("", NUMBER).key.encode()
    named = {kind_of(each.decode()).told for each in connection.command("KEYS", "*") if code in each}
    assert named <= {"**Rate**"}, "for seconds"
    holding = [each for each in connection.command("KEYS", "*") if code in connection.command("DUMP", each)]
    assert {kind_of(each.decode()).told for each in holding} <= {"**Whose delivery**"}, "for half an hour"


def test_r51_the_lifetimes_of_the_table_are_those_of_the_program() -> None:
    """A number that was changed in one place only would be a false promise."""
    rows = [line.split("|")[1:-1] for line in (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8").splitlines()]
    long = {row[0].strip(): row[2] for row in rows if len(row) == 4}
    promised = {
        "Ticket, plain fields": ("30 days", CLOSED_TICKET_TTL_S, "1 hour", DANGER_TICKET_TTL_S),
        "What is left after DELETE": ("24 hours", ERASED_TICKET_TTL_S),
        "Lists of tickets": ("40 days", TICKET_LISTS_TTL_S),
        "Outbox entry": ("4 hours", MAX_AGE_S, "72 hours", MAX_PARKED_S),
        "Sealed copy": ("30 minutes", COPIES_S),
        "Delivery": ("31 days", DELIVERY_TTL_S),
        "Messages given up": ("7 days", LETTERS_TTL_S),
        "Invitation": ("72 hours", INVITATION_TTL_S),
        "Login": ("30 minutes", IDLE_S, "10 hours", ABSOLUTE_S),
        "Access log": ("12 months", KEPT_S),
        "Counts": ("12 months", COUNTS_TTL_S),
    }
    unit_s = {"minutes": 60, "hour": HOUR_S, "hours": HOUR_S, "days": DAY_S}
    for name, lives in promised.items():
        told = next(words for what, words in long.items() if what.startswith(f"**{name}**"))
        for words, life_s in zip(lives[::2], lives[1::2], strict=True):
            number, unit = str(words).split()
            assert str(words) in told, name
            assert life_s == (365 * DAY_S if unit == "months" else int(number) * unit_s[unit]), name


def test_r54_the_privacy_page_says_how_long_a_talk_is_kept() -> None:
    """The page borrows the numbers of two facts for it; they must be those of tickets too."""
    catalogue = shipped()
    assert CLOSED_TICKET_TTL_S == PREFS_TTL_S
    assert DANGER_TICKET_TTL_S == SENSITIVE_TTL_S
    for language, wanted in (
        ("en", ("advisor", "30 days after the end", "your number")),
        ("es", ("asesor", "30 dias despues del final", "tu numero")),
    ):
        for channel in Channel:
            told = plain(whole(catalogue, go(catalogue, person(language), "privacy", channel), channel)[0])
            assert all(words in told for words in wanted), (language, channel)


# --- who can see it ------------------------------------------------------------------------------------------------


def test_r57_nobody_reads_a_chat_without_an_account_and_every_opening_is_logged(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer
) -> None:
    """Strangers see a login page, admins and editors nothing; whoever opens a chat or a number is in the log, without content."""
    hub = Hub(tmp_path, connection, valkey_server.url)
    _, ticket = a_whole_talk(hub)
    assert hub.console.browser().get(chat(ticket)).status_code == 303
    for role in ("admin", "editor"):
        assert hub.console.logged_in(role).get(chat(ticket)).status_code == 403, role
    eva = hub.staff("Eva", role="supervisor")
    assert TOLD in eva.sees(chat(ticket))
    entries = hub.console.console.access_log.page(ticket=ticket).entries
    assert (entries[0].user, entries[0].did) == (eva.account.id, Did.OPENED)
    assert {Did.OPENED, Did.TOOK, Did.REPLIED, Did.NOTED, Did.REVEALED} <= {Did(each.did) for each in entries}
    log = repr(connection.command("XRANGE", "v1:{staff}:access", "-", "+"))
    assert TOLD not in log
    assert NUMBER[4:] not in log


def test_r57_a_disabled_account_is_out_at_once(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer
) -> None:
    """Somebody who no longer works there reads nothing more, wherever they are logged in."""
    hub = Hub(tmp_path, connection, valkey_server.url)
    browser = hub.console.logged_in("advisor")
    assert browser.account is not None
    assert browser.get("/advisor").status_code == 200
    hub.console.console.accounts.disable(browser.account.id)
    assert browser.get("/advisor").status_code == 303


def test_r55_supervisors_see_no_group_smaller_than_ten(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer
) -> None:
    """Nine people who asked on one day are "under 10", the tenth makes it a number."""
    hub = Hub(tmp_path, connection, valkey_server.url)
    for number in range(9):
        Caller(hub, f"+501610800{number}").asks()
    eva = hub.staff("Eva", role="supervisor")
    [row] = hub.desk.counting.rows(1)
    assert row.opened is None
    assert "under 10" in eva.sees("/staff")
    Caller(hub, "+5016108009").asks()
    [row] = hub.desk.counting.rows(1)
    assert row.opened == 10
