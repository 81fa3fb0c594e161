"""A sender process with all its chores, over a Twilio at an address of this machine: `python -m tests.handover_child TWILIO`.

It is `ventanilla sender` in everything but where Twilio is, how patient it is, and that it writes to one person as fast
as it can, where WhatsApp wants six seconds between messages.
"""

from __future__ import annotations

import os
import signal
import sys

from tests.fake_twilio import LocalHttpClient
from webhook.commands.sending import _chores
from webhook.keys import Keys
from webhook.observe import set_up_logging
from webhook.outbox import limits
from webhook.outbox.counting import SenderMetrics
from webhook.outbox.dispatch import Pace, Parts
from webhook.outbox.provider import Provider
from webhook.outbox.sender import Sender
from webhook.settings import read_settings
from webhook.store.connection import Connection

ANSWERS_WITHIN_S = 6.0
IMPATIENT = Pace(claim_s=4.0, attempt_s=8.0, ask_after_s=0.3, resend_after_s=2.0, ask_again_s=0.5)


def main(twilio: str) -> None:
    """Send until SIGTERM."""
    set_up_logging(production=True)
    limits.RECIPIENT_EVERY_S = 0.0
    settings = read_settings(os.environ)
    parts = Parts(
        connection=Connection(settings.redis_url),
        keys=Keys(*settings.secrets),
        provider=Provider(settings, LocalHttpClient(twilio, timeout_s=ANSWERS_WITHIN_S)),
        sending=settings.sending,
        metrics=SenderMetrics(),
        pace=IMPATIENT,
    )
    sender = Sender(parts, threads=6, chores=_chores(settings, parts))
    signal.signal(signal.SIGTERM, lambda *_: sender.stop())
    sender.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
