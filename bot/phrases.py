"""The small fixed phrases that the program cannot do without. Their wording stands in `content/phrases.yaml`."""

REQUIRED_PHRASES = (
    "first_notice", "first_notice_sms", "welcome_both", "phone_warning",
    "key_menu", "key_back", "key_more", "word_menu", "write_one",
    "rather_not_say", "consent_yes", "consent_no", "not_this",
    "consent", "exit_done", "deleted", "not_possible_now", "opted_out", "opted_in", "language_set", "gone",
    "nothing_more", "back_from_danger", "not_understood", "not_understood_again", "not_understood_choice", "which_one", "help_line",
    "quiet_help", "understood", "did_you_mean", "two_questions", "something_else", "say_it_again",
    "action_failed", "too_fast", "service_down",
    "cannot_read_voice", "cannot_read_image", "cannot_read_other", "which_town",
    "checked_on", "confirm_locally", "past_review", "withheld",
    "money_mxn", "money_bzd", "money_usd", "country_mexico", "country_belize", "country_other", "dialled_from",
    "time_chetumal", "time_belize", "time_mexico_city", "hours_unknown", "phone", "to_be_confirmed",
    "data_nothing", "data_language", "data_consent_yes", "data_consent_no", "data_slot",
    "place_near", "place_hours", "near_about", "near_close", "near_town", "in_country",
    "open_until", "open_until_day", "open_always", "shut_until", "shut_until_day", "shut", "door_unknown", "office-hours", "nearest-unknown-town",
)  # fmt: skip
