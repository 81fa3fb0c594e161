"""`ventanilla complaints`: the focal point's key, and what waits in the box. Whoever runs the server sees no content."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from webhook.complaints.box import ComplaintBox
from webhook.complaints.sealing import Complaint, ComplaintFault, new_key, unseal
from webhook.settings import Complaints, Settings

NOT_NAMED = "No focal point is named: VENTANILLA_FOCAL_POINT is not set, and no complaint is taken."


def make_key(file: Path) -> int:
    """Make a focal point's pair of keys: the secret one into a new file, the public one to be shown."""
    secret, public = new_key()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        click.echo(f"{file} is there already. A key that is written over opens nothing any more: choose another name.")
        return 1
    except OSError as error:
        click.echo(f"{file} cannot be written: {error.strerror}.")
        return 1
    with os.fdopen(handle, "w", encoding="utf-8") as written:
        written.write(f"# Secret key of the focal point for complaints. Public key: {public}\n{secret}\n")
        written.flush()
        os.fsync(written.fileno())
    click.echo(f"Set on the server:\n\n  VENTANILLA_FOCAL_POINT={public}\n")
    click.echo(
        f"The secret key is in {file}. Only the focal point may have it: make it on their own computer, or take it"
    )
    click.echo(
        "there and delete it here. Never keep it on the server. Keep a second copy in a safe place: without it no"
    )
    click.echo("complaint can be opened.")
    return 0


def list_complaints(settings: Settings) -> int:
    """Print references and dates. Ends with 1 if one is past its time limit, so that a timer can tell somebody."""
    complaints = settings.complaints
    try:
        waiting = _box(complaints).waiting()
    except OSError as error:
        click.echo(f"The folder of complaints cannot be read: {error.strerror}.", err=True)
        return 1
    if not complaints.are_taken:
        click.echo(NOT_NAMED, err=True)
    if not waiting:
        click.echo("No complaint waits.")
        return 0
    now = datetime.now(UTC)
    console = Console(soft_wrap=True, highlight=False)
    for kept in waiting:
        late = "  OVERDUE" if kept.is_overdue(now) else ""
        console.print(f"{kept.reference}  {kept.at:%Y-%m-%d}  until {kept.due:%Y-%m-%d}{late}", markup=False)
    return 1 if any(kept.is_overdue(now) for kept in waiting) else 0


def read_complaint(settings: Callable[[], Settings], what: str, key: Path) -> int:
    """Open one complaint: by its reference, or a file that was carried to another computer, where nothing is set."""
    try:
        secret = _secret(key)
    except (OSError, UnicodeDecodeError):
        click.echo(f"The key file {key} cannot be read.", err=True)
        return 1
    try:
        file = Path(what)
        sealed = file.read_bytes() if file.suffix == ".age" else _box(settings().complaints).read(what.strip().upper())
    except FileNotFoundError:
        click.echo(f"There is no complaint {what}.", err=True)
        return 1
    except OSError as error:
        click.echo(f"The complaint cannot be read: {error.strerror}.", err=True)
        return 1
    try:
        _show(unseal(sealed, secret))
    except ComplaintFault as fault:
        click.echo(f"It cannot be opened: {fault}.", err=True)
        return 1
    return 0


def close_complaint(settings: Settings, reference: str) -> int:
    """Put a complaint aside that was dealt with."""
    try:
        _box(settings.complaints).done(reference.strip().upper())
    except FileNotFoundError:
        click.echo(f"There is no open complaint {reference}.", err=True)
        return 1
    except OSError as error:
        click.echo(f"It cannot be put aside: {error.strerror}.", err=True)
        return 1
    click.echo("Put aside as dealt with.")
    return 0


def _box(complaints: Complaints) -> ComplaintBox:
    return ComplaintBox(complaints.folder, complaints.days)


def _secret(key: Path) -> str:
    """The key in a file, as age and we write it: comments above one line."""
    lines = key.read_text(encoding="utf-8").splitlines()
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")


def _show(complaint: Complaint) -> None:
    click.echo(f"{complaint.reference}  {complaint.at}  {complaint.channel}  {complaint.language}")
    if complaint.danger:
        click.echo(f"The words tell of danger ({complaint.danger}). The person was given the help numbers.")
    click.echo(f"Answer to: {complaint.address or 'nobody: the person gave no number'}")
    click.echo()
    click.echo(_harmless(complaint.text))


def _harmless(text: str) -> str:
    """The text without signs that would drive the terminal."""
    return "".join(sign if sign in "\n\t" or sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
