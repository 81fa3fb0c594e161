"""`ventanilla understanding`: measures how well messages are understood, for the terminal, for programs, and as a page."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from bot.catalogue import Catalogue
from bot.loading import load_catalogue
from bot.understanding.labelled import FOLDER, HELD_BACK, TUNING, BadLabels, read_labelled
from bot.understanding.report import (
    Confusion,
    Figures,
    Measured,
    Promise,
    Pulled,
    Share,
    cases_of,
    confusions,
    danger_misses,
    false_alarms,
    promises,
)
from webhook.learned import Models

PARTS: Mapping[str, tuple[str, ...]] = {TUNING: (TUNING,), HELD_BACK: (HELD_BACK,), "both": (TUNING, HELD_BACK)}
CONFUSIONS_PRINTED = 15
NOTHING = "·"


@dataclass(frozen=True)
class Singled:
    """Single messages of a part: what an editor learns from. Of the held-back part misses at most, and only if asked."""

    misses: tuple[Pulled, ...] = ()
    false_alarms: tuple[Pulled, ...] = ()
    confusions: tuple[Confusion, ...] = ()


@dataclass(frozen=True)
class Report:
    """Everything that was measured, of the parts that were asked for."""

    catalogue: Catalogue
    parts: tuple[Measured, ...]
    singled: Mapping[str, Singled]

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Those in use; none without a model."""
        return asdict(self.catalogue.model.thresholds) if self.catalogue.model else {}


def report_understanding(
    root: Path, models: Path, *, part: str, html: Path | None, as_json: bool, misses: bool
) -> None:
    """Measure, and print, or write, what was found."""
    to_operator = Console(stderr=True, highlight=False)
    catalogue = load_catalogue(root, show_unconfirmed=True)
    catalogue = Models(models, root).learned(catalogue, lambda what: to_operator.print(f"[dim]  {what} …[/dim]"))
    report = measured(catalogue, root, PARTS[part], misses=misses)
    if html is not None:
        from webhook.pages.understanding import page_of

        _write(html, page_of(report))
    if as_json:
        click.echo(json.dumps(as_dict(report), ensure_ascii=False))
        return
    print_report(report, Console(highlight=False))
    if html is not None:
        click.echo(f"Written: {html}")


def measured(catalogue: Catalogue, root: Path, parts: Sequence[str], *, misses: bool = False) -> Report:
    """What is made of the messages of some parts."""
    understanding = catalogue.understanding
    topics = {id_: answer.topic for id_, answer in catalogue.answers.items()}
    found: list[Measured] = []
    singled: dict[str, Singled] = {}
    for part in parts:
        try:
            rows = read_labelled(root, part)
        except BadLabels as bad:
            raise click.ClickException(f"{FOLDER}/{part}/{bad}") from bad
        if not rows:
            raise click.ClickException(f"There are no messages in {FOLDER}/{part}.")
        cases = cases_of(rows, understanding, catalogue.lexicon)
        found.append(Measured(part, cases, catalogue.languages, topics))
        if part == TUNING:
            explain = understanding.explain
            singled[part] = Singled(
                danger_misses(cases, explain), false_alarms(cases, explain), confusions(cases, explain)
            )
        elif misses:
            singled[part] = Singled(danger_misses(cases, understanding.explain))
    return Report(catalogue, tuple(found), singled)


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as draft:
        draft.write(text)
    os.chmod(draft.name, 0o644)
    os.replace(draft.name, file)


# --- the terminal ----------------------------------------------------------------------------------------------------


def print_report(report: Report, console: Console) -> None:
    """The figures as tables."""
    _print_promises(report, console)
    for part in report.parts:
        _print_groups(part, console)
        _print_danger(part, console)
        _print_reliability(part, console)
        if part.unknown_ids:
            console.print(f"[yellow]Labels name answers that do not exist:[/yellow] {', '.join(part.unknown_ids)}\n")
    for name, singled in report.singled.items():
        _print_singled(name, singled, console)
    _print_thresholds(report, console)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, column in enumerate(columns):
        table.add_column(column, justify="right" if at else "left", no_wrap=not at)
    return table


