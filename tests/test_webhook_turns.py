"""One turn from end to end, over a real store: committed once, answered always."""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.inbound import Inbound
from bot.turn import ActionResult, Call, State, Turn
from tests import learned_world
from tests.twilio_samples import INBOUND_URL, encoded, inbound_form, message, twilio_signature
from tests.webhook_world import Answer, Caller, app_for, asking, echoing, settings_for, telling
from webhook.app import services_of
from webhook.conversation import MAX_CONFLICTS, Conversation
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.observe import Metrics
from webhook.reload import CatalogueHolder
from webhook.store.connection import Connection
from webhook.store.sessions import SessionStore
from webhook.twilio_edge.inbound import Received, read_inbound

NOW = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
MARKER = "quetzal-marker-7319"
NUMBER = "+525500007319"


class Actions:
    """Actions that say how often they were asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def run(self, catalogue: Any, call: Call, inbound: Inbound) -> ActionResult:
        self.asked.append(call.action)
        return ActionResult(responses=[{"text": f"said {len(self.asked)}"}])


@pytest.fixture(scope="module")
def holder() -> CatalogueHolder:
    return CatalogueHolder(learned_world.shipped())


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def actions() -> Actions:
    return Actions()


Talk = Callable[..., Conversation]


@pytest.fixture
def talk(holder: CatalogueHolder, store: SessionStore, actions: Actions, metrics: Metrics) -> Talk:
    """Makes conversations over the store, with a tiny step of the test's own."""

    def make(
        step: Callable[..., Turn | Call] = echoing, store: SessionStore | None = store, **more: Any
    ) -> Conversation:
        return Conversation(holder, store, actions, metrics, step=step, resume=telling, **more)

    return make


def received(text: str, id_: int, keys: Keys, **more: str) -> Received:
    return read_inbound(list(message(text, id_=id_, **more).items()), received_at=NOW, keys=keys)


def soon() -> float:
    return time.monotonic() + 3.0


def count(metrics: Metrics, name: str) -> float:
    """The sum of a counter over all its labels."""
    lines = metrics.exposition().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"ventanilla_{name}_total"))


# --- committed once ----------------------------------------------------------------------------------------------


def test_what_was_said_is_remembered(talk: Talk, keys: Keys) -> None:
    """The second message of a person finds what the first left."""
    conversation = talk()
    assert conversation.take_turn(received("hola", 1, keys), deadline=soon()) == "1: hola"
    assert conversation.take_turn(received("otra", 2, keys), deadline=soon()) == "2: otra"
    assert conversation.take_turn(received("hola", 3, keys, number="+525500000009"), deadline=soon()) == "1: hola"


def test_a_repeat_is_answered_from_the_copy_and_then_with_silence(
    talk: Talk, keys: Keys, connection: Connection
) -> None:
    """The copy lives two minutes; after that a repeat must not run the turn again."""
    conversation = talk()
    conversation.take_turn(received("hola", 1, keys), deadline=soon())
    assert conversation.take_turn(received("changed", 1, keys), deadline=soon()) == "1: hola"
    for key in connection.command("KEYS", "*:r:*"):
        connection.command("DEL", key)
    assert conversation.take_turn(received("hola", 1, keys), deadline=soon()) is None


