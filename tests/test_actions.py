"""What our actions say, what they get to see, and what happens when an action misbehaves, in this process."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.actions.place_words import PHRASES as PHRASES_USED
from bot.actions.registry import BadActions, build_actions
from bot.actions.results import NotAnAnswer, read_result
from bot.actions.runner import Runner
from bot.actions.tracker import action_call
from bot.actions.workers import AllBusy, Workers
from bot.inbound import Channel, Location
from bot.turn import ActionResult
from tests.action_world import NOW, WORDS, asks, inbound, place, world

PARTNER = "tests.partner_actions"
Failures = list[tuple[str, str]]


@pytest.fixture
def failures() -> Failures:
    return []


@pytest.fixture
def runner(failures: Failures) -> Iterator[Runner]:
    running = Runner([PARTNER], budget_s=5, report=lambda action, why: failures.append((action, why)))
    yield running
    running.close()


def said(result: ActionResult) -> dict[str, Any]:
    assert not result.failed
    (utterance,) = result.responses
    return dict(utterance)


def near(runner: Runner, channel: Channel = Channel.SMS, at: datetime = NOW, **asked: Any) -> list[str]:
    """The lines of the nearest places."""
    utterance = said(runner.run(world(), asks("action_nearest_place", **asked), inbound(channel, at)))
    assert utterance["response"] == "nearest-office"
    return str(utterance["nearest"]).split("\n")


# --- action_nearest_place --------------------------------------------------------------------------------------------


def test_it_names_places_with_distance_door_side_and_telephone(runner: Runner) -> None:
    """Everything somebody needs before setting out, one line a place; every time names its side."""
    assert near(runner, town="chetumal") == [
        "- Rights, Chetumal: hours not known. Tel. +52 983 000 0001",
        "- INM desk, about 10 km: open, until 13:00 Chetumal time.",
    ]


def test_it_speaks_the_language_of_the_person(runner: Runner) -> None:
    """The same places in Spanish, the day of the week included."""
    saturday = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    assert near(runner, at=saturday, town="corozal", language="es")[0] == (
        "- labour-corozal: cerrado, abre el lunes a las 08:00 hora de Belice."
    )


def test_a_shared_location_is_measured_from(runner: Runner) -> None:
    """Who shares a position at the bridge is told of the desk there, not of a town's centre."""
    assert near(runner, location=Location(18.494, -88.397))[0].startswith("- INM desk, less than 1 km: open")


def test_on_whatsapp_the_address_follows(runner: Runner) -> None:
    """There is room for it there; an SMS is paid by the segment."""
    assert near(runner, Channel.WHATSAPP, town="chetumal")[1] == "Main Street 1"
    assert "Main Street 1" not in near(runner, Channel.SMS, town="chetumal")


def test_a_place_on_the_other_side_is_labelled(runner: Runner) -> None:
    """Nobody may walk towards a border without being told."""
    assert near(runner, town="la-union")[0].startswith("- labour-orange-walk (in Belize), about 39 km")


@pytest.mark.parametrize("fears", [{}, {"fears-government": "yes"}, {"fears-government": "no"}])
def test_it_never_names_a_consulate(runner: Runner, fears: dict[str, str]) -> None:
    """Not to those who fear their government (R36), and not to others either: consulates have a guarded page."""
    lines = "\n".join(near(runner, town="chetumal", slots=fears))
    assert "consulate" not in lines
    assert "embassy" not in lines


@pytest.mark.parametrize("town", ["", "atlantis"])
def test_an_unknown_town_is_said_to_be_unknown(runner: Runner, town: str) -> None:
    """It does not guess, and does not fail."""
    assert said(runner.run(world(), asks("action_nearest_place", town=town), inbound())) == {
        "response": "nearest-unknown-town"
    }


def test_without_any_place_it_leads_to_the_advisor(runner: Runner) -> None:
    """Never a dead end, also while the file of places is empty."""
    result = runner.run(world(places=[]), asks("action_nearest_place", town="chetumal"), inbound())
    assert said(result) == {"response": "advisor"}


