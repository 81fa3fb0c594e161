"""WhatsApp as text: bold, numbered choices, room for paragraphs."""

from collections.abc import Sequence

MAX_TEXT = 1600
"""What Twilio carries in one message."""

MAX_BODY_WITH_CHOICES = 1024
"""What WhatsApp allows above buttons or a list. `check` holds every text to it, so that it can be drawn either way."""


class WhatsAppPen:
    """Draws for WhatsApp without templates."""

    def plain(self, line: str) -> str:
        return line

    def choice(self, number: int, label: str) -> str:
        return f"*{number}* {label}"

    def join(self, lines: Sequence[str]) -> str:
        return "\n".join(lines)

    def fits(self, text: str, choices: int) -> bool:
        return len(text) <= MAX_TEXT
