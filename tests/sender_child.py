"""A sender in a process of its own, impatient enough for a test: `python -m tests.sender_child STORE TWILIO VAR`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.conftest import SECRET
from tests.fake_twilio import LocalHttpClient
from tests.webhook_world import settings_for
from webhook.keys import Keys
from webhook.observe import set_up_logging
from webhook.outbox.counting import SenderMetrics
from webhook.outbox.dispatch import Pace, Parts
from webhook.outbox.provider import Provider
from webhook.outbox.sender import Sender
from webhook.settings import Sending
from webhook.store.connection import Connection

IMPATIENT = Pace(claim_s=2.0, attempt_s=3.0, ask_after_s=0.3, resend_after_s=1.5, ask_again_s=0.5)


def main(store: str, twilio: str, var: str) -> None:
    """Send until SIGTERM."""
    set_up_logging(production=True)
    sending = Sending(whatsapp_per_s=1e6, sms_per_s=1e6, daily_usd=1e6)
    parts = Parts(
        connection=Connection(store),
        keys=Keys(SECRET),
        provider=Provider(settings_for(Path(var), store), LocalHttpClient(twilio, timeout_s=1.0)),
        sending=sending,
        metrics=SenderMetrics(),
        pace=IMPATIENT,
    )
    sender = Sender(parts, threads=6)
    signal.signal(signal.SIGTERM, lambda *_: sender.stop())
    sender.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
