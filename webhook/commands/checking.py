"""`ventanilla check`: says what is wrong with the content; and the schemas that help editors while they type."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from bot.catalogue import Catalogue
from bot.check import check
from bot.faults import Fault, in_order
from bot.loading import load_catalogue

_SUMMARY = {
    "en": "{errors} errors, {warnings} warnings.",
    "es": "{errors} errores, {warnings} avisos.",
}
_GOOD = {"en": "No errors.", "es": "Sin errores."}
_SIGN = {
    "en": "To be signed before launch:",
    "es": "Por firmar antes de abrir al público:",
}
SIGNATURES = {
    "en": (
        "people who have lived migration or trafficking, and an anti-trafficking specialist, have tried the conversations (R69)",
        "a risk assessment of each channel (R70)",
        "the plan for a data leak: who decides, who is told, a rehearsal date (R59)",
        "retention with Twilio: redaction switched on, or the reason why not (R60)",
        "a focal point for complaints of misconduct (R65)",
        "every help line called (R47) and every answer confirmed with its office",
    ),
    "es": (
        "personas que han vivido la migración o la trata, y una especialista, probaron las conversaciones (R69)",
        "una evaluación de riesgos de cada canal (R70)",
        "el plan para una fuga de datos: quién decide, a quién se avisa, fecha de ensayo (R59)",
        "la retención en Twilio: redacción activada, o la razón de no hacerlo (R60)",
        "una persona responsable de las quejas de conducta (R65)",
        "cada línea de ayuda probada (R47) y cada respuesta confirmada con su oficina",
    ),
}


def check_content(root: Path, models: Path, *, as_json: bool, language: str, release: bool, transcripts: bool) -> int:
    """Print all faults. Gives the exit status: 1 when there is an error (or, for a release, a warning).

    Conversations are replayed with what was learned from the examples, kept in the folder `models`.
    """
    faults = check(root, datetime.now(UTC).date())
    changes: list[str] = []
    if transcripts and not any(fault.is_error for fault in faults):
        changed = changed_transcripts(root, models)
        faults = in_order([*faults, *(change.fault for change in changed)])
        changes = [change.difference for change in changed]
    if as_json:
        click.echo(json.dumps([as_dict(fault, language, release=release) for fault in faults], ensure_ascii=False))
    else:
        _print(faults, language, release=release, changes=changes)
    return 1 if any(fault.is_error or release for fault in faults) else 0


def as_dict(fault: Fault, language: str, *, release: bool = False) -> dict[str, object]:
    """A fault as other programs read it."""
    return {
        "file": fault.path,
        "line": fault.line,
        "code": fault.code,
        "severity": "error" if fault.is_error or release else "warning",
        "what": fault.what(language),
        "mend": fault.mend(language),
    }


def _print(faults: Sequence[Fault], language: str, *, release: bool, changes: Sequence[str]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    errors = [fault for fault in faults if fault.is_error or release]
    warnings = [fault for fault in faults if not (fault.is_error or release)]
    for colour, found in (("yellow", warnings), ("red", errors)):
        for fault in found:
            console.print(f"{fault.path}:{fault.line}", style=colour, end="", markup=False)
            console.print(f": {fault.what(language)} {fault.mend(language)}", markup=False)
    for difference in changes:
        console.print(difference, markup=False)
    if release:
        console.print(_SIGN[language], *(f"\n  [ ] {item}" for item in SIGNATURES[language]), sep="", markup=False)
    summary = _SUMMARY[language].format(errors=len(errors), warnings=len(warnings))
    console.print(summary if errors else f"{_GOOD[language]} {summary}")


@dataclass(frozen=True)
class ChangedTranscript:
    """A conversation that does not go as its file says: where it first differs, and all differences."""

    fault: Fault
    difference: str


def changed_transcripts(root: Path, models: Path) -> list[ChangedTranscript]:
    """The transcripts whose conversation is no longer what the file says."""
    from webhook.learned import Models
    from webhook.transcripts import transcript_files

    catalogue = Models(models, root).learned(load_catalogue(root, show_unconfirmed=True))
    found = (_changed(root, file, catalogue) for file in transcript_files(root))
    return [change for change in found if change is not None]


def _changed(root: Path, file: Path, catalogue: Catalogue) -> ChangedTranscript | None:
    from webhook.transcripts import replay

    name = file.relative_to(root).as_posix()
    try:
        before = file.read_text(encoding="utf-8")
        now = replay(before, catalogue)
    except (OSError, ValueError) as error:  # a BadTranscript, a day that is none, a file that is no text
        return ChangedTranscript(Fault(name, 1, "transcript-unreadable", {"problem": str(error)}), "")
    if before == now:
        return None
    old, new = before.splitlines(), now.splitlines()
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    line = new[same] if same < len(new) else ""
    fault = Fault(name, same + 1, "transcript-changed", {"now": line.strip()})
    difference = difflib.unified_diff(before.splitlines(True), now.splitlines(True), name, "now")
    return ChangedTranscript(fault, "".join(difference))


def write_schemas(root: Path, *, only_check: bool) -> int:
    """Write the schemas, or say which are out of date."""
    from bot.schemas import schema_files

    stale = []
    for path, text in schema_files().items():
        file = root / path
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not only_check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    for path in stale:
        click.echo(f"{path} {'is out of date: run ventanilla schemas' if only_check else 'written'}")
    return 1 if only_check and stale else 0
