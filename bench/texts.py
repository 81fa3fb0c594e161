"""`python -m bench.texts`: how long a free text takes, on one core, beside the encoder alone, which is the floor.

First the labelled messages, as people write them; then texts that mean harm: --hostile of them (10,000; a release sends
100,000), up to 10,000 characters, none of which may raise an error.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from bot.catalogue import Catalogue
from bot.inbound import Channel
from bot.loading import load_catalogue
from bot.understanding.labelled import HELD_BACK, TUNING, read_labelled
from tests.test_understanding import hostile
from webhook.cli import models_folder
from webhook.learned import Models
from webhook.local import LocalTalk
from webhook.settings import CHECKOUT

SEED = 20261122


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.texts", description=__doc__)
    parser.add_argument("--hostile", type=int, default=10_000, help="how many hostile texts (10,000)")
    given = parser.parse_args()
    catalogue = load_catalogue(CHECKOUT, show_unconfirmed=False)
    catalogue = Models(models_folder(), CHECKOUT).learned(catalogue, print)
    catalogue.warm()
    encoder = catalogue.encoder
    texts = [row.text for part in (TUNING, HELD_BACK) for row in read_labelled(CHECKOUT, part)]
    understanding = catalogue.understanding
    took = timed(lambda text: understanding.understand(text, "en"), texts)
    report("understanding", took)
    if encoder is not None:
        floor = timed(lambda text: encoder.encode([text[:600]]), texts)
        report("encoder alone (floor)", floor)
        print(f"ratio of medians: {statistics.median(took) / statistics.median(floor):.2f}")
    chance = random.Random(SEED)
    report("hostile, a whole turn", timed(turn_of(catalogue), (hostile(chance) for _ in range(given.hostile))))


def turn_of(catalogue: Catalogue) -> Callable[[str], object]:
    """One turn of somebody new."""
    at = datetime.now(UTC)
    return lambda text: LocalTalk(catalogue, Channel.SMS, "en").say(text, at)


def timed(does: Callable[[str], object], texts: Iterable[str]) -> list[float]:
    """Milliseconds for each text."""
    took = []
    for text in texts:
        started = time.perf_counter()
        does(text)
        took.append((time.perf_counter() - started) * 1000)
    return took


def report(what: str, took: list[float]) -> None:
    """One line: median, 99 of 100, 999 of 1,000, the worst."""
    took = sorted(took)
    shares = (took[int(len(took) * share)] for share in (0.5, 0.99, 0.999))
    median, most, nearly_all = shares
    print(
        f"{what:24} {len(took):7,} texts  p50 {median:6.2f}  p99 {most:6.2f}  p99.9 {nearly_all:6.2f}  max {took[-1]:7.2f} ms"
    )


if __name__ == "__main__":
    main()
