"""How long things are kept, in seconds. Sessions and preferences say it themselves (`bot.session`)."""

DAY_S = 24 * 3600
SEEN_TTL_S = DAY_S  # the provider's repeats end long before
COPY_TTL_S = 120  # the provider's retries end within 60
ALIAS_TTL_S = 30 * DAY_S
ASIDE_TTL_S = 7 * DAY_S  # time enough to look at what could not be read
FENCE_TTL_S = 10  # far longer than a move takes
QUESTIONS_TTL_S = 30 * DAY_S  # time enough for an editor's month
HELD_QUESTION_TTL_S = 600  # as long as somebody may read an answer before they say "not this"
OPEN_TICKET_TTL_S = 8 * DAY_S  # a safety net, renewed by every change: an open ticket closes itself long before
CLOSED_TICKET_TTL_S = 30 * DAY_S
DANGER_TICKET_TTL_S = 3600  # after closing
ERASED_TICKET_TTL_S = DAY_S  # what is left says only that there was one, to who has its page open
TICKET_LISTS_TTL_S = 40 * DAY_S  # longer than any ticket they name
COUNTS_TTL_S = 365 * DAY_S
