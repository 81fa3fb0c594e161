"""Takes a complaint in the person's own words, for the focal point alone (safety R64 to R66).

The prompt is open while the person stands at one of two pages: without their number, and, where they choose so, with it;
and still after the answer to danger that was told there.
What they write there leaves in an effect, which the webhook seals before anything is claimed; the session holds no word of
it and not even its reference. It comes before whatever joins a ticket: an advisor never reads a complaint. Whoever goes
elsewhere, by a word or a choice, has left the prompt.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal

from bot import formatting, rendering, replying
from bot.catalogue import Catalogue, Complaining
from bot.channels import PENS
from bot.choosing import nearly
from bot.following import choose
from bot.handoff import TICKET_LENGTH, TICKET_LETTERS
from bot.inbound import Inbound
from bot.scene import Scene
from bot.session import Owner, Session
from bot.turn import Call, Effect, State, Turn

WITHOUT_NUMBER = "complaint-write"
WITH_NUMBER = "complaint-reply"
NOT_NOW = "complaint-not-now"

MADE = "complaint_made"
"""Fields: reference, text, language, answer ("yes" if the focal point may answer at the person's number, else ""), danger
("", "possible", "certain")."""

AFTER_DANGER = {WITHOUT_NUMBER: "@complaint", WITH_NUMBER: "@complaint-number"}
"""What the session remembers as asked when danger was told at the prompt: people write such a thing in several messages."""

LEAST_LETTERS = 4
"""What is shorter tells nothing that anybody could look into."""


def is_open(scene: Scene) -> bool:
    """Whether what is written now is a complaint, unless it is a word, a choice or nothing at all."""
    return is_prompted(scene.session) and not scene.stateless and scene.catalogue.complaining is Complaining.OPEN


def is_prompted(session: Session) -> bool:
    """Whether the person was asked for a complaint last: their words then go to no ticket, however late they come."""
    return bool(_prompt(session))


def complained(scene: Scene, folded: str) -> Turn | Call | None:
    """A message at the open prompt; None anywhere else."""
    if not is_open(scene):
        return None
    if not scene.inbound.text.strip():
        return _told_again(scene, "complaint_words_only", "no_text") if scene.inbound.media else None
    option = nearly(scene, folded)
    if option is not None:
        return choose(scene, option)
    if not _tells(scene, folded):
        return _told_again(scene, "complaint_write_it", "asked_again")
    if _asks(scene):
        return None
    effect = _effect(scene)
    taken = "complaint_taken_number" if effect.fields["answer"] else "complaint_taken"
    talks = scene.session.owner is Owner.ADVISOR
    lines = scene.told(taken, reference=effect.fields["reference"], days=_days(scene))
    lines += scene.told("complaint_talk_again" if talks else "complaint_more")
    turn = replying.say_lines(scene, lines, outcome="complained")
    return replace(turn, effects=(*turn.effects, effect))


def beside_danger(scene: Scene, turn: Turn) -> Turn:
    """The answer to danger that was told at the open prompt, with the complaint taken all the same.

    What somebody who gives aid has done to a person may well read as danger. The help comes first and whole; that the
    complaint is taken too is one line at its end, so that nobody has to tell such a thing twice.
    """
    if not is_open(scene) or turn.node not in scene.catalogue.answers:
        return turn
    effect = _effect(scene)
    line = scene.phrase("complaint_taken_too", reference=effect.fields["reference"], days=_days(scene))
    if scene.session.owner is Owner.ADVISOR:  # what comes next is for the advisor again
        turn = _below(scene, turn, line)
    else:
        turn = _with_line(scene, turn, f"{line} {scene.phrase('complaint_add')}")
        session = replace(turn.state.session, asking=AFTER_DANGER[_prompt(scene.session)])
        turn = replace(turn, state=replace(turn.state, session=session))
    return replace(turn, effects=(*turn.effects, effect))


def made(turn: Turn) -> Effect | None:
    """The complaint that a turn hands over."""
    return next((effect for effect in turn.effects if effect.kind == MADE), None)


def not_kept(catalogue: Catalogue, state: State, inbound: Inbound, turn: Turn) -> Turn:
    """The turn to take instead where a complaint could not be written down: says so, names other places, claims nothing.

    `state` is that before the message. Danger that was told is answered as it was, with a line that claims nothing.
    """
    shut = catalogue.without_complaints
    scene = Scene(shut, inbound, state.session, turn.state.prefs, turn.language, first=False, danger=turn.danger)
    if turn.danger == "certain" and state.session.owner is Owner.ADVISOR:
        told = replace(turn, reply=(turn.reply or "").rpartition("\n")[0])  # all but the line that claims it
        other = _below(scene, told, scene.phrase("complaint_not_taken_too"))
    elif turn.danger == "certain" and turn.node in shut.answers:
        other = _with_line(scene, turn, scene.phrase("complaint_not_taken_too"))
    elif NOT_NOW in shut.answers:
        other = replying.show(scene, NOT_NOW, outcome="complaint_not_kept")
    else:
        other = replying.say(scene, "not_possible_now", outcome="complaint_not_kept")
    return replace(other, effects=tuple(effect for effect in turn.effects if effect.kind != MADE))


def reference_of(inbound: Inbound) -> str:
    """What the person can name later: looks random, and is the same when the turn is stepped again."""
    digest = hashlib.blake2s(inbound.id.encode("utf-8", "surrogatepass"), digest_size=8, person=b"complain").digest()
    number, letters = int.from_bytes(digest), ""
    for _ in range(TICKET_LENGTH):
        number, letter = divmod(number, len(TICKET_LETTERS))
        letters += TICKET_LETTERS[letter]
    return f"Q-{letters}"


def _prompt(session: Session) -> str:
    """The page whose prompt is open; "" for none."""
    if session.node in AFTER_DANGER:
        return session.node
    return next((node for node, asking in AFTER_DANGER.items() if asking == session.asking), "")


def _asks(scene: Scene) -> bool:
    """Whether somebody who was just given help asks for more of it. While a ticket is open nobody can tell: it would join."""
    helped = scene.session.node not in AFTER_DANGER
    return helped and scene.session.owner is Owner.BOT and bool(scene.understood.direct)


def _told_again(scene: Scene, key: str, outcome: str) -> Turn:
    """A phrase, with what the page offers."""
    return replying.say(scene, key, replying.follow_ups(scene, scene.session.node), outcome=outcome)


def _with_line(scene: Scene, turn: Turn, line: str) -> Turn:
    """The answer to danger with one more line. It is one message: so that it fits, it offers less, "not this" last."""
    answer = scene.catalogue.answers[turn.node]
    lines = (*rendering.body(scene.catalogue, answer, scene.view()), rendering.PARAGRAPH_END, line)
    options = replying.follow_ups(scene, turn.node, found=True)
    while True:
        drawn = replying.show_lines(scene, turn.node, lines, options, outcome=turn.outcome, danger=turn.danger)
        if not drawn.state.session.more or len(options) < 2:
            return replace(drawn, ranked=turn.ranked, effects=turn.effects)
        del options[-2]


def _below(scene: Scene, turn: Turn, line: str) -> Turn:
    """The same reply with a line below it."""
    pen = PENS[scene.inbound.channel]
    return replace(turn, reply=pen.join([turn.reply or "", pen.plain(line)]))


def _effect(scene: Scene) -> Effect:
    return Effect(
        MADE,
        {
            "reference": reference_of(scene.inbound),
            "text": scene.inbound.text,
            "language": scene.tongue,
            "answer": "yes" if _prompt(scene.session) == WITH_NUMBER else "",
            "danger": scene.danger,
        },
    )


def _tells(scene: Scene, folded: str) -> bool:
    """Whether there is anything in it: not "ok", not "7", not a single sign."""
    words = scene.catalogue.words
    if words.says("yes", folded) or words.says("no", folded) or words.number(folded) is not None:
        return False
    return sum(letter.isalpha() for letter in scene.inbound.text) >= LEAST_LETTERS


def _days(scene: Scene) -> str:
    return formatting.quantity(Decimal(scene.catalogue.complaint_days), "day", scene.catalogue.locales[scene.tongue])
