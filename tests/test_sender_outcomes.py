"""Each answer of the provider, and each failure told later, ends as it should: sent once, sent late, or given up with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.inbound import Channel
from bot.session import Prefs, load_prefs
from tests.fake_twilio import FAULT, TOO_MANY, Breaks, Ending, Request
from tests.outbox_world import TEMPLATES, World
from webhook.keys import Keys
from webhook.outbox.attempts import dump_attempts, load_attempts
from webhook.outbox.entries import Kind
from webhook.outbox.outcomes import Answer, Came, Do, verdict_on, verdict_on_failure
from webhook.outbox.reasons import Reason, reason_of
from webhook.settings import Sending
from webhook.store.connection import Connection
from webhook.twilio_edge.status import ERRORS, ErrorClass, Receipt, Status

MakeWorld = Callable[..., World]
CODES = sorted(ERRORS)


@pytest.fixture
def make_world(connection: Connection, keys: Keys, tmp_path: Path) -> MakeWorld:
    def make(**changed: Any) -> World:
        return World(connection, keys, tmp_path, **changed)

    return make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()


def fast(**changed: Any) -> Sending:
    return Sending(**{"whatsapp_per_s": 1e6, "sms_per_s": 1e6, "daily_usd": 1e6, **changed})


def test_a_message_is_sent_once_and_known_by_its_callback(world: World) -> None:
    """The usual case: one request, with the entry's id in the address for news."""
    person = world.person()
    entry = world.put(person, "Buenas tardes")
    world.run(person)
    (message,) = world.twilio.sent
    assert (message.body, message.to, message.sender, message.entry) == (
        "Buenas tardes", person.address, entry.sender, entry.id,
    )  # fmt: skip
    assert world.delivery(entry).status is Status.ACCEPTED
    world.told(entry, message.sid, Status.DELIVERED)
    assert world.delivery(entry).status is Status.DELIVERED
    assert (world.outbox.entries(person.key), world.outbox.due(world.clock() + 1e6, 9)) == ([], [])
    assert world.texts() == ["Buenas tardes"]


def test_messages_of_a_person_go_in_their_order_even_when_one_must_wait(world: World) -> None:
    """An answer before its question is worse than a late one."""
    person = world.person()
    for number in range(5):
        world.put(person, f"{number}")
    world.twilio.script = [None, TOO_MANY, FAULT, None, Breaks.UNREACHED, Breaks.LOST]
    world.settle(person)
    assert world.texts() == ["0", "1", "2", "3", "4"]


def test_nobody_waits_for_somebody_else(world: World) -> None:
    """One person's trouble is not everybody's."""
    stuck, other = world.person(1), world.person(2)
    world.put(stuck)
    world.put(other, "to the other")
    world.twilio.by_address[stuck.address] = [TOO_MANY] * 3
    world.run(stuck)
    world.run(other)
    assert world.texts() == ["to the other"]


@pytest.mark.parametrize("ending", [TOO_MANY, (400, 63018), (400, 21611), Breaks.UNREACHED], ids=str)
def test_what_was_not_processed_is_sent_later_and_later_and_is_not_double(world: World, ending: Ending) -> None:
    """Twilio has not taken it, so it may go again as often as need be."""
    person = world.person()
    entry = world.put(person)
    world.twilio.script = [ending] * 4
    pauses = []
    for _ in range(4):
        before_s = world.clock()
        world.run(person)
        world.clock.now_s = float(world.connection.command("ZSCORE", person.records.due, person.key))
        pauses.append(world.clock() - before_s)
    world.run(person)
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]
    assert world.texts() == ["Hola"]
    assert world.delivery(entry).double is False


