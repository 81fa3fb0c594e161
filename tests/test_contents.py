"""Contents at Twilio, and the replies that leave with them: made once, sent once, and text whenever anything is not as it must be."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click import ClickException
from twilio.base.exceptions import TwilioRestException

from bot.catalogue import Catalogue
from bot.conversation import step
from bot.inbound import Channel, Inbound
from bot.native import Native, Row
from bot.session import Prefs, Session
from bot.turn import ActionResult, Call, State, Turn
from tests import learned_world
from tests.fake_twilio import Breaks, Ending, FakeTwilio, Twilio
from tests.outbox_world import WHATSAPP, World
from tests.twilio_samples import ACCOUNT, message
from tests.webhook_world import settings_for
from webhook.app import open_natives
from webhook.commands import templates
from webhook.conversation import Conversation
from webhook.keys import Keys
from webhook.observe import Metrics
from webhook.outbox.contents import (
    CONTENTS_KEY,
    GRACE_S,
    REFUSED_KEY,
    Known,
    KnownContents,
    forget,
    request_for,
    sync,
    variables_of,
    wanted,
)
from webhook.outbox.entries import Kind, read
from webhook.outbox.heartbeat import Heartbeat
from webhook.outbox.library import TwilioLibrary
from webhook.outbox.native import MAX_BURST, NativeReplies
from webhook.outbox.provider import client_of
from webhook.reload import CatalogueHolder
from webhook.settings import Environment, Sending
from webhook.store.connection import Connection
from webhook.store.keyspace import Records
from webhook.store.sessions import SessionStore
from webhook.twilio_edge.inbound import Received, read_inbound
from webhook.twilio_edge.status import Status

LANGUAGES = ("en", "es")
NOW = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
START_S = int(NOW.timestamp())
PERSON = "+525500007320"
IDS = itertools.count(1)
REFUSALS = (20404, 21655, 21656, 63027, 63028, 63040, 63041, 63042)


# --- what they look like -----------------------------------------------------------------------------------------


def a_form(rows: int) -> Native:
    return Native("*Hola*\nElige un tema.", tuple(Row(f"id-{at}", f"Tema {at}") for at in range(rows)), "Ver opciones")


def filled(part: Any, variables: Mapping[str, str]) -> Any:
    """A template with its variables put in, as Twilio does."""
    if isinstance(part, str):
        return re.sub(r"\{\{(\d+)\}\}", lambda found: variables[found[1]], part)
    if isinstance(part, list):
        return [filled(each, variables) for each in part]
    return {name: filled(each, variables) for name, each in part.items()} if isinstance(part, dict) else part


@pytest.mark.parametrize("rows", range(1, 11))
def test_a_content_filled_with_a_reply_is_that_reply(rows: int) -> None:
    """Were one variable in the wrong place, every row would lead somewhere else."""
    form, request = a_form(rows), request_for(rows, "es")
    variables = variables_of(form)
    assert list(variables) == list(request["variables"]) == [str(at) for at in range(1, len(variables) + 1)]
    types = filled(request["types"], variables)
    if rows <= 3:
        actions = types["twilio/quick-reply"]["actions"]
        assert {each["type"] for each in actions} == {"QUICK_REPLY"}
        drawn = Native(types["twilio/quick-reply"]["body"], _rows(actions, "title"), form.opens)
    else:
        picker = types["twilio/list-picker"]
        drawn = Native(picker["body"], _rows(picker["items"], "item"), picker["button"])
    assert drawn == form
    assert types["twilio/text"]["body"].splitlines() == [
        *form.body.splitlines(), "", *(f"- {row.title}" for row in form.rows),
    ]  # fmt: skip


def _rows(parts: list[dict[str, str]], title: str) -> tuple[Row, ...]:
    return tuple(Row(each["id"], each[title]) for each in parts)


def test_everything_that_is_filled_in_has_a_sample() -> None:
    """Twilio refuses a Content with a variable of which it has none."""
    for language in LANGUAGES:
        for rows in range(1, 11):
            sample = filled(request_for(rows, language)["types"], request_for(rows, language)["variables"])
            assert "{{" not in json.dumps(sample)


def test_a_name_tells_its_content() -> None:
    """Nothing stops two Contents of one name: another text must be another name, the same text the same."""
    names = list(wanted(LANGUAGES))
    assert len(set(names)) == len(names) == 20
    assert list(wanted(LANGUAGES)) == names
    assert names[0].startswith("ventanilla_buttons_1_en_")


# --- how they get to Twilio -------------------------------------------------------------------------------------


@pytest.fixture
def twilio() -> Twilio:
    return Twilio()


@pytest.fixture
def library(twilio: Twilio, tmp_path: Path) -> TwilioLibrary:
    """The real SDK over the fake, which holds every request against Twilio's description."""
    return TwilioLibrary(client_of(settings_for(tmp_path), FakeTwilio(twilio)))