def test_who_loses_a_race_steps_again_with_what_the_winner_left(talk: Talk, keys: Keys, metrics: Metrics) -> None:
    """Both messages count, one after the other."""
    rival = talk()
    once = iter([True])

    def overtaken(catalogue: Any, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
        if next(once, False):
            rival.take_turn(received("first", 100, keys), deadline=soon())
        return echoing(catalogue, state, inbound, stateless=stateless)

    assert talk(overtaken).take_turn(received("second", 1, keys), deadline=soon()) == "2: second"
    assert count(metrics, "conflicts") == 1


def test_an_action_is_asked_once_however_often_a_turn_steps(talk: Talk, keys: Keys, actions: Actions) -> None:
    """It only reads, and its time is the person's."""
    rival = talk()
    rounds = iter(range(3))

    def overtaken(catalogue: Any, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
        if (turn := next(rounds, None)) is not None:
            rival.take_turn(received("first", 100 + turn, keys), deadline=soon())
        return asking("action_nearest_place")(catalogue, state, inbound)

    assert talk(overtaken).take_turn(received("second", 1, keys), deadline=soon()) == "said 1"
    assert actions.asked == ["action_nearest_place"]


def test_who_always_loses_is_answered_without_memory(talk: Talk, keys: Keys, metrics: Metrics) -> None:
    """After ten rounds the person has waited long enough."""
    rival = talk()
    rounds = []

    def overtaken(catalogue: Any, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
        if not stateless:
            rounds.append(rival.take_turn(received("first", 100 + len(rounds), keys), deadline=soon()))
        return echoing(catalogue, state, inbound, stateless=stateless)

    assert talk(overtaken).take_turn(received("second", 1, keys), deadline=soon()) == "without memory: second"
    assert len(rounds) == MAX_CONFLICTS + 1
    assert count(metrics, "forgotten") == 1


def test_time_running_out_ends_the_rounds(talk: Talk, keys: Keys) -> None:
    """Twilio gives up after four seconds: an answer without memory in time is worth more."""
    rival = talk()
    rounds = []

    def overtaken(catalogue: Any, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
        if not stateless:
            rounds.append(rival.take_turn(received("first", 100 + len(rounds), keys), deadline=soon()))
        return echoing(catalogue, state, inbound, stateless=stateless)

    late = time.monotonic() + 0.1
    assert talk(overtaken).take_turn(received("second", 1, keys), deadline=late) == "without memory: second"
    assert len(rounds) == 1


def test_an_action_is_not_begun_when_it_could_not_end_in_time(talk: Talk, keys: Keys, actions: Actions) -> None:
    """The spoken fallback comes at once instead."""
    conversation = talk(asking("action_nearest_place"))
    assert conversation.take_turn(received("x", 1, keys), deadline=time.monotonic() + 1.0) == "failed"
    assert actions.asked == []


# --- without the store -------------------------------------------------------------------------------------------


def test_replies_go_on_while_the_store_is_gone(
    own_server: EmbeddedServer, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    """Stopped in the middle of a conversation: danger is answered, words are, nothing waits; and back it is remembered."""
    app = app_for(tmp_path, own_server.url)
    caller = Caller(app)
    welcome = caller.send(message("hola", id_=1)).said
    assert welcome is not None
    own_server.stop()

    def timed(text: str, id_: int) -> Answer:
        began = time.monotonic()
        answer = caller.send(message(text, id_=id_))
        assert time.monotonic() - began < 2.0
        return answer

    danger = timed("me quieren matar", 2)
    assert danger.code == 200
    assert "911" in (danger.said or "")
    for id_, text in enumerate(("2", "trabajo", "SOS", "menu", "delete", "hello"), 3):
        answer = timed(text, id_)
        assert answer.code == 200
        assert answer.said
        assert "\n1 " not in answer.said  # no number without a memory of what it means
    assert timed("STOP", 20).said is None
    logged = capfd.readouterr().err
    assert logged.count("store_lost") == 1
    assert count(services_of(app).metrics, "forgotten") == 8

    own_server.start()
    time.sleep(1.1)  # the breaker asks again after a second
    assert caller.send(message("2", id_=30)).said != welcome
    assert caller.send(message("2", id_=30)).said == caller.send(message("2", id_=30)).said
    assert "store_back" in capfd.readouterr().err
    forgotten = count(services_of(app).metrics, "forgotten")
    caller.send(message("menu", id_=31))
    assert count(services_of(app).metrics, "forgotten") == forgotten


def test_a_number_after_an_outage_means_what_was_offered_before_it(own_server: EmbeddedServer, tmp_path: Path) -> None:
    """The reply without memory offers no numbers, so the last ones that were read still count."""
    caller = Caller(app_for(tmp_path, own_server.url))
    fresh = Caller(app_for(tmp_path, own_server.url))
    caller.send(message("hola", id_=1))
    expected_of = fresh.send(message("hola", id_=50, number="+525500000077"))
    assert expected_of.said
    expected = fresh.send(message("2", id_=51, number="+525500000077")).said
    own_server.stop()
    caller.send(message("trabajo", id_=2))
    own_server.start()
    time.sleep(1.1)
    assert caller.send(message("2", id_=3)).said == expected


def test_stateless_mode_needs_no_store(talk: Talk, keys: Keys) -> None:
    """The second host has none."""
    assert talk(store=None).take_turn(received("hola", 1, keys), deadline=soon()) == "without memory: hola"


# --- errors of ours ----------------------------------------------------------------------------------------------


def broken(catalogue: Any, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
    """A step with a bug that quotes the person."""
    raise ValueError(f"cannot read {inbound.text!r}")


def broken_with_memory(catalogue: Any, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
    """A bug that shows only with a session."""
    return echoing(catalogue, state, inbound, stateless=True) if stateless else broken(catalogue, state, inbound)


@contextmanager
def step_of(app: Any, step: Callable[..., Turn | Call]) -> Any:
    """The app with another step for a while."""
    conversation = services_of(app).conversation
    usual, conversation._step = conversation._step, step
    try:
        yield
    finally:
        conversation._step = usual


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, valkey_server: EmbeddedServer) -> Any:
    return app_for(tmp_path_factory.mktemp("var"), valkey_server.url)


def test_an_error_with_memory_is_answered_without(app: Any, connection: Connection) -> None:
    """A session that breaks the engine must not silence its person."""
    with step_of(app, broken_with_memory):
        answer = Caller(app).send(message("hola"))
    assert (answer.code, answer.said) == (200, "without memory: hola")


def test_if_everything_breaks_the_help_number_is_still_said(app: Any, connection: Connection) -> None:
    """In both languages, since even the language may be what broke."""
    with step_of(app, broken):
        answer = Caller(app).send(message("hola"))
        stopped = Caller(app).send(inbound_form("sms stop that Twilio has answered"))
        receipt_like = Caller(app).send(message("hola"), INBOUND_URL.replace("inbound", "fallback"))
    assert answer.code == receipt_like.code == 200
    catalogue = services_of(app).holder.current
    assert answer.said == "\n".join(catalogue.phrase("service_down", language) for language in catalogue.languages)
    assert answer.said.count("911") >= 2
    assert stopped.said is None


def test_no_word_and_no_number_gets_into_a_log_or_a_counter(
    app: Any, connection: Connection, capfd: pytest.CaptureFixture
) -> None:
    """An error quotes what it could not read; whoever reads logs must not learn it."""
    caller = Caller(app)
    forms = [
        message(MARKER, number=NUMBER, id_=1),
        message(MARKER, number=NUMBER, id_=2, channel="whatsapp", ProfileName=MARKER, ButtonPayload=MARKER),
        {**message(MARKER, number=NUMBER, id_=3), "MessageSid": MARKER},
        {**message(MARKER, id_=4), "From": f"whatsapp:{MARKER}"},
    ]
    for step in (broken, broken_with_memory, echoing):
        with step_of(app, step):
            for form in forms:
                caller.send(form)
                caller.post("/twilio/inbound", encoded(form), MARKER)
                caller.post(f"/twilio/{MARKER}", encoded(form), twilio_signature(INBOUND_URL, list(form.items())))
    captured = capfd.readouterr()
    assert "webhook_failed" in captured.err
    shown = captured.err + captured.out + services_of(app).metrics.exposition().decode()
    for personal in (MARKER, NUMBER, NUMBER[1:]):
        assert personal not in shown


def test_nothing_of_a_message_is_stored_in_plain(app: Any, connection: Connection) -> None:
    """The store may be copied: no word and no number stands in it."""
    Caller(app).send(message(MARKER, number=NUMBER, id_=1))
    stored = b"".join(key + (connection.command("DUMP", key) or b"") for key in connection.command("KEYS", "*"))
    assert stored
    for personal in (MARKER, NUMBER, NUMBER[1:]):
        assert personal.encode() not in stored


def test_many_threads_take_turns_with_one_conversation(talk: Talk, keys: Keys) -> None:
    """Each person's count is right at the end, whatever the threads did."""
    conversation = talk()
    deadline = time.monotonic() + 20

    def chat(person: int) -> None:
        for turn in range(10):
            conversation.take_turn(
                received("x", person * 100 + turn, keys, number=f"+5255000010{person:02d}"), deadline=deadline
            )

    threads = [threading.Thread(target=chat, args=[person]) for person in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for person in range(8):
        last = received("x", person * 100 + 99, keys, number=f"+5255000010{person:02d}")
        assert conversation.take_turn(last, deadline=soon()) == "11: x"


def test_stateless_settings_open_no_store(tmp_path: Path) -> None:
    """Even when an address is configured."""
    settings = settings_for(tmp_path, "unix:///nowhere.sock", stateless=True)
    assert services_of(app_for(tmp_path, settings.redis_url, stateless=True)).store is None
    assert replace(settings, stateless=False).redis_url
