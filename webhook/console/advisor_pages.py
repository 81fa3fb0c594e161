"""All of `/advisor`: the queue, the chats, help while writing, and what people sent beside words."""

from __future__ import annotations

from flask import Blueprint

from webhook.console.advising import Advising
from webhook.console.chat_pages import add_chat_pages
from webhook.console.media_pages import add_media_pages
from webhook.console.queue_pages import add_queue_pages
from webhook.console.world import Console
from webhook.console.writing_pages import add_writing_pages


def advisor_pages(console: Console) -> Blueprint:
    """The pages of those who answer people."""
    pages = Blueprint("advisor", __name__)
    advising = Advising.of(console)
    for add in (add_queue_pages, add_chat_pages, add_writing_pages, add_media_pages):
        add(pages, advising)
    return pages
