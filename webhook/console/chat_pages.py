"""One chat at `/advisor/chat/<case>`: reading it, taking it, writing in it, passing it on, closing it.

Every change goes through the desk, which lets only one advisor answer. Whoever comes second is told who was first, and
keeps what they wrote. What somebody did is in the access log before the page shows it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from webhook.console.access_log import Did
from webhook.console.accounts import Account
from webhook.console.advising import Advising
from webhook.console.answering import tag_of, telling, unless_known
from webhook.console.colleagues import Colleague
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.listing import Tab
from webhook.console.queue_pages import lists_href
from webhook.console.saved_replies import saved_for
from webhook.console.search import Age, found
from webhook.desk.changing import Done
from webhook.desk.records import Stage, Ticket, Why

CLOSINGS = (Why.HELPED, Why.REFERRED, Why.NO_ANSWER, Why.CANNOT_HELP)
"""How a chat ended, as an advisor says it when closing. It stands in the ticket, and is counted without it."""

TO_QUEUE = "queue"
"""In place of a colleague: whoever takes it next."""

REASONS = ("danger", "asked", "referral", "fault")
"""Why somebody may look at a number."""

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Act:
    """Something an advisor did: what the access log calls it, what the page says, whether the box is emptied, and which
    list shows the chat from now on ("" for the one that is shown)."""

    did: Did
    says: str
    clears: bool = False
    tab: str = ""


TOOK = Act(Did.TOOK, "done_taken", tab=Tab.MINE)
NOTED = Act(Did.NOTED, "done_noted", clears=True)
REPLIED = Act(Did.REPLIED, "done_replied", clears=True)
ANSWERED = Act(Did.REPLIED, "done_replied")
TRANSFERRED = Act(Did.TRANSFERRED, "done_transferred")
PUT_BACK = Act(Did.TRANSFERRED, "done_returned")
CLOSED = Act(Did.CLOSED, "done_closed")


def add_chat_pages(pages: Blueprint, advising: Advising) -> None:
    """The page of a chat and what can be done there."""

    @pages.get("/advisor/chat/<ticket>")
    @callers(Caller.ADVISOR)
    def chat(ticket: str) -> str:
        """The whole page. That it was opened is in the access log before anything is shown."""
        account, found_ticket = signed_in(), advising.ticket(ticket)
        advising.desk.be_on_duty(account.id)
        advising.console.access_log.note(account.id, Did.OPENED, ticket=found_ticket.id)
        tab = Tab.named(request.args.get("tab", ""))
        return render_template(
            "advisor/chat.html.jinja",
            chat=advising.chat(account, found_ticket, tab),
            lists=advising.lists(account, tab, found_ticket.id),
            lists_href=lists_href(tab, found_ticket.id),
            colleagues=_colleagues(advising, account),
            to_queue=TO_QUEUE,
            saved=saved_for(advising.catalogue, account.language, found_ticket.language),
            closings=CLOSINGS,
            reasons=REASONS,
            nonce=new_nonce(),
            is_poll=False,
        )

    @pages.get("/advisor/chat/<ticket>/now")
    @callers(Caller.ADVISOR, renews=False)
    def now(ticket: str) -> ResponseReturnValue:
        """What changes in an open chat, if it has changed."""
        account, found_ticket = signed_in(), advising.ticket(ticket)
        tag = tag_of(request.args.get("tab", ""), advising.standing(account, found_ticket))
        return unless_known(tag, lambda: _now(advising, account, found_ticket))

    @pages.post("/advisor/chat/<ticket>/take")
    @callers(Caller.ADVISOR)
    def take(ticket: str) -> ResponseReturnValue:
        """Answer this person from now on; `instead_of` names the colleague from whom it is knowingly taken over."""
        account = signed_in()
        done = advising.desk.take(ticket, account.id, instead_of=request.form.get("instead_of", ""))
        return _acted(advising, account, ticket, done, TOOK)

    @pages.post("/advisor/chat/<ticket>/reply")
    @callers(Caller.ADVISOR)
    def reply(ticket: str) -> ResponseReturnValue:
        """Send what was written, or a vetted answer as it stands."""
        account, nonce = signed_in(), request.form.get("nonce", "")
        answer = request.form.get("answer", "")
        if answer:
            refused = _withheld(advising, advising.ticket(ticket), answer)
            if refused:
                return _refused(advising, account, ticket, refused)
            done = advising.desk.reply(ticket, account.id, "", nonce, answer)
            return _acted(advising, account, ticket, done, ANSWERED)
        done = advising.desk.reply(ticket, account.id, plain(request.form.get("text", "")), nonce)
        return _acted(advising, account, ticket, done, REPLIED)

    @pages.post("/advisor/chat/<ticket>/note")
    @callers(Caller.ADVISOR)
    def note(ticket: str) -> ResponseReturnValue:
        """Leave something for the other advisors. It has no way out of here."""
        account = signed_in()
        text, nonce = plain(request.form.get("text", "")), request.form.get("nonce", "")
        return _acted(advising, account, ticket, advising.desk.note(ticket, account.id, text, nonce), NOTED)

    @pages.get("/advisor/chat/<ticket>/colleagues")
    @callers(Caller.ADVISOR)
    def colleagues(ticket: str) -> str:
        """Who the chat can be given to now: somebody may have come since the page was opened."""
        account = signed_in()
        return render_template(
            "advisor/_colleagues.jinja", colleagues=_colleagues(advising, account), to_queue=TO_QUEUE
        )

    @pages.post("/advisor/chat/<ticket>/transfer")
    @callers(Caller.ADVISOR)
    def transfer(ticket: str) -> ResponseReturnValue:
        """Give the chat to a colleague, or back to the queue."""
        account, to = signed_in(), request.form.get("to", "")
        if to == TO_QUEUE:
            return _acted(advising, account, ticket, advising.desk.put_back(ticket, account.id), PUT_BACK)
        if to == account.id or not advising.colleagues.can_take(to):
            return _refused(advising, account, ticket, "refused_no_such_user")
        return _acted(advising, account, ticket, advising.desk.transfer(ticket, account.id, to), TRANSFERRED)

    @pages.post("/advisor/chat/<ticket>/close")
    @callers(Caller.ADVISOR)
    def close(ticket: str) -> ResponseReturnValue:
        """End the talk; the bot goes on from where the person was."""
        account, why = signed_in(), request.form.get("why", "")
        if why not in {each.value for each in CLOSINGS}:
            abort(400)
        return _acted(advising, account, ticket, advising.desk.close(ticket, account.id, why), CLOSED)

    @pages.post("/advisor/chat/<ticket>/reveal")
    @callers(Caller.ADVISOR)
    def reveal(ticket: str) -> ResponseReturnValue:
        """The number, for a reason, to whoever has the chat. The log knows it first."""
        account, found_ticket = signed_in(), advising.ticket(ticket)
        reason = request.form.get("reason", "")
        if reason not in REASONS:
            abort(400)
        if found_ticket.stage is not Stage.TALKING or found_ticket.advisor != account.id:
            abort(403)
        contact = advising.desk.contact(found_ticket.id)
        if contact is None:
            abort(404)
        advising.console.access_log.note(account.id, Did.REVEALED, ticket=found_ticket.id, reason=reason)
        return render_template("advisor/_number.jinja", number=contact.address)


def _colleagues(advising: Advising, account: Account) -> list[Colleague]:
    return advising.colleagues.others(account.id, frozenset(advising.desk.on_duty()))


def _now(advising: Advising, account: Account, ticket: Ticket) -> str:
    tab = Tab.named(request.args.get("tab", ""))
    return render_template("advisor/_now.jinja", chat=advising.chat(account, ticket, tab), is_poll=True)


def _acted(advising: Advising, account: Account, id_: str, done: Done, act: Act) -> Response:
    """What became of something: how the chat stands now, and what the page says."""
    if not done.is_done:
        return _refused(advising, account, id_, f"refused_{done.value}")
    advising.console.access_log.note(account.id, act.did, ticket=id_)
    detail = {"says": advising.words(account)(act.says), "clears": act.clears, "nonce": new_nonce(), "tab": act.tab}
    return telling(_now(advising, account, advising.ticket(id_)), "kept", detail)


def _refused(advising: Advising, account: Account, id_: str, key: str) -> Response:
    """Why something was not done, with how the chat stands now."""
    words, ticket = advising.words(account), advising.desk.ticket(id_)
    name = advising.colleagues.name(ticket.advisor) if ticket else ""
    known = key if key in words else "refused_other"
    if known in ("refused_not_yours", "refused_taken") and (not name or (ticket and ticket.advisor == account.id)):
        known = "refused_not_yours_nobody"
    body = _now(advising, account, ticket) if ticket else ""
    return telling(body, "refused", {"says": words(known, name=name)}, 409)


def _withheld(advising: Advising, ticket: Ticket, answer: str) -> str:
    """Why an answer cannot be sent; "" when it can."""
    try:
        one = found(
            advising.catalogue,
            answer,
            mine=ticket.language,
            theirs=ticket.language,
            channel=ticket.channel,
            at=advising.clock(signed_in()).at(int(advising.console.now())),
        )
    except KeyError:
        return "refused_withheld"
    return "refused_withheld" if one.age is Age.WITHHELD else ""


def plain(text: str) -> str:
    """What was typed, with the line ends of a phone."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def new_nonce() -> str:
    """Names one message, so that it is sent once however often it is asked for."""
    return secrets.token_urlsafe(NONCE_BYTES)
