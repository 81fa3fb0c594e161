"""`/advisor`: who waits, my chats, all chats. The lists ask for themselves every two seconds, wherever they are shown."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webhook.console.advising import Advising
from webhook.console.answering import unless_same
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.listing import Tab
from webhook.console.words import LANGUAGES


def add_queue_pages(pages: Blueprint, advising: Advising) -> None:
    """The queue, its lists, and the reader's language."""

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
        return unless_same(render_template("advisor/_lists.jinja", lists=drawn))

    @pages.post("/advisor/language")
    @callers(Caller.STAFF)
    def speak() -> ResponseReturnValue:
        """Another language for the pages."""
        language = request.form.get("language", "")
        if language not in LANGUAGES:
            abort(400)
        advising.console.accounts.change(signed_in().id, lambda account: replace(account, language=language))
        return redirect(own_path(request.form.get("back", "")), 303)


def lists_href(tab: Tab, here: str = "") -> str:
    """Where the lists ask for themselves."""
    return f"/advisor/lists?tab={tab.value}" + (f"&here={here}" if here else "")


def own_path(path: str) -> str:
    """A path of this console; the start for anything else that a form may hold."""
    parts = urlsplit(path)
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if is_own and path.isprintable() else "/"