@pytest.mark.parametrize("redacts", [False, True])
@pytest.mark.parametrize("ending", [Breaks.LOST, (503, 20503)], ids=str)
def test_a_message_whose_answer_was_lost_is_found_by_listing(
    make_world: MakeWorld, ending: Ending, redacts: bool
) -> None:
    """Sent exactly once, even where Twilio has hidden its text; what was not taken is sent again, and marked."""
    world = make_world(redacts=redacts)
    person = world.person()
    first, second = world.put(person, "same"), world.put(person, "same")
    world.twilio.script = [None, ending]
    world.settle(person)
    assert world.texts() == ["same", "same"]
    assert world.delivery(first).double is False
    assert world.delivery(second).double is (ending is not Breaks.LOST)
    assert world.delivery(first).sids.isdisjoint(world.delivery(second).sids)


def test_a_callback_that_comes_before_the_answer_proves_the_message(world: World) -> None:
    """No list is asked and nothing is sent twice: the callback bears our own id."""
    person = world.person()
    entry = world.put(person)
    world.twilio.script = [Breaks.LOST]
    world.run(person)
    (message,) = world.twilio.sent
    world.told(entry, message.sid, Status.SENT)
    asked = len(world.twilio.requests)
    world.settle(person)
    assert len(world.twilio.requests) == asked
    assert (world.delivery(entry).status, world.delivery(entry).double) == (Status.SENT, False)


def test_nothing_is_sent_again_before_the_provider_can_have_listed_it(world: World) -> None:
    """A list may lag behind; a callback that comes meanwhile spares the person a second message."""
    person = world.person()
    entry = world.put(person)
    world.twilio.script = [Breaks.LOST]
    world.run(person)
    kept = world.twilio.messages[:]
    world.twilio.messages.clear()  # not listed yet
    world.clock.move(12)
    world.run(person)
    assert world.texts() == []
    world.twilio.messages[:] = kept
    world.told(entry, kept[0].sid, Status.DELIVERED)
    world.settle(person)
    assert world.texts() == ["Hola"]
    assert world.delivery(entry).double is False


def test_an_unknown_outcome_is_sent_again_once_marked_and_then_given_up_honestly(world: World) -> None:
    """The person must not get it five times, and the advisor must know that it may have arrived."""
    person = world.person()
    entry = world.put(person)
    world.twilio.script = [Breaks.SWALLOWED] * 9
    world.settle(person)
    posts = [request for request in world.twilio.requests if request.method == "POST"]
    assert len(posts) == 2
    assert world.reasons() == [(entry.id, Reason.OUTCOME_UNKNOWN, 0)]
    assert world.delivery(entry).double
    assert world.metric("ventanilla_resent_total") == 1


def test_an_outage_of_the_provider_costs_a_few_messages_their_attempts_and_not_all(world: World) -> None:
    """Else half an hour of errors would give up every message of the day. What was tried in vain is told honestly."""
    people = [world.person(number) for number in range(40)]
    for person in people:
        world.put(person)
    real, ends_s = world.twilio.answer, world.clock() + 1800

    def answer(request: Request) -> tuple[int, dict[str, Any]] | Breaks:
        is_out = request.method == "POST" and world.clock() < ends_s
        return Breaks.SWALLOWED if is_out else real(request)

    world.twilio.answer = answer  # type: ignore[method-assign]
    while any(world.outbox.entries(person.key) for person in people) and world.clock() < ends_s + 3600:
        for key in world.outbox.due(world.clock(), 100):
            world.dispatcher.dispatch(key)
        world.clock.move(5)
    given_up = world.reasons()
    assert {reason for _, reason, _ in given_up} <= {Reason.OUTCOME_UNKNOWN}
    assert len(world.texts()) + len(given_up) == 40
    assert len(given_up) < 40, "all of them"
    assert len(world.texts()) > 20


def test_nothing_is_sent_again_while_the_provider_cannot_be_asked(world: World) -> None:
    """Not found is something else than not asked."""
    person = world.person()
    world.put(person)
    world.twilio.script = [Breaks.LOST]
    world.run(person)
    real = world.twilio.answer
    world.twilio.answer = lambda request: Breaks.SWALLOWED if request.method == "GET" else real(request)  # type: ignore[method-assign]
    for _ in range(5):
        world.clock.move(30)
        world.run(person)
    world.twilio.answer = real  # type: ignore[method-assign]
    world.settle(person)
    assert world.texts() == ["Hola"]


