"""Voice notes, photos and files of an open chat, through this console and never by the provider's own address."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from webhook.console.access_log import Did
from webhook.console.advising import Advising
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.headers import SANDBOXED
from webhook.console.media import Media, NoMedia
from webhook.desk.records import Attachment, Stage, Ticket


def add_media_pages(pages: Blueprint, advising: Advising) -> None:
    """What came with a message."""

    @pages.get("/advisor/chat/<ticket>/media/<int:number>/<int:place>")
    @callers(Caller.ADVISOR)
    def media(ticket: str, number: int, place: int) -> ResponseReturnValue:
        """One attachment. Nothing of a closed chat is fetched any more."""
        account, found_ticket = signed_in(), advising.ticket(ticket)
        if found_ticket.stage is Stage.CLOSED:
            return "", 410
        attachment = _attachment(advising, found_ticket, number, place)
        advising.console.access_log.note(account.id, Did.MEDIA_OPENED, ticket=found_ticket.id)
        try:
            return media_response(advising.media.fetch(attachment))
        except NoMedia as refused:
            text = advising.words(account)(f"media_{refused.why}")
            return Response(text, refused.status, content_type="text/plain; charset=utf-8")


def _attachment(advising: Advising, ticket: Ticket, number: int, place: int) -> Attachment:
    messages = advising.desk.messages(ticket.id)
    if not 1 <= number <= len(messages) or place >= len(messages[number - 1].attachments):
        abort(404)
    return messages[number - 1].attachments[place]


def media_response(media: Media) -> Response:
    """A file that can be played, seen or saved, and can do nothing of its own. A player may ask for parts of it."""
    response = Response(media.body, content_type=media.content_type)
    disposition = "inline" if media.is_shown else "attachment"
    response.headers["Content-Disposition"] = f'{disposition}; filename="{media.file_name}"'
    response.headers["Content-Security-Policy"] = SANDBOXED
    response.make_conditional(request, accept_ranges=True, complete_length=len(media.body))
    return response