def test_nothing_of_the_location_is_returned_to_be_kept(runner: Runner) -> None:
    """Where somebody is goes with the turn: no slot, no event."""
    for call in (
        asks("action_nearest_place", town="chetumal"),
        asks("action_nearest_place", location=Location(18.5, -88.3)),
    ):
        assert runner.run(world(), call, inbound()).events == ()


def test_a_holiday_shuts_the_door(runner: Runner) -> None:
    """On Revolution Day the Mexican desk is shut although it is a Monday."""
    holiday = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
    assert "shut, opens Tuesday at 09:00 Chetumal time" in near(runner, at=holiday, town="chetumal")[1]


# --- action_office_hours ---------------------------------------------------------------------------------------------


def hours(runner: Runner, at: datetime = NOW, **asked: Any) -> list[str]:
    utterance = said(runner.run(world(), asks("action_office_hours", **asked), inbound(at=at)))
    assert utterance["response"] == "office-hours"
    return str(utterance["hours"]).split("\n")


def test_the_place_of_a_node_is_told_in_full(runner: Runner) -> None:
    """Open or not now, and the whole week, with the side."""
    assert hours(runner, node="inm-bridge") == [
        "INM desk",
        "Main Street 1",
        "Open, until 13:00 Chetumal time",
        "Mon-Fri 09:00-13:00 (Chetumal time)",
    ]


def test_the_slot_place_names_the_place(runner: Runner) -> None:
    """A flow can ask for a place and hand it on."""
    assert hours(runner, slots={"place": "inm-bridge"})[0] == "INM desk"


def test_the_offices_of_the_known_country_are_told_open_ones_first(runner: Runner) -> None:
    """Who asks at night wants to know who opens first; those of which nobody knows come last."""
    assert hours(runner, slots={"country": "mexico"}) == [
        "- INM desk: open, until 13:00 Chetumal time.",
        "- inm-cancun: shut, opens at 11:00 Chetumal time.",
        "- Rights, Chetumal: hours not known. Tel. +52 983 000 0001",
    ]


def test_without_a_country_both_sides_are_told_and_labelled(runner: Runner) -> None:
    """An hour on the wrong side of the border is a wrong hour."""
    lines = hours(runner)
    assert any("(in Mexico)" in line for line in lines)
    assert any("(in Belize)" in line for line in lines)


def test_a_consulate_is_not_told_to_those_who_fear_their_government(runner: Runner) -> None:
    """Even when a flow leads there by mistake (R36)."""
    assert "consulate" not in "".join(hours(runner, node="consulate", slots={"fears-government": "yes"}))
    assert hours(runner, node="consulate")[0] == "The consulate"


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2026-11-27T22:30", "open, until 02:00"),
        ("2026-11-28T01:00", "open, until 02:00"),
        ("2026-11-29T12:00", "open, until 24:00"),
        ("2026-11-30T12:00", "shut, opens Friday at 22:00"),
    ],
)
def test_nights_are_told_by_the_clock_people_use(runner: Runner, at: str, says: str) -> None:
    """ "Until 02:00" is tonight, and a door that shuts at midnight shuts at 24:00, not "Monday at 00:00"."""
    night = place("night", hours="Fri 22:00-02:00\nSun 08:00-24:00")
    moment = datetime.fromisoformat(f"{at}-05:00")
    result = runner.run(world([night]), asks("action_office_hours", slots={"country": "mexico"}), inbound(at=moment))
    assert says in said(result)["hours"]


# --- what an action gets to see --------------------------------------------------------------------------------------


def test_a_tracker_holds_no_words_and_nobody() -> None:
    """The call may go to another machine: it must not carry what the person wrote, nor who they are."""
    call = asks("action_nearest_place", town="corozal", slots={"country": "belize", "nationality": "gt"})
    body = action_call(world(), call, inbound(id_="SM1"))
    assert WORDS not in str(body)
    assert "SM1" not in str(body)
    assert body["tracker"]["latest_message"]["text"] == ""
    assert [event["event"] for event in body["tracker"]["events"]] == ["user"]


