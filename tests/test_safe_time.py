"""When it is safe to write to somebody who named a time: others may hold their phone (safety R17, R41)."""

from datetime import UTC, datetime

import pytest

from bot.safe_time import AFTER_I_WRITE, JUST_WROTE_S, is_safe
from tests.conversation_world import shipped

LONG_AGO = 0


@pytest.mark.parametrize(
    ("safe_time", "hour_utc", "expected"),
    [
        ("", 3, True),
        ("any-time", 3, True),
        ("-", 3, True),
        ("morning", 13, True),  # 8:00 in Chetumal, 7:00 in Belize
        ("morning", 12, False),
        ("morning", 17, False),  # noon in Chetumal
        ("afternoon", 18, True),
        ("afternoon", 17, False),
        ("afternoon", 23, True),
        ("afternoon", 0, False),
        (AFTER_I_WRITE, 18, False),
        ("an option of another year", 18, False),
    ],
)
def test_a_message_goes_only_in_the_part_of_the_day_that_was_named(
    safe_time: str, hour_utc: int, expected: bool
) -> None:
    """The same part of the day on both sides of the border."""
    assert is_safe(safe_time, datetime(2026, 11, 23, hour_utc, tzinfo=UTC), LONG_AGO) is expected


def test_whoever_wrote_a_moment_ago_holds_the_phone() -> None:
    """Then an answer is safe whatever they said before; ten minutes later it is not."""
    at = datetime(2026, 11, 23, 3, tzinfo=UTC)
    wrote_s = int(at.timestamp()) - JUST_WROTE_S
    assert is_safe(AFTER_I_WRITE, at, wrote_s)
    assert not is_safe(AFTER_I_WRITE, at, wrote_s - 1)


def test_every_time_that_can_be_chosen_is_safe_at_some_hour_or_after_writing() -> None:
    """An option that nobody here knows would keep somebody from being told for ever."""
    options = {option.value for option in shipped().questions["safe-time"].options}
    hours = [datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in range(24)]
    never = {value for value in options if not any(is_safe(value, at, LONG_AGO) for at in hours)}
    assert never == {AFTER_I_WRITE}
