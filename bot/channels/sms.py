"""SMS: plain text in the cheap alphabet, at most three segments a message."""

from collections.abc import Sequence

from bot import segments

MAX_SEGMENTS = 3


class SmsPen:
    """Draws for SMS. Accents that GSM-7 lacks are folded; one of them would more than double the price."""

    def plain(self, line: str) -> str:
        """Without bold marks, folded into GSM-7."""
        return segments.to_gsm(line.replace("*", ""))

    def choice(self, number: int, label: str) -> str:
        return f"{number} {self.plain(label)}"

    def join(self, lines: Sequence[str]) -> str:
        """Every character costs: no empty lines."""
        return "\n".join(line for line in lines if line)

    def fits(self, text: str, choices: int) -> bool:
        return segments.count(text).segments <= MAX_SEGMENTS