def test_the_sender_is_another_one_every_turn() -> None:
    """Two turns of one person cannot be put together by whoever runs the actions; one turn tried again can."""
    call = asks("action_nearest_place")
    first, again, next_ = (action_call(world(), call, inbound(id_=id_))["sender_id"] for id_ in ("a", "a", "b"))
    assert first == again
    assert first != next_


def test_an_action_sees_the_tracker_as_rasa_documents_it(runner: Runner) -> None:
    """Slots, channel, entities and metadata are where Rasa's own documentation says they are."""
    call = asks("action_tells_tracker", town="corozal", slots={"country": "belize"}, location=Location(18.4, -88.4))
    seen = said(runner.run(world(), call, inbound(Channel.WHATSAPP)))
    assert seen["slots"] == {"country": "belize"}
    assert seen["channel"] == "whatsapp"
    assert seen["town"] == "corozal"
    assert seen["message"]["metadata"] == {
        "language": "en",
        "channel": "whatsapp",
        "country": "belize",
        "node": "nearest-office",
        "place": "",
        "now": "2026-11-23T15:00:00+00:00",
        "location": {"latitude": 18.4, "longitude": -88.4},
        "town": "corozal",
    }


def test_a_slot_past_its_time_is_not_seen(runner: Runner) -> None:
    """What counts for two hours does not count for an action after three."""
    call = asks("action_tells_tracker", slots={"country": "belize"})
    seen = said(runner.run(world(), call, inbound(at=NOW + timedelta(hours=3))))
    assert seen["slots"] == {}


# --- running ---------------------------------------------------------------------------------------------------------


def test_an_action_from_rasas_documentation_runs_unchanged(runner: Runner) -> None:
    """A partner adds an action in Rasa's way and nothing else."""
    result = runner.run(world(), asks("action_check_restaurants", slots={"cuisine": "mexican"}), inbound())
    assert result.responses == (
        {"text": "I know 1 restaurant(s)."},
        {"matches": "La Cocina", "response": "utter_matches"},
    )
    (event,) = result.events
    assert (event["event"], event["name"], event["value"]) == ("slot", "matches", ["La Cocina"])


@pytest.mark.parametrize(
    ("action", "why"),
    [("action_breaks", "RuntimeError"), ("action_unheard_of", "ActionNotFoundException")],
)
def test_an_action_that_fails_is_a_result_not_an_error(
    runner: Runner, failures: Failures, action: str, why: str
) -> None:
    """The person gets spoken words; the operator gets the name and the kind, never what was in the tracker."""
    assert runner.run(world(), asks(action), inbound()) == ActionResult(failed=True)
    assert failures == [(action, why)]


@pytest.mark.parametrize("action", ["action_slowly", "action_blocks"])
def test_an_action_over_its_budget_is_left_behind(failures: Failures, action: str) -> None:
    """Whether it waits politely or blocks its thread: the person gets an answer in time, and the next one too."""
    running = Runner([PARTNER], budget_s=0.8, report=lambda action, why: failures.append((action, why)))
    running.warm(world()).join()
    running.run(world(), asks("action_nearest_place"), inbound())
    began = time.monotonic()
    assert running.run(world(), asks(action), inbound()).failed
    assert time.monotonic() - began < 2.5
    assert failures[-1] == (action, "timeout")
    assert not running.run(world(), asks("action_check_restaurants"), inbound()).failed
    running.close()


def test_a_changed_catalogue_is_told_at_once(runner: Runner) -> None:
    """Editors publish new hours while the process runs."""
    old, new = world([place("a", town="bacalar", name="Old")]), world([place("a", town="bacalar", name="New")])
    told = [
        said(runner.run(each, asks("action_nearest_place", town="bacalar"), inbound()))["nearest"]
        for each in (old, new)
    ]
    assert ["Old" in told[0], "New" in told[1]] == [True, True]