def test_who_has_opted_out_at_the_carrier_gets_nothing_more_on_that_channel(world: World) -> None:
    """21610: a wish, not a fault. What waits behind it is dropped with the reason, and it is remembered."""
    person = world.person(1, Channel.SMS)
    first, second = world.put(person), world.put(person, "another")
    world.twilio.script = [(400, 21610)]
    world.run(person)
    assert world.texts() == []
    assert sorted(world.reasons()) == sorted([(first.id, Reason.OPTED_OUT, 21610), (second.id, Reason.OPTED_OUT, 0)])
    stored = world.connection.command("GET", person.records.prefs)
    assert load_prefs(stored).opted_out == {Channel.SMS}


def test_an_opt_out_between_claim_and_attempt_stops_the_message(world: World) -> None:
    """The last look is part of the write that begins the attempt."""
    person = world.person()
    world.put(person)
    spend = world.dispatcher._limits.ask

    def ask(*args: Any) -> Any:
        world.prefers(person, Prefs().opt_out(Channel.WHATSAPP))
        return spend(*args)

    world.dispatcher._limits.ask = ask  # type: ignore[method-assign]
    world.run(person)
    assert world.twilio.requests == []
    assert [reason for _, reason, _ in world.reasons()] == [Reason.OPTED_OUT]


@pytest.mark.parametrize(
    ("code", "reason", "alarms"),
    [
        (63015, Reason.SANDBOX, 0),
        (20003, Reason.CONFIGURATION, 1),
        (21408, Reason.CONFIGURATION, 1),
        (21211, Reason.UNREACHABLE, 0),
        (21617, Reason.BUG, 1),
        (21656, Reason.BUG, 1),
        (30007, Reason.CONTENT, 0),
        (29999, Reason.UNKNOWN_CODE, 1),
    ],
)
def test_what_can_never_arrive_is_given_up_at_once(world: World, code: int, reason: Reason, alarms: int) -> None:
    """Retrying costs money and hides the fault. What an operator must mend is an alarm."""
    person = world.person()
    entry = world.put(person)
    world.twilio.script = [(400, code)]
    world.run(person)
    assert world.reasons() == [(entry.id, reason, code)]
    assert world.delivery(entry).reason == reason
    assert world.delivery(entry).has_failed
    assert world.metric("ventanilla_send_alarms_total") == alarms
    assert len(world.twilio.requests) == 1


def test_outside_the_window_the_template_asks_and_the_message_waits_for_the_person(make_world: MakeWorld) -> None:
    """WhatsApp takes only templates after a day; the advisor's words follow when the person has written."""
    world = make_world(sending=fast(templates=TEMPLATES))
    person = world.person(wrote_ago_s=24 * 3600)
    world.prefers(person, Prefs("es"))
    world.put(person, "first")
    world.put(person, "second")
    world.run(person)
    for _ in range(5):
        world.clock.move(1800)
        world.run(person)
    (template,) = world.twilio.sent
    assert (template.content_sid, template.body) == (TEMPLATES["es"], "")
    world.writes(person)
    world.run(person)
    assert world.texts() == ["", "first", "second"]


def test_the_last_ten_minutes_of_the_window_are_not_used(world: World) -> None:
    """A message that arrives a second too late is lost."""
    early, late = world.person(1, wrote_ago_s=23 * 3600 + 49 * 60), world.person(2, wrote_ago_s=23 * 3600 + 51 * 60)
    world.put(early, "in time")
    entry = world.put(late, "too late")
    world.run(early)
    world.run(late)
    assert world.texts() == ["in time"]
    assert world.reasons() == [(entry.id, Reason.WINDOW, 0)]


