"""`ventanilla check`: says what is wrong with the content; and the schemas that help editors while they type."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from bot.check import check
from bot.faults import Fault
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


def check_content(root: Path, *, as_json: bool, language: str, release: bool, transcripts: bool) -> int:
    """Print all faults. Gives the exit status: 1 when there is an error (or, for a release, a warning)."""
    faults = check(root, datetime.now(UTC).date())
    changed = changed_transcripts(root) if transcripts and not any(fault.is_error for fault in faults) else []
    if as_json:
        click.echo(json.dumps([as_dict(fault, language, release=release) for fault in faults], ensure_ascii=False))
    else:
        _print(faults, language, release=release)
        for text in changed:
            click.echo(text)
    failed = changed or any(fault.is_error or release for fault in faults)
    return 1 if failed else 0


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


def _print(faults: Sequence[Fault], language: str, *, release: bool) -> None:
    console = Console(soft_wrap=True, highlight=False)
    errors = [fault for fault in faults if fault.is_error or release]
    warnings = [fault for fault in faults if not (fault.is_error or release)]
    for fault in (*warnings, *errors):
        colour = "red" if fault in errors else "yellow"
        where = f"{fault.path}:{fault.line}"
        console.print(f"[{colour}]{where}[/{colour}]: ", end="")
        console.print(f"{fault.what(language)} {fault.mend(language)}", markup=False)
    if release:
        console.print(_SIGN[language], *(f"\n  [ ] {item}" for item in SIGNATURES[language]), sep="", markup=False)
    summary = _SUMMARY[language].format(errors=len(errors), warnings=len(warnings))
    console.print(summary if errors else f"{_GOOD[language]} {summary}")


def changed_transcripts(root: Path) -> list[str]:
    """The transcripts whose conversation is no longer what the file says, as differences."""
    from webhook.transcripts import replay_file, transcript_files

    catalogue = load_catalogue(root, show_unconfirmed=True)
    changes = []
    for file in transcript_files(root):
        name = file.relative_to(root).as_posix()
        before, now = file.read_text(encoding="utf-8"), replay_file(file, catalogue)
        if before != now:
            changes.append("".join(difflib.unified_diff(before.splitlines(True), now.splitlines(True), name, "now")))
    return changes


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
