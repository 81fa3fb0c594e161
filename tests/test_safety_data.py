"""Safety requirements R51 to R58: as little data as possible, for as short as possible.

What is kept in the store and its files, and what is gone after the lifetimes, is proven through the running server in
`test_privacy.py` and `test_store_*.py`; here stands what can be seen from the values themselves.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import fields
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
from tests.safety_world import everything, go, heard, person, plain, said, whole, write
from webhook.conversation import REPORTS
from webhook.observe import Metrics, without_personal_fields

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
}
MAY_SPEAK_OUTSIDE = {
    "action_endpoint.py": {"requests"},  # ids and closed values to the operator's own action server
}


def test_r56_nothing_that_is_written_goes_anywhere() -> None:
    """No module can hand a conversation to anybody: the only one that speaks to another machine asks for actions."""
    for folder in ("bot", "webhook"):
        for file in (ROOT / folder).rglob("*.py"):
            allowed = MAY_SPEAK_OUTSIDE.get(file.name, set())
            assert _imports(file) & SPEAKS_OUTSIDE <= allowed, file.name
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