def test_many_turns_at_once_get_their_own_answers(runner: Runner) -> None:
    """Threads share the executor; no answer may reach another person."""
    catalogue, wrong = world(), []

    def ask(town: str) -> None:
        for _ in range(20):
            seen = said(runner.run(catalogue, asks("action_tells_tracker", town=town), inbound()))
            if seen["town"] != town:
                wrong.append(town)

    threads = [threading.Thread(target=ask, args=[town]) for town in ("corozal", "bacalar", "cancun", "flores")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_nothing_of_rasa_is_imported_before_an_action_is_needed() -> None:
    """The SDK costs a third of a second and 35 MB: a process that never acts must not pay."""
    code = (
        "import sys, bot.actions.runner, webhook.action_endpoint, bot.hours, bot.nearest; "
        "print([name for name in ('rasa_sdk', 'sanic', 'holidays') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- workers ---------------------------------------------------------------------------------------------------------


def test_when_all_workers_are_left_behind_the_next_is_told_at_once() -> None:
    """Waiting in vain behind stuck actions would cost every person the whole budget."""
    workers, go_on = Workers(most=1), threading.Event()
    with pytest.raises(TimeoutError):
        workers.run(lambda loop: go_on.wait(10), 0.05)
    began = time.monotonic()
    with pytest.raises(AllBusy):
        workers.run(lambda loop: None, 5)
    assert time.monotonic() - began < 1
    go_on.set()
    assert _eventually(lambda: workers.run(lambda loop: "free again", 1)) == "free again"
    workers.close()


def _eventually(ask: Any) -> Any:
    for _ in range(200):
        try:
            return ask()
        except AllBusy:
            time.sleep(0.01)
    raise AssertionError("never free")


def test_a_worker_keeps_its_event_loop() -> None:
    """Starting a loop for each call would cost more than most actions do."""
    workers = Workers(most=1)
    loops: list[asyncio.AbstractEventLoop] = [_eventually(lambda: workers.run(lambda loop: loop, 1)) for _ in range(3)]
    assert len(set(loops)) == 1
    workers.close()


# --- registry --------------------------------------------------------------------------------------------------------


def test_our_actions_are_found_by_themselves() -> None:
    """Growth is a new file in the package, not a line in a list."""
    assert set(build_actions(world())) == {"action_hand_over", "action_nearest_place", "action_office_hours"}


def test_an_action_may_ask_for_the_catalogue_or_for_nothing() -> None:
    """Ours get it; one from Rasa's documentation has no constructor at all."""
    actions = build_actions(world(), [PARTNER])
    assert {"action_nearest_place", "action_check_restaurants"} <= set(actions)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import nothing_of_that_name", "cannot be imported"),
        ("x = 1", "has no actions"),
        (
            "from rasa_sdk import Action\nclass A(Action):\n    def __init__(self, db): ...\n    def name(self): return 'action_a'",
            "cannot be built",
        ),
        (
            "from rasa_sdk import Action\nclass A(Action):\n    def name(self): return 'action_office_hours'",
            "Rename one of the two",
        ),
    ],
    ids=["import", "empty", "constructor", "name"],
)
def test_a_package_that_cannot_be_used_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, source: str, says: str
) -> None:
    """Whoever installs a partner's actions reads one sentence, at the start, not a traceback at night."""
    package = f"bad_actions_{request.node.callspec.id}"
    (tmp_path / f"{package}.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadActions, match=says):
        build_actions(world(), [package])


# --- results ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [None, [], "ok", {"events": {}}, {"events": ["x"]}, {"events": [{"name": "x"}]}, {"responses": "x"}, {"responses": [1]}],
)  # fmt: skip
def test_what_is_not_rasas_form_is_refused(payload: object) -> None:
    """A server may answer anything."""
    with pytest.raises(NotAnAnswer):
        read_result(payload)


def test_empty_answers_are_answers() -> None:
    """An action that only looks says nothing."""
    assert read_result({"events": None, "responses": []}) == read_result({}) == ActionResult()


def test_an_older_servers_template_is_a_response() -> None:
    """Rasa 2 named it so, and its servers are still about."""
    (utterance,) = read_result({"responses": [{"template": "utter_x", "buttons": [], "n": 0}]}).responses
    assert utterance == {"n": 0, "response": "utter_x"}


def test_every_phrase_the_actions_use_is_in_the_content() -> None:
    """A missing phrase would be a failed action in front of a person."""
    written = YAML(typ="safe").load(Path("content/phrases.yaml"))
    assert set(PHRASES_USED) - set(written) == set()
