"""How long things are kept, in seconds. Sessions and preferences say it themselves (`bot.session`)."""

DAY_S = 24 * 3600
SEEN_TTL_S = DAY_S  # the provider's repeats end long before
COPY_TTL_S = 120  # the provider's retries end within 60
ALIAS_TTL_S = 30 * DAY_S
ASIDE_TTL_S = 7 * DAY_S  # time enough to look at what could not be read
FENCE_TTL_S = 10  # far longer than a move takes
QUESTIONS_TTL_S = 30 * DAY_S  # time enough for an editor's month
HELD_QUESTION_TTL_S = 600  # as long as somebody may read an answer before they say "not this"