def _print_table(title: str, table: Table, console: Console) -> None:
    console.print(f"[bold]{title}[/bold]")
    console.print(table)


def _print_promises(report: Report, console: Console) -> None:
    table = _table("", "promised", *(f"{part.part} ({part.overall.messages})" for part in report.parts))
    for row in zip(*(promises(part) for part in report.parts), strict=True):
        limit = f"{'≥' if row[0].at_least else '≤'} {percent(row[0].limit)}"
        table.add_row(row[0].name, limit, *map(_kept, row))
    _print_table("Promised, and measured", table, console)


def _kept(promise: Promise) -> str:
    colour, mark = {True: ("green", "✓"), False: ("red", "✗"), None: ("dim", "")}[promise.is_kept]
    counts = f"{promise.share.part}/{promise.share.whole}" if promise.share else ""
    return f"[dim]{promise.about} {counts}[/dim] [{colour}]{percent(promise.value)} {mark}[/{colour}]"


def _print_groups(part: Measured, console: Console) -> None:
    """All ways to group them in one table, in per cent."""
    table = _table(
        "", "n", "top 1", "top 3", "right", "wrong", "right or\nlisted", "told\nnone", "outside\ntold",
        "outside\nanswered", "calib.\nerror",
    )  # fmt: skip
    for by, groups in {"": {"all": part.overall}, **part.by}.items():
        if by:
            table.add_section()
            table.add_row(f"[dim]by {by}[/dim]")
        for name, group in groups.items():
            table.add_row(name, str(group.messages), *map(_whole, _scope_of(group)), _points(group.calibration_error))
    _print_table(f"{part.part}, in per cent", table, console)


def _scope_of(group: Figures) -> tuple[Share, ...]:
    return (
        group.top_1,
        group.top_3,
        group.right_at_once,
        group.wrong_at_once,
        group.right_or_listed,
        group.told_none_wrongly,
        group.outside_told,
        group.outside_answered,
    )


def _print_danger(part: Measured, console: Console) -> None:
    kinds = _table("", "told", "found", "certain", "right danger answer")
    for name, group in {"all": part.overall, **part.by_kind}.items():
        told = (group.danger_found, group.danger_certain, group.danger_answer_fits)
        kinds.add_row(name, str(group.danger_found.whole), *map(_counted, told))
    _print_table(f"{part.part}, danger by kind", kinds, console)
    alarms = _table("", "found", "certain", "false alarms", "near misses")
    for name, group in {"all": part.overall, **part.by["language"], **part.by["length"]}.items():
        found = (group.danger_found, group.danger_certain, group.false_alarms, group.false_alarms_near)
        alarms.add_row(name, *map(_counted, found))
    _print_table(f"{part.part}, danger by language and length", alarms, console)


def _print_reliability(part: Measured, console: Console) -> None:
    table = _table("confidence", "n", "mean", "right")
    for step in part.bins:
        shown = (percent(step.confidence), percent(step.right)) if step.messages else (NOTHING, NOTHING)
        table.add_row(f"{step.low:.1f}–{step.high:.1f}", str(step.messages), *shown)
    error = _points(part.overall.calibration_error)
    _print_table(f"{part.part}, calibration (expected error {error} points)", table, console)


def _print_singled(name: str, singled: Singled, console: Console) -> None:
    _print_pulled(f"{name}, danger not found", singled.misses, console)
    _print_pulled(f"{name}, false alarms", singled.false_alarms, console)
    if not singled.confusions:
        return
    shown = singled.confusions[:CONFUSIONS_PRINTED]
    console.print(
        f"[bold]{name}, worst confusions[/bold] ({len(shown)} of {len(singled.confusions)}; all with --html or --json)"
    )
    for confusion in shown:
        console.print(
            f"\n  {confusion.wanted} → {confusion.taken_for}  [dim]{len(confusion.pulled)}, {confusion.at_once} at once[/dim]"
        )
        for each in confusion.pulled:
            _print_one(each, console)
    console.print()