@pytest.mark.parametrize("told_later", [False, True])
def test_a_window_that_the_provider_finds_shut_is_shut(make_world: MakeWorld, told_later: bool) -> None:
    """63016, at once or by callback: the template asks, and the message goes when the person has written."""
    world = make_world(sending=fast(templates=TEMPLATES))
    person = world.person()
    entry = world.put(person, "words")
    if not told_later:
        world.twilio.script = [(400, 63016)]
    world.run(person)
    if told_later:
        world.clock.move(2)
        world.told(entry, world.twilio.sent[0].sid, Status.FAILED, 63016)
        world.twilio.messages.clear()
    world.settle(person, 60)
    assert [message.content_sid for message in world.twilio.sent] == [TEMPLATES["en"]]
    world.clock.move(60)
    world.writes(person)
    world.run(person)
    assert world.texts() == ["", "words"]


def test_a_template_that_fails_ends_the_waiting(make_world: MakeWorld) -> None:
    """The advisor is told at once why it cannot be sent, and not after three days."""
    world = make_world(sending=fast(templates=TEMPLATES))
    person = world.person(wrote_ago_s=90_000)
    entry = world.put(person)
    world.twilio.script = [(400, 63027)]
    world.run(person)
    assert {reason for _, reason, _ in world.reasons()} == {Reason.CONTENT, Reason.WINDOW}
    assert world.delivery(entry).reason == Reason.WINDOW


def test_what_is_parked_ends_with_its_ticket_or_after_three_days(make_world: MakeWorld) -> None:
    """Words for a chat that is over must not come up in the next one."""
    world = make_world(sending=fast(templates=TEMPLATES))
    closed, left = world.person(1, wrote_ago_s=90_000), world.person(2, wrote_ago_s=90_000)
    world.connection.command("HSET", closed.records.ticket("T1"), "stage", "talking")
    world.put(closed, ticket="T1")
    world.put(left)
    world.run(closed)
    world.run(left)
    world.connection.command("HSET", closed.records.ticket("T1"), "stage", "closed")
    world.clock.move(1801)
    world.run(closed)
    assert [reason for _, reason, _ in world.reasons()] == [Reason.CLOSED]
    world.settle(left, 80 * 3600)
    assert [reason for _, reason, _ in world.reasons()].count(Reason.WINDOW) == 1


def test_a_notice_is_never_worth_a_template(make_world: MakeWorld) -> None:
    """Only an advisor's words are; a notice that comes too late is dropped."""
    world = make_world(sending=fast(templates=TEMPLATES))
    person = world.person(wrote_ago_s=90_000)
    world.put(person, kind=Kind.NOTICE)
    world.run(person)
    assert world.texts() == []
    assert [reason for _, reason, _ in world.reasons()] == [Reason.WINDOW]


@pytest.mark.parametrize("code", [30003, 30008, 63010, 63012, 30410, 63018, 30001])
def test_a_failure_told_later_that_may_pass_brings_the_message_back_once(world: World, code: int) -> None:
    """Once, not more: it costs money, and the person would get it again and again."""
    person = world.person()
    entry = world.put(person)
    world.run(person)
    world.told(entry, world.twilio.sent[0].sid, Status.UNDELIVERED, code)
    assert world.delivery(entry).status is Status.QUEUED
    world.settle(person)
    assert world.texts() == ["Hola", "Hola"]
    assert world.delivery(entry).status is Status.ACCEPTED
    world.told(entry, world.twilio.sent[1].sid, Status.UNDELIVERED, code)
    assert world.reasons() == [(entry.id, Reason.FAILED_AGAIN, code)]
    assert world.delivery(entry).has_failed
    world.told(entry, world.twilio.sent[0].sid, Status.UNDELIVERED, code)
    assert len(world.reasons()) == 1


def test_what_comes_back_does_not_disturb_the_one_being_sent(world: World) -> None:
    """The failure of one message comes while the next is on its way."""
    person = world.person()
    first = world.put(person, "first")
    world.run(person)
    world.put(person, "second")
    claimed = world.outbox.claim(person.key, world.clock())
    assert claimed is not None
    world.told(first, world.twilio.sent[0].sid, Status.FAILED, 30008)
    assert world.outbox.sent(claimed, "SM" + "9" * 32, claimed.attempts, world.clock())
    world.settle(person)
    assert world.texts() == ["first", "first"]


