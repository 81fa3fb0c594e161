"""`ventanilla doctor`: says what of an installation is not as it must be, and how to mend it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

import click
from rich.console import Console
from rich.table import Table
from twilio.http import HttpClient

from webhook.commands.accounts import running_store
from webhook.doctor.account import look_at_account
from webhook.doctor.findings import Finding, Level, exit_code, fail
from webhook.doctor.here import look_here
from webhook.doctor.round_trip import knock
from webhook.doctor.twilio_api import TIMEOUT_S, TwilioApi
from webhook.settings import Settings, SettingsRefused

_STYLES = {Level.OK: "green", Level.BY_HAND: "cyan", Level.WARN: "yellow", Level.FAIL: "bold red"}


def examine(read: Callable[[], Settings], *, as_json: bool, offline: bool) -> int:
    """Look at everything and print it. `read` gives the settings; ends with 1 when something must be mended."""
    findings = list(_all(read, offline=offline))
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False))
    else:
        _print(findings)
    return exit_code(findings)


def _all(read: Callable[[], Settings], *, offline: bool) -> Iterator[Finding]:
    try:
        settings = read()
    except SettingsRefused as refused:
        for name in refused.missing:
            yield fail("settings", f"{name} is not set.", "Set it; docs/operating.md, “Settings”.")
        for wrong in refused.wrong:
            yield fail("settings", wrong, "Mend it; docs/operating.md, “Settings”.")
        return
    yield from findings_of(settings, settings.redis_url or running_store(settings), None if offline else network())


def findings_of(settings: Settings, store_url: str, http: HttpClient | None) -> Iterator[Finding]:
    """Everything about an installation. Without `http` the network is left out."""
    yield from look_here(settings, store_url)
    if http is not None:
        yield from look_at_account(settings, TwilioApi(settings, http))
        yield from knock(settings)


def network() -> HttpClient:
    """The way to Twilio."""
    from twilio.http.http_client import TwilioHttpClient

    return TwilioHttpClient(timeout=TIMEOUT_S, max_retries=1)


def _print(findings: list[Finding]) -> None:
    wide = None if sys.stdout.isatty() else 120
    console = Console(highlight=False, width=wide)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        words = finding.what + (f"\n→ {finding.mend}" if finding.mend else "")
        table.add_row(f"[{_STYLES[finding.level]}]{finding.level}[/]", finding.area, _plain(words))
    console.print(table)
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    console.print("\n" + ", ".join(f"{count} {level}" for level, count in counts.items() if count), markup=False)


def _plain(words: str) -> str:
    """Words with brackets in them are words."""
    from rich.markup import escape

    return escape(words)
