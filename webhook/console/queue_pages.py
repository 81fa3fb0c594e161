"""`/advisor`: who waits, my chats, all chats. The lists ask for themselves every two seconds, wherever they are shown."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from webhook.console.advising import Advising
from webhook.console.answering import tag_of, unless_known
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.listing import Tab


def add_queue_pages(pages: Blueprint, advising: Advising) -> None:
    """The queue and its lists."""

    @pages.get("/advisor")
    @callers(Caller.ADVISOR)
    def queue() -> str:
        """The lists, and room for a chat."""
        account = signed_in()
        advising.desk.be_on_duty(account.id)
        tab = Tab.named(request.args.get("tab", ""))
        return render_template(
            "advisor/queue.html.jinja", lists=advising.lists(account, tab), lists_href=lists_href(tab)
        )

    @pages.get("/advisor/lists")
    @callers(Caller.ADVISOR, renews=False)
    def lists() -> ResponseReturnValue:
        """The lists alone, if they have changed."""
        account = signed_in()
        advising.desk.be_on_duty(account.id)
        tab = Tab.named(request.args.get("tab", ""))
        drawn = advising.lists(account, tab, request.args.get("here", ""))
        return unless_known(
            tag_of(account.language, drawn), lambda: render_template("advisor/_lists.jinja", lists=drawn)
        )


def lists_href(tab: Tab, here: str = "") -> str:
    """Where the lists ask for themselves."""
    return f"/advisor/lists?tab={tab.value}" + (f"&here={here}" if here else "")