def test_a_failure_that_is_told_before_we_know_the_message_counts_too(world: World) -> None:
    """Callbacks do not wait for our own writing."""
    person = world.person()
    entry = world.put(person)
    world.deliveries.receive(entry.id, Receipt(f"SM{1:032x}", Status.FAILED, 30008))
    world.run(person)
    assert world.delivery(entry).status is Status.QUEUED
    world.settle(person)
    assert world.texts() == ["Hola", "Hola"]


def test_a_failure_told_later_that_is_final_shows_with_its_reason(world: World) -> None:
    """And its sealed copy is kept where it can be sent again by hand."""
    person = world.person(1, Channel.SMS)
    entry = world.put(person)
    world.run(person)
    world.told(entry, world.twilio.sent[0].sid, Status.FAILED, 21610)
    assert world.reasons() == [(entry.id, Reason.OPTED_OUT, 21610)]
    assert world.given_up.latest()[0].written
    assert load_prefs(world.connection.command("GET", person.records.prefs)).opted_out == {Channel.SMS}


def test_after_half_an_hour_no_copy_is_left(world: World) -> None:
    """Words are not kept longer than they are needed."""
    person = world.person()
    entry = world.put(person)
    world.run(person)
    assert world.connection.command("TTL", person.records.attempts) <= 1800
    world.clock.move(1801)
    world.put(person, "later")
    world.run(person)
    assert world.outbox.copy(person.key, entry.id) is None


def test_an_old_message_is_not_sent_any_more(world: World) -> None:
    """Four hours later it would only confuse."""
    person = world.person()
    entry = world.put(person)
    world.twilio.script = [TOO_MANY] * 999
    world.settle(person)
    assert world.reasons() == [(entry.id, Reason.TOO_OLD, 0)]


def test_an_entry_that_cannot_be_read_does_not_stop_the_others(world: World) -> None:
    """A secret that was changed twice must not silence everybody who waits."""
    person = world.person()
    world.outbox.put(person.key, b"A1234567890123456 rubbish", world.clock())
    world.put(person, "after it")
    world.run(person)
    assert world.texts() == ["after it"]
    assert [reason for _, reason, _ in world.reasons()] == [Reason.UNREADABLE]


def test_who_is_deleted_while_a_message_is_given_up_leaves_nothing(world: World) -> None:
    """DELETE holds for what could not be sent as well."""
    person = world.person()
    world.put(person)
    claimed = world.outbox.claim(person.key, world.clock())
    assert claimed is not None
    world.connection.command("DEL", person.records.outbox, person.records.attempts)
    assert not world.dispatcher._give_up(claimed, Reason.BUG)
    assert world.given_up.latest() == []
    assert world.given_up.count() == 0


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_an_ending_and_words(code: int) -> None:
    """No code leads to silence: it is retried within bounds, or given up with words in both languages."""
    sync = verdict_on(Answer(Came.REFUSED, http_status=400, code=code), 0, 1.0)
    later = verdict_on_failure(Status.FAILED, code, was_back=True)
    assert later.do in {Do.GIVE_UP, Do.OPT_OUT}
    assert later.reason
    assert sync.do is not Do.RETRY or 0 < sync.after_s <= 3600
    assert sync.do is not Do.FIND_OUT or ERRORS[code] is ErrorClass.RETRY
    english, spanish = (reason_of(code, language, later.reason) for language in ("en", "es"))
    assert english != spanish
    assert english.endswith(".")
    assert spanish.endswith(".")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason: Reason) -> None:
    """The console says why, in the advisor's language."""
    assert reason_of(0, "en", reason) != reason_of(0, "es", reason)


def test_attempts_that_cannot_be_read_count_as_begun() -> None:
    """Sending blindly could send twice."""
    assert load_attempts(b"{broken").attempt_ms
    known = load_attempts(b"")
    assert load_attempts(dump_attempts(known)) == known