@pytest.fixture
def kept(connection: Connection) -> KnownContents:
    return KnownContents(connection)


def names(twilio: Twilio) -> list[str]:
    return sorted(each["friendly_name"] for each in twilio.contents.values())


def test_they_are_made_once(twilio: Twilio, library: TwilioLibrary, kept: KnownContents) -> None:
    """An operator runs it at every update; the second time nothing may happen."""
    first = sync(library, kept, ACCOUNT, LANGUAGES, START_S)
    second = sync(library, kept, ACCOUNT, LANGUAGES, START_S + 1)
    assert (len(first.made), len(second.made), len(second.found)) == (20, 0, 20)
    assert names(twilio) == sorted(wanted(LANGUAGES))
    assert twilio.faults == []
    known = kept.load()
    assert known is not None
    assert known.ids == {each["friendly_name"]: sid for sid, each in twilio.contents.items()}
    made = next(each for each in twilio.contents.values() if each["friendly_name"].startswith("ventanilla_list_4_es"))
    types = {name: each for name, each in made["types"].items() if each}
    assert sorted(types) == ["twilio/list-picker", "twilio/text"]


def test_they_are_found_again_after_the_store_was_lost(
    twilio: Twilio, library: TwilioLibrary, kept: KnownContents, connection: Connection
) -> None:
    """What is at Twilio already is not made a second time."""
    sync(library, kept, ACCOUNT, LANGUAGES, START_S)
    before = kept.load()
    connection.command("DEL", CONTENTS_KEY)
    assert sync(library, kept, ACCOUNT, LANGUAGES, START_S).made == ()
    assert kept.load() == before
    assert len(twilio.contents) == 20


