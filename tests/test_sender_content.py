"""What a sender keeps of the content: as little as it needs."""

from pathlib import Path

import pytest

from tests.learned_world import MODELS
from tests.webhook_world import settings_for
from webhook.commands.sender_content import SenderContent
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys


@pytest.fixture
def content(tmp_path: Path, valkey_server: EmbeddedServer) -> SenderContent:
    settings = settings_for(tmp_path, valkey_server.url)
    return SenderContent(settings, Keys(*settings.secrets))


def test_nothing_is_understood_before_somebody_was_missed(content: SenderContent) -> None:
    """The model is most of a process's memory, and the notices of the desk are found without it."""
    content.sweep()
    assert content.holder.current.model is None


def test_a_missed_message_is_understood_as_any_other(content: SenderContent) -> None:
    """Who wrote while the webhook was away is no worse off than who writes to it."""
    version = content.holder.current.version
    assert content.conversation is not None
    understands = content.holder.current
    newest = MODELS.ready(understands).model
    assert newest is not None, "no model has been learned yet: make learn"
    assert understands.model is not None
    assert (understands.version, understands.model.version) == (version, newest.version)