def _print_pulled(title: str, found: Sequence[Pulled], console: Console) -> None:
    if not found:
        return
    console.print(f"[bold]{title}[/bold] ({len(found)})\n")
    for each in found:
        told = f"{each.case.row.danger}, " if each.case.row.tells_of_danger else ""
        console.print(
            f"  {told}{each.case.tier or 'not found'}, danger {each.case.understood.danger:.3f} → {each.label or NOTHING}",
            markup=False,
        )
        _print_one(each, console)
    console.print()


def _print_one(each: Pulled, console: Console) -> None:
    console.print(f"    {each.case.row.text}", markup=False)
    told = f"{each.case.seen}, {percent(each.case.confidence)}"
    console.print(f"      {told}; pulled by: {each.by}" if each.by else f"      {told}", markup=False, style="dim")


def _print_thresholds(report: Report, console: Console) -> None:
    model = report.catalogue.model
    if model is None:
        console.print("[yellow]There is no model: names and examples alone were measured.[/yellow]")
        return
    table = _table("from a confidence of", "")
    for name, value in report.thresholds.items():
        table.add_row(name.replace("_", " "), f"{value:.4g}")
    _print_table("Thresholds in use", table, console)
    without = "" if model.needs_encoder else " Without an encoder: spelling alone."
    console.print(
        f"[dim]Model {model.version}, {len(model.texts)} examples, {len(model.labels)} labels.{without}[/dim]"
    )


def percent(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.1f} %"


def _whole(share: Share) -> str:
    return NOTHING if share.value is None else f"{100 * share.value:.0f}"


def _counted(share: Share) -> str:
    return NOTHING if share.value is None else f"{percent(share.value)} [dim]{share.part}/{share.whole}[/dim]"


def _points(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.1f}"


# --- other programs --------------------------------------------------------------------------------------------------


def as_dict(report: Report) -> dict[str, Any]:
    """The whole report as other programs read it."""
    model = report.catalogue.model
    return {
        "catalogue": report.catalogue.version,
        "model": model.version if model else "",
        "thresholds": report.thresholds,
        "parts": {part.part: _part(part, report.singled.get(part.part)) for part in report.parts},
    }


def _part(part: Measured, singled: Singled | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "all": _figures(part.overall),
        "by": {by: {name: _figures(group) for name, group in groups.items()} for by, groups in part.by.items()},
        "by_kind": {name: _figures(group) for name, group in part.by_kind.items()},
        "language_gap": part.language_gap,
        "promises": [
            {
                "name": each.name,
                "value": each.value,
                "limit": each.limit,
                "at_least": each.at_least,
                "kept": each.is_kept,
                "about": each.about,
            }
            for each in promises(part)
        ],
        "reliability": [step._asdict() for step in part.bins],
        "topics": [[*pair, count] for pair, count in sorted(part.mistaken_topics.items())],
        "unknown_ids": list(part.unknown_ids),
    }
    if singled is not None:
        shown["danger_misses"] = [_pulled(each) for each in singled.misses]
        if part.part == TUNING:
            shown["false_alarms"] = [_pulled(each) for each in singled.false_alarms]
            shown["confusions"] = [
                {"wanted": each.wanted, "taken_for": each.taken_for, "messages": [_pulled(one) for one in each.pulled]}
                for each in singled.confusions
            ]
    return shown


def _figures(figures: Figures) -> dict[str, Any]:
    found = {field.name: getattr(figures, field.name) for field in fields(Figures)}
    return {name: _share(value) if isinstance(value, Share) else value for name, value in found.items()}


def _share(share: Share) -> dict[str, Any]:
    return {"share": share.value, "part": share.part, "of": share.whole}


def _pulled(each: Pulled) -> dict[str, Any]:
    case = each.case
    return {
        "text": case.row.text,
        "wanted": case.row.node,
        "danger": case.row.danger,
        "label": each.label,
        "seen": case.seen,
        "confidence": round(case.confidence, 4),
        "danger_confidence": round(case.understood.danger, 4),
        "tier": case.tier,
        "pulled_by": each.by,
    }
