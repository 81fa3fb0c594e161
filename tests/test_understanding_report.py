"""The report on understanding: its figures, what it shows of single messages, and the page that it writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console

from bot.catalogue import Catalogue
from bot.danger import Alarm, Tier
from bot.understanding.labelled import COLUMNS, HELD_BACK, TUNING, Labelled
from bot.understanding.report import (
    NO_ANSWER,
    UNKNOWN,
    Case,
    Figures,
    Measured,
    Outcome,
    confusions,
    danger_misses,
    expected_error,
    false_alarms,
    length_of,
    promises,
    reliability,
)
from bot.understanding.thresholds import Thresholds
from bot.understanding.understood import Explained, Guess, Understood
from tests.conversation_world import shipped
from tests.simulator_world import launched
from webhook.cli import main
from webhook.commands.understanding import Report, as_dict, measured, print_report
from webhook.pages.understanding import TopicPicture, page_of

THRESHOLDS = replace(Thresholds(), direct=0.8, listed=0.2, outside=0.5, danger_certain=0.6, danger_possible=0.3)
TOPICS = {"visa": "entering", "fee": "entering", "job": "work", "danger-now": "danger", "hurt": "danger"}


def row(node: str, *also: str, text: str = "some words", language: str = "en", danger: str = "-") -> Labelled:
    return Labelled(text, language, node, also, danger, ("plain",), "")


def made(
    *ranked: tuple[str, float], named: bool = False, no_answer: float = 0.0, danger: float = 0.0, told: str = ""
) -> Understood:
    guesses = tuple(Guess(label, confidence) for label, confidence in ranked)
    return Understood(guesses, named, "sports", no_answer, danger, told or "danger-now", THRESHOLDS)


def case(labelled: Labelled, understood: Understood, alarm: Alarm | None = None) -> Case:
    return Case(labelled, understood, alarm)


def alarm(tier: Tier, node: str = "hurt") -> Alarm:
    return Alarm(node, "en", "they <hurt> me", tier)


def explain(text: str, most: int) -> Sequence[Explained]:
    """What the model would say: an example for each label."""
    return [Explained(label, 0.5, f"example of {label}") for label in (*TOPICS, "outside:sports")][:most]


def part_of(*cases: Case) -> Measured:
    return Measured(TUNING, cases, ("en", "es"), TOPICS)


# --- what the person would see -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("understood", "outcome"),
    [
        (made(("visa", 0.9)), Outcome.AT_ONCE),
        (made(("visa", 1.0), named=True, no_answer=0.9), Outcome.AT_ONCE),
        (made(("visa", 1.0), ("fee", 1.0), named=True), Outcome.LISTED),
        (made(("visa", 0.5)), Outcome.LISTED),
        (made(("visa", 0.9), no_answer=0.6), Outcome.TOLD_NONE),
        (made(("visa", 0.1)), Outcome.NOT_UNDERSTOOD),
        (made(), Outcome.NOT_UNDERSTOOD),
    ],
    ids=["sure", "named", "named twice", "less sure", "outside", "unsure", "nothing"],
)
def test_the_outcome_is_what_the_person_would_see(understood: Understood, outcome: Outcome) -> None:
    """Figures about anything else would measure a bot that nobody meets."""
    assert case(row("visa"), understood).outcome is outcome


@pytest.mark.parametrize(
    ("danger", "by_lexicon", "tier"),
    [
        (0.01, None, None),
        (0.01, Tier.POSSIBLE, None),
        (0.2, Tier.POSSIBLE, Tier.POSSIBLE),
        (0.4, None, Tier.POSSIBLE),
        (0.01, Tier.CERTAIN, Tier.CERTAIN),
        (0.7, Tier.POSSIBLE, Tier.CERTAIN),
    ],
)
def test_danger_is_judged_by_lexicon_and_model_together(
    danger: float, by_lexicon: Tier | None, tier: Tier | None
) -> None:
    """They are united when the bot answers, so they are when it is measured."""
    understood = replace(made(danger=danger), modelled=True)
    assert case(row("visa"), understood, alarm(by_lexicon) if by_lexicon else None).tier is tier


def test_the_danger_answer_is_that_of_a_certain_pattern_first() -> None:
    """The report must judge the answer that is given."""
    assert case(row("hurt"), made(danger=0.9), alarm(Tier.CERTAIN)).danger_node == "hurt"
    assert case(row("hurt"), made(danger=0.9), alarm(Tier.POSSIBLE)).danger_node == "danger-now"
    assert case(row("hurt"), Understood(), alarm(Tier.POSSIBLE)).danger_node == "hurt"


# --- figures -----------------------------------------------------------------------------------------------------


def test_an_answer_that_serves_as_well_is_right() -> None:
    """Two honest readers may open different pages first."""
    figures = Figures.of([case(row("visa", "fee"), made(("fee", 0.9)))])
    assert figures.top_1.value == figures.right_at_once.value == 1


def test_messages_with_an_answer_are_counted_by_what_became_of_them() -> None:
    """Right, offered, wrong and turned away are four different evenings for somebody."""
    figures = Figures.of(
        [
            case(row("visa"), made(("visa", 0.9))),
            case(row("visa"), made(("fee", 0.9), ("visa", 0.05))),
            case(row("visa"), made(("fee", 0.5), ("visa", 0.3))),
            case(row("visa"), made(("visa", 0.3), no_answer=0.6)),
            case(row("visa"), made(("fee", 0.1))),
        ]
    )
    assert (figures.top_1, figures.top_3) == ((2, 5), (4, 5))
    assert (figures.right_at_once, figures.wrong_at_once) == ((1, 5), (1, 5))
    assert (figures.right_or_listed, figures.told_none_wrongly) == ((2, 5), (1, 5))
    assert figures.outside_told.value is None


def test_messages_without_an_answer_are_counted_apart() -> None:
    """A list is neither an honest no nor a wrong answer."""
    figures = Figures.of(
        [
            case(row("-"), made(("visa", 0.9))),
            case(row("-"), made(("visa", 0.5))),
            case(row("-"), made(("visa", 0.9), no_answer=0.7)),
            case(row("-"), made(("visa", 0.1))),
        ]
    )
    assert (figures.outside_told, figures.outside_answered) == ((2, 4), (1, 4))
    assert figures.top_1.whole == 0


def test_what_readers_disagreed_on_is_neither_danger_nor_a_false_alarm() -> None:
    """Nobody can be right about it."""
    figures = Figures.of([case(row("visa", danger="unclear"), made(danger=0.9))])
    counted = (figures.danger_found, figures.danger_certain, figures.false_alarms, figures.false_alarms_near)
    assert [share.whole for share in counted] == [0, 0, 0, 0]


def test_danger_and_false_alarms_are_counted_by_kind_of_message() -> None:
    """Near misses are allowed more false alarms than ordinary messages, because recall goes before precision."""
    part = part_of(
        case(row("hurt", danger="violence"), made(danger=0.9, told="hurt")),
        case(row("hurt", danger="violence"), made(danger=0.4, told="danger-now")),
        case(row("hurt", danger="medical"), made(danger=0.1)),
        case(row("visa"), made(danger=0.4)),
        case(row("visa", danger="near"), made(), alarm(Tier.CERTAIN)),
        case(row("visa", danger="near"), made()),
    )
    figures = part.overall
    assert (figures.danger_found, figures.danger_certain, figures.danger_answer_fits) == ((2, 3), (1, 3), (1, 2))
    assert (figures.false_alarms, figures.false_alarms_near) == ((1, 1), (1, 2))
    assert {kind: found.danger_found for kind, found in part.by_kind.items()} == {"medical": (0, 1), "violence": (2, 2)}


def test_confidence_is_compared_with_what_was_right() -> None:
    """Thresholds are only as good as the numbers they cut."""
    cases = [case(row("visa"), made(("visa", 0.95))), case(row("visa"), made(("fee", 0.95)))]
    cases += [case(row("visa"), made(("visa", 1.0))), case(row("-"), made(("visa", 0.25)))]
    bins = reliability(cases)
    assert [(step.messages, round(step.right, 2)) for step in bins if step.messages] == [(1, 0.0), (3, 0.67)]
    assert expected_error(bins) == pytest.approx((0.25 + 3 * abs(2.9 / 3 - 2 / 3)) / 4)
    assert expected_error(reliability([])) is None


def test_messages_are_grouped_by_language_length_style_and_topic() -> None:
    """A good average can hide a language that is not understood."""
    part = part_of(
        case(row("visa", language="es", text="una dos tres"), made(("visa", 0.9))),
        case(row("job", language="ht", text="word " * 15), made()),
        case(row("-", text="word " * 5), made()),
        case(row("gone"), made()),
    )
    assert list(part.by["language"]) == ["en", "es", "other"]
    assert list(part.by["length"]) == ["short", "middle", "long"]
    assert set(part.by["topic"]) == {"entering", "work", NO_ANSWER, UNKNOWN}
    assert part.by["style"]["plain"].messages == 4
    assert part.unknown_ids == ("gone",)


@pytest.mark.parametrize(("words", "length"), [(1, "short"), (4, "short"), (5, "middle"), (14, "middle"), (15, "long")])
def test_length_goes_by_words(words: int, length: str) -> None:
    """The report groups as the set was written."""
    assert length_of("word " * words) == length


def test_the_languages_are_compared() -> None:
    """Who writes in the other language must not be understood less."""
    right, wrong = made(("visa", 0.9)), made(("fee", 0.9))
    part = part_of(
        case(row("visa", language="en"), right),
        case(row("visa", language="es"), right),
        case(row("visa", language="es"), wrong),
    )
    assert part.language_gap == 0.5
    assert part_of(case(row("visa"), right)).language_gap is None


def test_a_promise_is_kept_broken_or_not_measured() -> None:
    """An operator reads at a glance whether people can rely on it."""
    part = part_of(case(row("visa"), made(("visa", 0.9))), case(row("hurt", danger="child"), made(("hurt", 0.9))))
    kept = {promise.name: promise.is_kept for promise in promises(part)}
    assert kept["best answer right"] is True
    assert kept["danger found"] is False
    assert kept["no answer here: told so"] is None
    worst = next(promise for promise in promises(part) if promise.about)
    assert (worst.about, worst.share, worst.is_kept) == ("child", (0, 1), False)


# --- single messages ---------------------------------------------------------------------------------------------


def test_every_miss_comes_with_the_example_that_pulled_it() -> None:
    """Editors mend what they can see."""
    told = case(row("hurt", danger="violence"), made(("job", 0.9), danger=0.2))
    found = case(row("hurt", danger="violence"), made(danger=0.9))
    unlike = case(row("hurt", danger="violence"), made(("job", 0.1), no_answer=0.9, danger=0.1))
    misses = danger_misses([told, found, unlike], explain)
    assert [(each.case, each.by) for each in misses] == [
        (unlike, "example of outside:sports"),
        (told, "example of job"),
    ]


def test_every_false_alarm_comes_with_its_pattern_or_example() -> None:
    """A pattern is mended in the lexicon, an example in an answer."""
    by_model = case(row("visa"), made(danger=0.4))
    by_lexicon = case(row("visa", danger="near"), made(), alarm(Tier.CERTAIN))
    unclear = case(row("visa", danger="unclear"), made(danger=0.9))
    found = false_alarms([by_model, by_lexicon, unclear], explain)
    assert [(each.case, each.by) for each in found] == [
        (by_lexicon, "they <hurt> me"),
        (by_model, "example of danger-now"),
    ]


def test_the_worst_confusions_come_first() -> None:
    """A wrong answer given at once harms more than a wrong list."""
    listed = [case(row("visa"), made(("job", 0.5))) for _ in range(3)]
    at_once = case(row("fee"), made(("visa", 0.9)))
    outside = case(row("-"), made(("job", 0.5)))
    told_none = case(row("job"), made(("job", 0.4), no_answer=0.6))
    fine = case(row("job"), made(("job", 0.5)))
    found = confusions([*listed, at_once, outside, told_none, fine], explain)
    assert [(each.wanted, each.taken_for, len(each.pulled)) for each in found] == [
        ("fee", "visa", 1),
        ("visa", "job", 3),
        ("-", "job", 1),
        ("job", "outside:sports", 1),
    ]
    assert found[1].pulled[0].by == "example of job"


def test_the_picture_counts_every_message_once() -> None:
    """A square that is missing hides a confusion."""
    cases = [case(row("visa", "job"), made(("job", 0.9))), case(row("visa"), made(("job", 0.9)))]
    cases += [case(row("job"), made()), case(row("-"), made(("fee", 0.9)))]
    picture = TopicPicture.of(part_of(*cases))
    assert picture.topics == ("entering", "work", NO_ANSWER)
    assert sum(picture.counts.values()) == 4
    assert picture.count("entering", "entering") == 1
    assert picture.elsewhere("entering") == [("work", 1)]
    assert picture.elsewhere("work") == [(NO_ANSWER, 1)]
    assert picture.shade("entering", "entering") > picture.shade("work", "work") == 0


# --- the command -------------------------------------------------------------------------------------------------

SECRET = "the little one next door is always so quiet zzheld"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a few labelled messages in both parts; some with what a page or a terminal could trip over."""
    root = tmp_path_factory.mktemp("project")
    for part, rows in {
        TUNING: [
            "privacy\ten\tprivacy\t-\t-\tshort,plain",
            "zzmiss <b>they</b> [red] & more\ten\tviolence-help\t-\tviolence\tmiddle,plain",
            "they will kill me tonight\ten\tprivacy\t-\tnear\tmiddle,plain",
            "quien gano el partido\tes\t-\t-\t-\tmiddle,plain",
        ],
        HELD_BACK: ["privacidad\tes\tprivacy\t-\t-\tshort,plain", f"{SECRET}\ten\tchild-danger\t-\tchild\tlong,plain"],
    }.items():
        folder = root / "tests" / "understanding" / part
        folder.mkdir(parents=True)
        lines = ["\t".join(COLUMNS), *rows]
        (folder / "some.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def unlearned() -> Catalogue:
    """The shipped content as it understands without a model: the same on every machine, and at once."""
    return shipped().with_model(None, None)


@pytest.fixture(scope="module")
def report(project: Path) -> Report:
    """Measured without a model: names and examples alone understand some."""
    return measured(unlearned(), project, (TUNING, HELD_BACK))


def printed(report: Report) -> str:
    console = Console(width=120, highlight=False, color_system=None)
    with console.capture() as capture:
        print_report(report, console)
    return capture.get()


def test_messages_of_the_held_back_part_are_never_shown(report: Report) -> None:
    """What is looked at is tuned for, and then measures nothing any more."""
    shown = (printed(report), page_of(report), json.dumps(as_dict(report)))
    assert [SECRET in text for text in shown] == [False, False, False]
    assert ["zzmiss" in text for text in shown] == [True, True, True]


def test_held_back_misses_are_shown_when_asked_for(project: Path) -> None:
    """Before a release somebody must know which calls for help are not heard."""
    asked = measured(unlearned(), project, (HELD_BACK,), misses=True)
    shown = (printed(asked), page_of(asked), json.dumps(as_dict(asked)))
    assert [SECRET in text for text in shown] == [True, True, True]
    assert set(as_dict(asked)["parts"][HELD_BACK]) & {"false_alarms", "confusions"} == set()


def test_the_terminal_shows_words_as_they_were_written(report: Report) -> None:
    """Square brackets are colours to the printer, and words to people."""
    assert "[red] & more" in printed(report)


def test_the_figures_are_json(report: Report) -> None:
    """Other programs draw their own curves."""
    shown = json.loads(json.dumps(as_dict(report)))
    assert shown["parts"][TUNING]["all"]["messages"] == 4
    assert shown["parts"][TUNING]["all"]["danger_found"] == {"share": 0.0, "part": 0, "of": 1}
    assert [alarm["text"] for alarm in shown["parts"][TUNING]["false_alarms"]] == ["they will kill me tonight"]


def test_labels_that_cannot_be_read_are_said_plainly(tmp_path: Path) -> None:
    """Whoever adds messages is no programmer."""
    folder = tmp_path / "tests" / "understanding" / TUNING
    folder.mkdir(parents=True)
    (folder / "bad.tsv").write_text("text\n", encoding="utf-8")
    with pytest.raises(Exception, match=r"tests/understanding/tuning/bad\.tsv:1: The first line must be"):
        measured(unlearned(), tmp_path, (TUNING,))
    with pytest.raises(Exception, match=r"There are no messages in tests/understanding/held-back\."):
        measured(unlearned(), tmp_path, (HELD_BACK,))


def test_help_says_that_looking_spends_the_set() -> None:
    """Who looks must know what it costs."""
    told = CliRunner().invoke(main, ["understanding", "--help"]).output
    assert "Looking spends the set" in " ".join(told.split())


# --- the page ----------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The tags of a page, every one of them closed in turn, and all that could load something."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in ("src", "srcset", "data", "action")]
        self.loads += [value for name, value in attrs if name == "href" and value and not value.startswith("#")]
        if tag not in self.VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not (self.open and self.open[-1] == tag):
            assert tag in ("line", "rect", "circle", "polyline"), f"</{tag}> closes <{self.open[-1:]}>"
            return
        self.open.pop()


def test_the_page_needs_nothing_else(report: Report) -> None:
    """It is sent by mail and read where there is no network."""
    page = page_of(report)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.loads == []
    assert re.findall(r"url\(|@import|<script|<b>they", page) == []
    assert "zzmiss &lt;b&gt;they&lt;/b&gt; [red] &amp; more" in page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launched(playwright)
        yield chromium
        chromium.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_can_be_read_on_a_phone_and_at_night(
    report: Report, browser: Browser, width: int, scheme: str, tmp_path: Path
) -> None:
    """Nothing runs out of the side of a phone, and no words are too faint."""
    file = tmp_path / "report.html"
    file.write_text(page_of(report), encoding="utf-8")
    page = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    contrast = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
    assert page.locator("body").evaluate(contrast) == []
    page.close()
