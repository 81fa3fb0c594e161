"""What a sender needs the content for: the desk's notices, and answers to messages that never reached the webhook.

Everything is made when it is first asked for. A sender that stands alone sends for days without a missed message, so the
model by which messages are understood, much the largest part, waits for the first of them.
"""

from __future__ import annotations

import time
from functools import cached_property

from bot.catalogue import Catalogue
from webhook.app import choose_actions, load_content, open_store, prepared
from webhook.complaints.opening import open_complaints
from webhook.conversation import Conversation
from webhook.desk.desk import DeskService
from webhook.desk.inbox import TicketInbox
from webhook.desk.opening import open_desk
from webhook.desk.sweeping import sweep
from webhook.keys import Keys
from webhook.learned import Models
from webhook.observe import Metrics
from webhook.outbox.missed import LateAnswers
from webhook.reload import CatalogueHolder, LastGood, Reloader, SharedCheck
from webhook.server import preloaded
from webhook.settings import Settings
from webhook.store.connection import Connection


class _Models(Models):
    """The models, kept in a folder, as soon as somebody is to be understood: the notices of the desk need none."""

    is_needed = False

    def ready(self, catalogue: Catalogue) -> Catalogue:
        return super().ready(catalogue) if self.is_needed else catalogue


class SenderContent:
    """What a sender needs the content for: notices of the desk, and answers to what never reached us."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._settings = settings
        self._keys = keys
        self._metrics = Metrics()
        self._models = _Models(settings.models, settings.root)

    @cached_property
    def holder(self) -> CatalogueHolder:
        """The content, as of now and as it changes."""
        settings, models, last_good = self._settings, self._models, LastGood(self._settings.var)
        holder = load_content(settings, last_good, models, preloaded())
        Reloader(
            holder,
            settings.root,
            show_unconfirmed=settings.show_unconfirmed,
            check=SharedCheck(settings.var),
            prepare=prepared(settings, models),
            last_good=last_good,
            metrics=self._metrics,
        ).start()
        return holder

    @cached_property
    def conversation(self) -> LateAnswers:
        """The ordinary conversation, which answers through the outbox."""
        self._understand()
        return Conversation(
            self.holder,
            open_store(self._settings, self._keys, self._metrics),
            choose_actions(self._settings, self.holder.current, self._metrics),
            self._metrics,
            complaints=open_complaints(self._settings, self._metrics),
            inbox=TicketInbox(self.desk, self._keys),
        )

    def _understand(self) -> None:
        """From now on the content comes with the model of its examples."""
        self._models.is_needed = True
        found = self.holder.current
        if found.model is None:
            understands = self._models.ready(found)
            understands.warm()
            self.holder.refine(understands)

    @cached_property
    def desk(self) -> DeskService:
        """The tickets."""

        def count(event: str) -> None:
            self._metrics.store_events.labels(event).inc()

        return open_desk(self._settings, Connection(self._settings.redis_url), self._keys, self.holder, count)

    def sweep(self) -> None:
        """One round over the open tickets."""
        sweep(self.desk, int(time.time()))
