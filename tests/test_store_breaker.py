"""The breaker spares people the wait for a store that does not answer."""

from webhook.store.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_lets_everybody_through_until_something_fails() -> None:
    """The usual case."""
    breaker = Breaker(clock=Clock())
    assert all(breaker.allows() for _ in range(3))
    assert not breaker.is_open


def test_after_a_failure_it_is_open_for_a_second() -> None:
    """Nobody waits for a time-out that was just found out."""
    clock = Clock()
    breaker = Breaker(open_s=1.0, clock=clock)
    breaker.failed()
    clock.now += 0.9
    assert not breaker.allows()
    clock.now += 0.2
    assert breaker.allows()


def test_then_one_tries_and_the_others_wait() -> None:
    """Forty threads must not all run into the same time-out."""
    clock = Clock()
    breaker = Breaker(open_s=1.0, clock=clock)
    breaker.failed()
    clock.now += 1.1
    assert [breaker.allows() for _ in range(4)] == [True, False, False, False]


def test_a_success_closes_it() -> None:
    """Back when the store is back."""
    clock = Clock()
    breaker = Breaker(open_s=1.0, clock=clock)
    breaker.failed()
    breaker.succeeded()
    assert breaker.allows()
    assert not breaker.is_open
