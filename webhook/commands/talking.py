"""Talking with the bot without a server: in the terminal, or one message at a time for other programs."""

import json
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from bot import segments
from bot.catalogue import Catalogue
from bot.inbound import Channel
from bot.loading import load_catalogue
from bot.turn import Turn
from webhook.learned import Models
from webhook.local import LocalTalk


def chat_in_terminal(root: Path, models: Path, *, channel: str, language: str) -> None:
    """Read lines and answer them until the input ends."""
    catalogue = _catalogue(root, models, language)
    talk = LocalTalk(catalogue, Channel(channel), language)
    console = Console()
    console.print(f"[dim]{channel}. Write a message; Ctrl+D ends.[/dim]")
    while (text := _read_line()) is not None:
        turn = talk.say(text, datetime.now(UTC))
        console.print(_bubble(turn, talk.channel))
    console.print()


def _read_line() -> str | None:
    try:
        return input("them> ")
    except (EOFError, KeyboardInterrupt):
        return None


def _bubble(turn: Turn, channel: Channel) -> Panel | Text:
    if turn.reply is None:
        return Text(f"(no reply: {turn.outcome})", style="dim")
    cost = f" · {segments.count(turn.reply).segments} SMS" if channel is Channel.SMS else ""
    return Panel(Text(turn.reply), subtitle=f"{turn.node or '-'}{cost}", subtitle_align="right", width=72)


def ask_once(root: Path, models: Path, text: str, *, channel: str, language: str, as_json: bool) -> None:
    """Answer one message."""
    _answer(_catalogue(root, models, language), text, Channel(channel), language, as_json=as_json)


def ask_many(root: Path, models: Path, lines: Iterable[str], *, channel: str, language: str, as_json: bool) -> None:
    """Answer each line in a conversation of its own."""
    catalogue = _catalogue(root, models, language)
    for line in lines:
        _answer(catalogue, line.rstrip("\n"), Channel(channel), language, as_json=as_json)
        sys.stdout.flush()


def _catalogue(root: Path, models: Path, language: str) -> Catalogue:
    catalogue = load_catalogue(root, show_unconfirmed=os.environ.get("VENTANILLA_ENV") != "production")
    catalogue = Models(models, root).learned(catalogue, lambda what: click.echo(f"{what} …", err=True))
    if language and language not in catalogue.languages:
        raise click.BadParameter(f"{language!r} is none of {', '.join(catalogue.languages)}.", param_hint="--lang")
    return catalogue


def _answer(catalogue: Catalogue, text: str, channel: Channel, language: str, *, as_json: bool) -> None:
    turn = LocalTalk(catalogue, channel, language).say(text, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(described(turn, channel), ensure_ascii=False))
    else:
        click.echo(turn.reply if turn.reply is not None else "")


def described(turn: Turn, channel: Channel) -> dict[str, object]:
    """A turn as other programs read it (design §11)."""
    return {
        "node": turn.node,
        "language": turn.language,
        "danger": bool(turn.danger),
        "tier": turn.danger,
        "outcome": turn.outcome,
        "ranked": [[node, round(confidence, 4)] for node, confidence in turn.ranked],
        "messages": [_message(turn.reply, channel)] if turn.reply is not None else [],
    }


def _message(text: str, channel: Channel) -> dict[str, object]:
    return {"text": text, "segments": segments.count(text).segments if channel is Channel.SMS else 1}
