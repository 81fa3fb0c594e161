"""Replies with buttons and lists: within WhatsApp's limits, saying what the text says, and leading where its numbers lead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalogue import HELP_NUMBERS, MAIN, Catalogue
from bot.channels import PENS
from bot.conversation import step
from bot.drawing import Choice, Keys, draw
from bot.inbound import Channel
from bot.native import BACK_ROW, MENU_ROW, Native, Row, native_form
from bot.session import Owner, Prefs, Session
from bot.turn import Call, State, Turn
from tests.conversation_world import NOW, inbound, say, shipped, standing_at

PEN = PENS[Channel.WHATSAPP]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return shipped()


def known(language: str = "en", **session: object) -> State:
    """Somebody who is not new and has agreed to questions."""
    return State(Session(node=MAIN, **session), Prefs(language=language, consent=True))  # type: ignore[arg-type]


def tap(catalogue: Catalogue, state: State, row: Row, *, hours_later: float = 0) -> Turn | Call:
    """Tap a row: its id comes with its title as the text."""
    message = inbound(row.title, tapped=row.id, received_at=NOW + timedelta(hours=hours_later))
    return step(catalogue, state, message)


def turns_of(catalogue: Catalogue, language: str) -> Iterator[Turn]:
    """Every page of the content, as somebody finds it who comes from the main menu, and the first replies."""
    yield say(catalogue, State(Session(), Prefs()), "🙂", Channel.WHATSAPP)
    yield say(catalogue, State(Session(), Prefs(language=language)), "hola", Channel.WHATSAPP)
    for consent in (True, None):
        state = say(catalogue, State(Session(), Prefs(language, consent)), "MENU", Channel.WHATSAPP).state
        for node in catalogue.answers:
            turn = step(catalogue, state, inbound("", tapped=node))
            if isinstance(turn, Turn):
                yield turn
                rest = step(catalogue, turn.state, inbound("MORE")) if turn.state.session.more else None
                if isinstance(rest, Turn):
                    yield rest


def same(one: Turn | Call, other: Turn | Call) -> bool:
    """Whether two turns came to the same, but for what the message itself left behind."""
    if isinstance(one, Call) or isinstance(other, Call):
        return (
            isinstance(one, Call) and isinstance(other, Call) and (one.action, one.node) == (other.action, other.node)
        )
    return (one.reply, one.node, one.outcome, one.state) == (other.reply, other.node, other.outcome, other.state)


# --- form --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_keeps_whatsapps_limits(catalogue: Catalogue, language: str) -> None:
    """What breaks one of them is refused by WhatsApp, and the person waits for a second attempt."""
    kinds: set[bool] = set()
    for turn in turns_of(catalogue, language):
        form = turn.native
        if form is None:
            continue
        kinds.add(form.is_list)
        assert 0 < len(form.body.encode("utf-16-le")) // 2 <= 1024
        assert 1 <= len(form.rows) <= (10 if form.is_list else 3)
        assert all(0 < len(row.title) <= (24 if form.is_list else 20) and 0 < len(row.id) <= 128 for row in form.rows)
        assert len({row.title.casefold() for row in form.rows}) == len(form.rows) == len({row.id for row in form.rows})
        assert 0 < len(form.opens) <= 20
    assert kinds == {True, False}


@pytest.mark.parametrize("language", ["en", "es"])
def test_nearly_every_page_has_rows(catalogue: Catalogue, language: str) -> None:
    """Falling back to text must be the exception: only what is sensitive, or offers nothing, stays text."""
    for turn in turns_of(catalogue, language):
        session = turn.state.session
        may_be_text = session.sensitive or catalogue.is_danger(turn.node) or not (session.offered or session.printed)
        assert turn.native is not None or may_be_text, turn.node


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_form_says_what_the_text_says(catalogue: Catalogue, language: str) -> None:
    """Every sentence and every choice is in both: nobody learns less because of how it is drawn."""
    for turn in turns_of(catalogue, language):
        if turn.native is None or turn.reply is None:
            continue
        body = [line for line in turn.reply.splitlines() if line and not line.startswith(("*1* ", "0 ", "9 "))]
        chosen = [row for row in turn.native.rows if not row.id.startswith("@") or row.id == "@not-this"]
        numbered = [f"*{number}* {row.title}" for number, row in enumerate(chosen, start=1)]
        assert [row.id for row in chosen] == list(turn.state.session.offered)
        said = [*turn.native.body.splitlines(), *numbered]
        assert all(any(line in each or each in line for each in said) for line in body)
        assert all(line in turn.reply.splitlines() for line in numbered)


def test_sms_has_no_rows(catalogue: Catalogue) -> None:
    """Only WhatsApp can draw them."""
    assert say(catalogue, known(), "MENU", Channel.SMS).native is None


def form(choices: int = 2, *, lines: tuple[str, ...] = ("Elige.",), **keys: str) -> Native | None:
    shown = tuple(Choice(f"node-{at}", f"Tema {at}") for at in range(choices))
    return native_form(
        PEN, lines, shown, Keys(**{"menu": "0 Menú", "back": "9 Atrás", "more": "MÁS: sigue", **keys}), 0, "Ver"
    )


def test_keys_are_rows_where_there_is_room_and_words_where_there_is_not() -> None:
    """Ten rows are all that WhatsApp draws; the way back must be there all the same."""
    ten = form(8)
    assert ten is not None
    assert [row.id for row in ten.rows[-2:]] == [MENU_ROW, BACK_ROW]
    assert ten.body == "Elige."
    words = form(9)
    assert words is not None
    assert len(words.rows) == 9
    assert words.body == "Elige.\n\n0 Menú  9 Atrás"
    assert form(11) is None


def test_three_rows_are_buttons_and_four_a_list() -> None:
    """The two look different and have different limits."""
    buttons, listed = form(1), form(2)
    assert buttons is not None
    assert listed is not None
    assert (len(buttons.rows), buttons.is_list) == (3, False)
    assert (len(listed.rows), listed.is_list) == (4, True)


def test_a_part_of_a_long_answer_stays_text() -> None:
    """Its rest is asked for with a word; above rows there is less room than such a part takes."""
    lines = tuple(f"{'x' * 900}. " for _ in range(3))
    assert form(2, lines=lines) is None
    assert draw(PEN, lines, (), Keys(more="MÁS: sigue"), 0).more > 0


@pytest.mark.parametrize(
    "broken",
    [
        replace(Native("Elige.", (Row("a", "Uno"), Row("b", "Dos")), "Ver"), **changed)  # type: ignore[arg-type]
        for changed in (
            {"body": "x" * 1025},
            {"body": "😀" * 513},
            {"body": "  "},
            {"rows": ()},
            {"rows": (Row("a", "Uno"), Row("b", "uno"))},
            {"rows": (Row("a", "Uno"), Row("a", "Dos"))},
            {"rows": (Row("a", "x" * 21),)},
            {"rows": (Row("a", ""),)},
            {"rows": (Row("a" * 129, "Uno"),)},
            {"rows": tuple(Row(f"n{at}", f"Tema {at}") for at in range(11))},
            {"rows": tuple(Row(f"n{at}", f"{'x' * 23}{at:02}") for at in range(4))},
            {"rows": tuple(Row(f"n{at}", f"Tema {at}") for at in range(4)), "opens": "x" * 21},
        )
    ],
)
def test_what_breaks_a_limit_does_not_fit(broken: Native) -> None:
    """Each limit by itself: what does not fit goes out as text, never cut."""
    assert not broken.fits


def test_what_fits_exactly_fits() -> None:
    """The limits themselves are allowed."""
    rows = tuple(Row(f"{'a' * 126}{at:02}", f"{'x' * 22}{at:02}") for at in range(10))
    assert Native("x" * 1024, rows, "x" * 20).fits
    assert Native("x", (Row("a", "x" * 20),), "").fits


# --- what stays text ---------------------------------------------------------------------------------------------


def test_danger_stays_text(catalogue: Catalogue) -> None:
    """Help must need nothing but the answer to the webhook: no sender, no template, no queue."""
    first = say(catalogue, State(Session(), Prefs()), "me quieren matar", Channel.WHATSAPP)
    assert first.danger == "certain"
    assert first.native is None
    assert say(catalogue, known(), "SOS", Channel.WHATSAPP).native is None
    assert say(catalogue, first.state, "MENU", Channel.WHATSAPP).native is None
    for node in (*catalogue.lexicon.nodes, HELP_NUMBERS):
        turn = step(catalogue, known(), inbound("", tapped=node))
        assert isinstance(turn, Turn)
        assert turn.native is None


def test_a_sensitive_chat_stays_text(catalogue: Catalogue) -> None:
    """The less of it lies anywhere, the better: a text in TwiML passes through no outbox."""
    assert say(catalogue, known(sensitive=True), "MENU", Channel.WHATSAPP).native is None


def test_without_memory_all_is_text(catalogue: Catalogue) -> None:
    """Without a store there is no outbox."""
    turn = step(catalogue, known(), inbound("MENU"), stateless=True)
    assert isinstance(turn, Turn)
    assert turn.native is None


def test_beside_an_advisor_all_is_text(catalogue: Catalogue) -> None:
    """What the bot says there must not stand in line behind what the advisor says, or the other way round."""
    state = known(owner=Owner.ADVISOR, ticket="ABCD")
    turn = step(catalogue, state, inbound("MENU"))
    assert isinstance(turn, Turn)
    assert turn.reply is not None
    assert turn.native is None


def test_who_is_asked_for_a_number_sees_numbers(catalogue: Catalogue) -> None:
    """ "Answer with one of the numbers" under rows without any would only confuse."""
    turn = say(catalogue, say(catalogue, known(), "MENU", Channel.WHATSAPP).state, "15", Channel.WHATSAPP)
    assert turn.outcome == "not_understood"
    assert turn.native is None


# --- taps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_row_leads_where_its_number_leads(catalogue: Catalogue, language: str) -> None:
    """A tap and a number are two ways to say one thing, on every page."""
    digits = {MENU_ROW: "0", BACK_ROW: "9"}
    tapped = 0
    for turn in turns_of(catalogue, language):
        if turn.native is None:
            continue
        for row in turn.native.rows:
            offered = turn.state.session.offered
            typed = str(offered.index(row.id) + 1) if row.id in offered else digits[row.id]
            assert same(tap(catalogue, turn.state, row), step(catalogue, turn.state, inbound(typed))), (turn.node, row)
            tapped += 1
    assert tapped > 500


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_words_of_a_row_are_enough(catalogue: Catalogue, language: str) -> None:
    """Should Twilio send the title and not the id, the person still gets where they wanted to go."""
    for turn in turns_of(catalogue, language):
        for row in turn.native.rows if turn.native else ():
            by_words = step(catalogue, turn.state, inbound(row.title))
            assert same(tap(catalogue, turn.state, row), by_words), (turn.node, row)


def test_the_keys_count_on_old_messages(catalogue: Catalogue) -> None:
    """Somebody scrolls up to a button of yesterday: the menu comes, though the last reply printed no key."""
    menu = Row(MENU_ROW, "Menú")
    for state in (known("es"), State(Session(), Prefs(language="es"))):
        turn = tap(catalogue, state, menu, hours_later=30)
        assert isinstance(turn, Turn)
        assert turn.node == MAIN
    back = tap(catalogue, standing_at(catalogue, "offices", "es", Channel.WHATSAPP), Row(BACK_ROW, "Atrás"))
    assert isinstance(back, Turn)
    assert back.node == MAIN


def test_a_row_of_yesterday_still_leads_to_its_page(catalogue: Catalogue) -> None:
    """What was on offer is forgotten by then; the page is there."""
    menu = say(catalogue, known("es"), "MENU", Channel.WHATSAPP)
    assert menu.native is not None
    row = next(row for row in menu.native.rows if row.id == "offices")
    for state in (State(Session(), Prefs(language="es")), standing_at(catalogue, "crossing", "es", Channel.WHATSAPP)):
        turn = tap(catalogue, state, row, hours_later=20)
        assert isinstance(turn, Turn)
        assert turn.node == "offices"


def test_a_row_whose_page_is_gone_shows_the_menu(catalogue: Catalogue) -> None:
    """The menu was edited meanwhile: the person is told, and not left with nothing."""
    state = known("es", offered=("no-longer-there", "offices"))
    turn = tap(catalogue, state, Row("no-longer-there", "Algo viejo"))
    assert isinstance(turn, Turn)
    assert (turn.outcome, turn.node) == ("gone", MAIN)


def question_with_options(catalogue: Catalogue) -> tuple[str, str, list[str]]:
    """A page that asks, its slot, and the option ids."""
    for node in catalogue.nodes.values():
        for slot in node.ask[:1]:
            question = catalogue.questions[slot]
            if len(question.options) > 1 and not node.hide_when:
                return node.id, slot, [f"{slot}={option.value}" for option in question.options]
    raise AssertionError("no page asks anything")


def test_another_answer_to_an_earlier_question_is_taken(catalogue: Catalogue) -> None:
    """Whoever tapped the wrong row taps the right one: the same list is still on the screen."""
    node, slot, options = question_with_options(catalogue)
    asked = step(catalogue, known(), inbound("", tapped=node))
    assert isinstance(asked, Turn)
    assert asked.state.session.asking == slot
    first = tap(catalogue, asked.state, Row(options[0], "First"))
    assert isinstance(first, Turn)
    second = tap(catalogue, first.state, Row(options[1], "Second"))
    directly = tap(catalogue, asked.state, Row(options[1], "Second"))
    assert isinstance(second, Turn)
    assert isinstance(directly, Turn)
    assert (second.node, second.state.session.slots[slot].value) == (directly.node, options[1].partition("=")[2])


def test_an_old_answer_is_never_one_to_another_question(catalogue: Catalogue) -> None:
    """ "I'd rather not say" and "Yes" stand under many questions: a tap belongs to the one it was drawn under."""
    node, slot, _ = question_with_options(catalogue)
    asked = step(catalogue, known(), inbound("", tapped=node))
    assert isinstance(asked, Turn)
    other = next(id_ for id_ in catalogue.option_labels if id_.endswith("=-") and not id_.startswith(f"{slot}="))
    turn = tap(catalogue, asked.state, Row(other, "I'd rather not say"))
    assert isinstance(turn, Turn)
    assert turn.outcome == "gone"
    assert slot not in turn.state.session.slots
    consent = tap(catalogue, State(Session(node=MAIN), Prefs(language="en")), Row("consent=yes", "Yes, ask me"))
    assert isinstance(consent, Turn)
    assert consent.state.prefs.consent is None


def test_nobody_is_handed_over_by_an_old_yes(catalogue: Catalogue) -> None:
    """The yes of an hour ago opens no ticket: the page that says what is shared comes first (safety R37)."""
    turn = tap(catalogue, known(), Row("hand-over=yes", "Yes"), hours_later=1)
    session = turn.state.session
    assert (session.owner, session.ticket) == (Owner.BOT, "")
