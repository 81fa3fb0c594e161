"""Help while an advisor writes: vetted answers that fit, and what a text will cost and whether it is too long."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from markupsafe import Markup

from bot import desk_turns
from bot.inbound import Channel
from bot.segments import count
from webhook.console.advising import Advising
from webhook.console.chat_pages import new_nonce, plain
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.search import Found, find
from webhook.console.showing import emphasised
from webhook.console.words import Words
from webhook.desk.records import Stage, Ticket
from webhook.desk.speaking import MOST_SEGMENTS, MOST_WHATSAPP, fits

MOST_ASKED = 200
_ROOM = {("GSM-7", False): 160, ("GSM-7", True): 153, ("UCS-2", False): 70, ("UCS-2", True): 67}
"""Characters of a segment, by encoding and whether there are several (3GPP TS 23.040)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What is said under the box."""

    says: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """A vetted answer with the name under which sending it counts once."""

    found: Found
    nonce: str
    shown: str | Markup


def add_writing_pages(pages: Blueprint, advising: Advising) -> None:
    """The search and the counter. Both take what was typed in a body: addresses are kept in logs of servers."""

    @pages.post("/advisor/chat/<ticket>/answers")
    @callers(Caller.ADVISOR)
    def answers(ticket: str) -> str:
        """Vetted answers that fit, to be sent in the person's language."""
        account, found_ticket = signed_in(), advising.ticket(ticket)
        asked = request.form.get("asked", "").strip()[:MOST_ASKED]
        hits = find(
            advising.catalogue,
            asked,
            mine=account.language,
            theirs=found_ticket.language,
            channel=found_ticket.channel,
            at=advising.clock(account).at(int(advising.console.now())),
        )
        is_mine = found_ticket.stage is Stage.TALKING and found_ticket.advisor == account.id
        return render_template(
            "advisor/_found.jinja",
            offered=[Offered(hit, new_nonce(), _shown(found_ticket, hit.text)) for hit in hits],
            asked=asked,
            can_send=is_mine,
            chat_href=f"/advisor/chat/{found_ticket.id}",
            language_code=found_ticket.language,
        )

    @pages.post("/advisor/chat/<ticket>/cost")
    @callers(Caller.ADVISOR)
    def cost(ticket: str) -> str:
        """What a text costs as it will be sent, with what marks it as from a person."""
        account, found_ticket = signed_in(), advising.ticket(ticket)
        text = plain(request.form.get("text", "")).strip()
        counted = cost_of(advising, found_ticket, text, advising.words(account)) if text else None
        return render_template("advisor/_cost.jinja", cost=counted)


def _shown(ticket: Ticket, text: str) -> str | Markup:
    """An answer as the person's phone shows it."""
    return emphasised(text) if ticket.channel is Channel.WHATSAPP else text


def cost_of(advising: Advising, ticket: Ticket, text: str, words: Words) -> Cost:
    """What a text of an advisor costs on the person's channel."""
    said = desk_turns.advisor_says(advising.catalogue, ticket.language, ticket.channel, text)
    is_over = not fits(ticket.channel, said)
    over = f" · {words('cost_over')}" if is_over else ""
    if ticket.channel is not Channel.SMS:
        length = len(said.encode("utf-16-le", "surrogatepass")) // 2
        return Cost(words("cost_whatsapp", length=length, room=MOST_WHATSAPP) + over, is_over)
    counted = count(said)
    room = _ROOM[counted.encoding, counted.segments > 1] * max(1, counted.segments)
    dear = f" · {words('cost_unicode')}" if counted.encoding != "GSM-7" and not is_over else ""
    segments = words.counted("segments", counted.segments)
    says = words("cost_sms", segments=segments, units=counted.units, room=min(room, MOST_SEGMENTS * 160))
    return Cost(says + dear + over, is_over)
