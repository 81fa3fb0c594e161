"""A breaker: after a failure, ask nothing of the store for a moment, so that a person does not wait for time-outs."""

import threading
import time
from collections.abc import Callable


class Breaker:
    """Open for `open_s` after a failure; then one caller tries, and the others wait for what it finds."""

    def __init__(self, open_s: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._open_s = open_s
        self._clock = clock
        self._lock = threading.Lock()
        self._opens_again_at: float | None = None  # None: closed

    def allows(self) -> bool:
        """Whether to ask. While it is open, one caller each `open_s` is let through to try."""
        if self._opens_again_at is None:  # the usual case takes no lock
            return True
        with self._lock:
            now = self._clock()
            if self._opens_again_at is not None and now < self._opens_again_at:
                return False
            if self._opens_again_at is not None:
                self._opens_again_at = now + self._open_s
            return True

    def failed(self) -> None:
        """The store did not answer."""
        with self._lock:
            self._opens_again_at = self._clock() + self._open_s

    def succeeded(self) -> None:
        """The store answered."""
        if self._opens_again_at is not None:
            with self._lock:
                self._opens_again_at = None

    @property
    def is_open(self) -> bool:
        """Whether the last thing known is a failure."""
        return self._opens_again_at is not None