def test_a_synchronisation_that_broke_off_goes_on(
    twilio: Twilio, library: TwilioLibrary, kept: KnownContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of them are not used: the store hears of them when all are there."""
    create, made = library.create, []

    def breaking(request: Mapping[str, Any]) -> str:
        if len(made) == 7:
            raise TwilioRestException(503, "uri", code=20503)
        made.append(create(request))
        return made[-1]

    monkeypatch.setattr(library, "create", breaking)
    with pytest.raises(TwilioRestException):
        sync(library, kept, ACCOUNT, LANGUAGES, START_S)
    assert kept.load() is None
    monkeypatch.undo()
    assert len(sync(library, kept, ACCOUNT, LANGUAGES, START_S).found) == 7
    assert len(twilio.contents) == 20


def test_old_ones_are_deleted_after_two_days_and_others_never(
    twilio: Twilio, library: TwilioLibrary, kept: KnownContents
) -> None:
    """Messages on their way still refer to the old ones; and what the hub made itself is not ours to delete."""
    twilio.contents = {
        "HX" + "a" * 32: {"sid": "HX" + "a" * 32, "friendly_name": "ventanilla_list_7_es_0123456789"},
        "HX" + "b" * 32: {"sid": "HX" + "b" * 32, "friendly_name": "advisor_has_answered_es"},
        "HX" + "c" * 32: {"sid": "HX" + "c" * 32, "friendly_name": "ventanilla_reminder"},
    }
    old = "HX" + "a" * 32
    assert sync(library, kept, ACCOUNT, LANGUAGES, START_S).waiting == (old,)
    assert sync(library, kept, ACCOUNT, LANGUAGES, START_S + GRACE_S - 1).deleted == ()
    assert old in twilio.contents
    assert sync(library, kept, ACCOUNT, LANGUAGES, START_S + GRACE_S).deleted == (old,)
    assert "ventanilla_list_7_es_0123456789" not in names(twilio)
    assert {"advisor_has_answered_es", "ventanilla_reminder"} <= set(names(twilio))
    assert sync(library, kept, ACCOUNT, LANGUAGES, START_S + 2 * GRACE_S).deleted == ()


def test_one_that_was_made_twice_is_used_once(twilio: Twilio, library: TwilioLibrary, kept: KnownContents) -> None:
    """Two operators at the same time: Twilio takes both, one is out of use."""
    request = request_for(3, "es")
    for _ in range(2):
        library.create(request)
    done = sync(library, kept, ACCOUNT, LANGUAGES, START_S)
    known = kept.load()
    assert known is not None
    assert done.waiting == tuple(sid for sid in list(twilio.contents)[:2] if sid not in known.ids.values())
    assert len(done.waiting) == 1


def test_deleting_what_is_gone_is_no_fault(library: TwilioLibrary) -> None:
    """Somebody was faster, in Twilio's console."""
    library.delete("HX" + "0" * 32)


def test_turned_off_they_are_kept_for_the_next_time(
    twilio: Twilio, library: TwilioLibrary, kept: KnownContents
) -> None:
    """Off and on again must cost nothing."""
    sync(library, kept, ACCOUNT, LANGUAGES, START_S)
    assert forget(kept)
    assert not forget(kept)
    assert len(twilio.contents) == 20
    assert sync(library, kept, ACCOUNT, LANGUAGES, START_S).made == ()


def test_what_the_store_cannot_read_counts_as_nothing(kept: KnownContents, connection: Connection) -> None:
    """After a downgrade replies are text, not errors."""
    for broken in (b"{", b"[]", b'{"account": 1}', b'{"account": "AC", "ids": 3, "old": {}}'):
        connection.command("SET", CONTENTS_KEY, broken)
        assert kept.load() is None


class NoActions:
    """No page of these tests has one."""

    def run(self, catalogue: Catalogue, call: Call, inbound: Inbound) -> ActionResult:
        raise AssertionError(call.action)


# --- replies -----------------------------------------------------------------------------------------------------


@dataclass
class Phone:
    """Somebody on WhatsApp, the conversation, and the sender with its fake Twilio behind it."""

    talk: Conversation
    natives: NativeReplies
    world: World
    number: str = PERSON
    sent: list[Received] = field(default_factory=list)

    def write(self, text: str, **more: str) -> str | None:
        """A message comes; gives what goes back in TwiML."""
        form = message(text, number=self.number, id_=next(IDS), channel="whatsapp", To=WHATSAPP, **more)
        self.sent.append(read_inbound(list(form.items()), received_at=NOW, keys=self.world.keys))
        return self.again()

    def again(self) -> str | None:
        """The same message comes once more."""
        return self.talk.take_turn(self.sent[-1], deadline=time.monotonic() + 3.0)

    @property
    def person(self) -> str:
        return self.world.keys.person_of("", self.number).key

    @property
    def waiting(self) -> list[bytes]:
        return self.world.outbox.entries(self.person)

    def send(self) -> None:
        """The sender sends what it can."""
        for _ in range(20):
            if not self.world.dispatcher.dispatch(self.person):
                return
        raise AssertionError("it never ends")


@pytest.fixture(scope="module")
def holder() -> CatalogueHolder:
    return CatalogueHolder(learned_world.shipped())


MakePhone = Callable[..., Phone]


@pytest.fixture
def make_phone(
    connection: Connection, keys: Keys, store: SessionStore, holder: CatalogueHolder, tmp_path: Path
) -> MakePhone:
    def make(**changed: Any) -> Phone:
        world = World(connection, keys, tmp_path, **changed)
        client = client_of(settings_for(tmp_path), FakeTwilio(world.twilio))
        sync(TwilioLibrary(client), KnownContents(connection), ACCOUNT, LANGUAGES, START_S)
        Heartbeat(connection).beat("a sender", world.clock())
        natives = NativeReplies(connection, keys, ACCOUNT, clock=world.clock, look_every_s=0)
        return Phone(Conversation(holder, store, NoActions(), Metrics(), natives=natives), natives, world)

    return make


@pytest.fixture
def phone(make_phone: MakePhone) -> Phone:
    """Contents are there and a sender is at work."""
    return make_phone()


def test_a_reply_leaves_with_its_rows(phone: Phone) -> None:
    """The whole way: nothing in TwiML, one message at Twilio, and a tap on it is understood."""
    assert phone.write("hola, buenas tardes") is None
    phone.send()
    (sent,) = phone.world.twilio.sent
    assert (sent.to, sent.sender, sent.body) == (f"whatsapp:{PERSON}", WHATSAPP, "")
    content = phone.world.twilio.contents[sent.content_sid]
    assert content["friendly_name"].startswith("ventanilla_list_8_es_")
    variables = json.loads(sent.variables)
    picker = filled(content["types"]["twilio/list-picker"], variables)
    assert "Ventanilla" in picker["body"]
    row = next(each for each in picker["items"] if each["id"] == "offices")
    assert phone.write(row["item"], ListId=row["id"], ListTitle=row["item"]) is None
    phone.send()
    assert json.loads(phone.world.twilio.sent[1].variables)["1"] == "¿Qué oficina o lugar buscas?"
    assert phone.world.twilio.faults == []
    assert phone.waiting == []


def test_the_entry_holds_the_numbered_text(phone: Phone) -> None:
    """What an operator sees, and what goes out if the Content is refused."""
    phone.write("hola")
    entry = read(phone.waiting[0], phone.world.keys)
    assert (entry.kind, entry.channel) == (Kind.REPLY, Channel.WHATSAPP)
    assert "*1* " in entry.text
    assert entry.as_text() == replace(entry, content_sid="", variables="")


def test_a_message_that_comes_again_sends_nothing_again(phone: Phone) -> None:
    """Twilio's retry: the reply is on its way by the outbox, or has arrived. One way, once."""
    assert phone.write("hola") is None
    assert phone.again() is None
    assert len(phone.waiting) == 1
    phone.send()
    assert phone.again() is None
    phone.send()
    assert len(phone.world.twilio.sent) == 1


def text_of(phone: Phone, said: str = "hola") -> str:
    """What goes back in TwiML, with nothing in the outbox beside it."""
    before = len(phone.waiting)
    reply = phone.write(said)
    assert reply is not None
    assert len(phone.waiting) == before
    assert phone.again() == reply
    return reply


def test_without_a_sender_it_is_text(phone: Phone) -> None:
    """Never silence: an outbox that nobody empties would be just that."""
    Heartbeat(phone.world.connection).stop("a sender")
    assert "*1* " in text_of(phone)


def test_a_sender_that_fell_silent_counts_as_gone(phone: Phone) -> None:
    """One that was killed cannot say so."""
    phone.world.clock.move(13)
    assert "*1* " in text_of(phone)


def test_without_contents_it_is_text(phone: Phone) -> None:
    """Turned off, or never made."""
    forget(KnownContents(phone.world.connection))
    assert "*1* " in text_of(phone)
    phone.world.connection.command("DEL", CONTENTS_KEY)
    assert text_of(phone, "menu")


def test_contents_of_another_account_are_not_used(phone: Phone) -> None:
    """Their ids mean nothing there."""
    kept = KnownContents(phone.world.connection)
    known = kept.load()
    assert known is not None
    kept.keep(Known("AC" + "9" * 32, known.ids))
    assert "*1* " in text_of(phone)


def test_danger_is_answered_in_twiml(phone: Phone) -> None:
    """Whatever else works or not, and as the very first message."""
    assert "911" in text_of(phone, "me quieren matar, ayuda")
    assert "911" in text_of(phone, "SOS")


def test_leaving_and_stopping_are_answered_in_twiml(phone: Phone) -> None:
    """What must not wait, and what must not lie anywhere."""
    phone.write("hola")
    phone.send()
    for word in ("X", "BORRAR"):
        assert phone.write(word)
        assert phone.waiting == []


def test_a_reply_does_not_stand_in_line(phone: Phone) -> None:
    """Something that waits there may wait for hours."""
    phone.write("hola")
    assert len(phone.waiting) == 1
    assert "*1* " in text_of(phone, "menu")


def test_who_taps_fast_gets_text(phone: Phone) -> None:
    """The sender may write to one person only so often; nobody is to wait for that."""
    ways: list[str | None] = []
    for _ in range(MAX_BURST + 2):
        ways.append(phone.write("menu"))
        phone.send()
    assert [way is None for way in ways] == [True] * MAX_BURST + [False] * 2
    assert len(phone.world.twilio.sent) == MAX_BURST


def test_sms_never_uses_them(phone: Phone) -> None:
    """There are no buttons on SMS."""
    form = message("hola", number=PERSON, id_=99)
    received = read_inbound(list(form.items()), received_at=NOW, keys=phone.world.keys)
    assert phone.talk.take_turn(received, deadline=time.monotonic() + 3.0)
    assert phone.waiting == []


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_content_goes_out_as_text(phone: Phone, code: int) -> None:
    """The person gets the numbered text at once, once; and the next ones get text without the detour."""
    phone.write("hola")
    text = read(phone.waiting[0], phone.world.keys).text
    phone.world.twilio.script = [(404 if code == 20404 else 400, code)]
    phone.send()
    assert [(each.body, each.content_sid) for each in phone.world.twilio.sent] == [(text, "")]
    assert phone.world.reasons() == []
    assert KnownContents(phone.world.connection).refusal() == code
    assert "*1* " in text_of(phone, "menu")


@pytest.mark.parametrize("code", REFUSALS[1:])
def test_a_content_refused_later_goes_out_as_text(phone: Phone, code: int) -> None:
    """WhatsApp says no only after Twilio has said yes: the same, told by a callback."""
    phone.write("hola")
    entry = read(phone.waiting[0], phone.world.keys)
    phone.send()
    first = phone.world.twilio.sent[0]
    phone.world.told(entry, first.sid, Status.UNDELIVERED, code)
    phone.world.told(entry, first.sid, Status.UNDELIVERED, code)
    phone.world.clock.move(1)
    phone.send()
    assert [each.body for each in phone.world.twilio.sent[1:]] == [entry.text]
    assert phone.world.reasons() == []
    again = phone.world.twilio.sent[1]
    phone.world.told(entry, again.sid, Status.UNDELIVERED, code)
    phone.send()
    assert len(phone.world.twilio.sent) == 2
    assert [each[0] for each in phone.world.reasons()] == [entry.id]


@pytest.mark.parametrize("ending", [Breaks.UNREACHED, Breaks.LOST, (503, 20503), (429, 20429)], ids=str)
def test_while_twilio_is_in_trouble_replies_are_text(phone: Phone, ending: Ending) -> None:
    """The webhook is answered whether its REST interface works or not; what has begun is seen through."""
    phone.write("hola")
    phone.world.twilio.script = [ending]
    phone.send()
    phone.world.connection.command("DEL", Records(phone.person).outbox)
    assert "*1* " in text_of(phone, "menu")
    assert 0 < phone.world.connection.command("TTL", REFUSED_KEY) <= 60
    phone.world.connection.command("DEL", REFUSED_KEY)
    assert phone.write("menu") is None


def test_trouble_does_not_end_a_refusal(kept: KnownContents, connection: Connection) -> None:
    """A minute after it they would be refused again."""
    kept.refused(63013)
    kept.trouble(0)
    assert kept.refusal() == 63013
    assert connection.command("TTL", REFUSED_KEY) > 60


def test_what_has_nothing_to_do_with_the_content_is_not_sent_twice(phone: Phone) -> None:
    """A blocked number is blocked for text as well."""
    phone.write("hola")
    phone.world.twilio.script = [(400, 63024)]
    phone.send()
    assert phone.world.twilio.sent == []
    assert len(phone.world.reasons()) == 1
    assert KnownContents(phone.world.connection).refusal() == 0


def test_the_cap_of_the_day_holds_no_reply(make_phone: MakePhone) -> None:
    """In TwiML no cap would hold it either: who writes is answered."""
    phone = make_phone(sending=Sending(daily_usd=1e-6))
    phone.write("hola")
    phone.send()
    assert len(phone.world.twilio.sent) == 1


def test_what_the_store_says_counts_for_a_second(phone: Phone, keys: Keys, connection: Connection) -> None:
    """A look for each message would cost a round trip; a change must be seen soon all the same."""
    natives = NativeReplies(connection, keys, ACCOUNT, clock=phone.world.clock)
    form = message("hola", number=PERSON, channel="whatsapp", To=WHATSAPP)
    received = read_inbound(list(form.items()), received_at=NOW, keys=keys)
    turn = step(learned_world.shipped(), State(Session(), Prefs(language="es")), received.inbound)
    assert isinstance(turn, Turn)

    def goes_native() -> bool:
        return natives.entry_for(turn, phone.person, received) is not None

    assert goes_native()
    forget(KnownContents(connection))
    assert goes_native()
    phone.world.clock.move(1.1)
    assert not goes_native()


def test_the_app_knows_them_only_with_an_account(store: SessionStore, keys: Keys, tmp_path: Path) -> None:
    """In development without one the simulator draws the text itself; its made-up phones are never written to for real."""
    assert open_natives(settings_for(tmp_path, account_sid=""), store, keys) is None
    assert open_natives(settings_for(tmp_path), None, keys) is None
    assert open_natives(settings_for(tmp_path, environment=Environment.PRODUCTION), store, keys) is not None


def test_a_made_up_phone_gets_text(phone: Phone, store: SessionStore, holder: CatalogueHolder) -> None:
    """A real account beside the simulator: its people exist nowhere, and their page reads TwiML."""
    natives = open_natives(settings_for(Path("/nowhere")), store, phone.world.keys)
    assert natives is not None
    Heartbeat(phone.world.connection).beat("a sender", time.time())
    talk = Conversation(holder, store, NoActions(), Metrics(), natives=natives)
    assert Phone(talk, natives, phone.world, number="+5010000001").write("hola")
    assert Phone(talk, natives, phone.world, number="+5016000001").write("hola") is None


# --- the commands -------------------------------------------------------------------------------------------------


def test_the_commands_say_what_they_did(
    library: TwilioLibrary,
    connection: Connection,
    valkey_server: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An operator must see at a glance whether buttons are on, and why not."""
    settings = settings_for(tmp_path, valkey_server.url)
    templates.show_templates(settings)
    assert "Replies are numbered text." in capsys.readouterr().out
    templates.sync_templates(settings, library)
    assert "Made: 20. There already: 0. Deleted: 0." in capsys.readouterr().out
    KnownContents(connection).refused(63013)
    templates.show_templates(settings)
    shown = capsys.readouterr().out
    assert len(re.findall(r"HX[0-9a-f]{32}  ventanilla_", shown)) == 20
    assert "error 63013" in shown
    templates.show_templates(replace(settings, account_sid="AC" + "9" * 32))
    assert "another account" in capsys.readouterr().out
    templates.turn_off_templates(settings)
    templates.turn_off_templates(settings)
    assert capsys.readouterr().out.splitlines() == [
        "Replies are numbered text again.",
        "Replies were numbered text already.",
    ]


def test_without_an_account_there_is_nothing_to_make(valkey_server: Any, tmp_path: Path) -> None:
    """Said in words, not as an error of the SDK."""
    with pytest.raises(ClickException, match="no Twilio account"):
        templates.sync_templates(settings_for(tmp_path, valkey_server.url, account_sid=""))
