"""Starts what complaints need, where the operator has named a focal point; and the figures that the operator sees."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import structlog

from bot.catalogue import Catalogue
from webhook.complaints.box import ComplaintBox
from webhook.complaints.keeping import KeepsComplaints
from webhook.complaints.sealing import can_seal
from webhook.observe import Metrics, fault_of
from webhook.settings import Complaints, Settings, SettingsRefused

log = structlog.get_logger()


def with_complaints(catalogue: Catalogue, complaints: Complaints) -> Catalogue:
    """The catalogue as people get it here: one that takes complaints, or one that says that none are taken."""
    return catalogue.taking_complaints(complaints.days) if complaints.are_taken else catalogue


def open_complaints(settings: Settings, metrics: Metrics) -> KeepsComplaints | None:
    """The road of complaints; None without a focal point. Raises SettingsRefused for a key that would seal nothing."""
    complaints = settings.complaints
    if not complaints.are_taken:
        return None
    if not can_seal(complaints.recipient):
        raise SettingsRefused((), ("VENTANILLA_FOCAL_POINT is no public key of age: a letter of it is wrong.",))
    _look(complaints)
    return KeepsComplaints(complaints, metrics)


def _look(complaints: Complaints) -> None:
    """Say at the start, and not at the first complaint, that none could be put down."""
    try:
        complaints.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(complaints.folder, os.W_OK | os.X_OK):
            log.error("complaints_folder_unwritable")
    except OSError as error:
        log.error("complaints_folder_unwritable", **fault_of(error))


def figures(complaints: Complaints) -> bytes:
    """How many complaints wait, and how many past their time limit, in Prometheus' text format. No content, no date."""
    if not complaints.are_taken:
        return b""
    now = datetime.now(UTC)
    try:
        waiting = ComplaintBox(complaints.folder, complaints.days).waiting()
    except OSError:
        return b""
    overdue = sum(kept.is_overdue(now) for kept in waiting)
    return (
        "# HELP ventanilla_complaints_waiting Complaints not marked as dealt with.\n"
        "# TYPE ventanilla_complaints_waiting gauge\n"
        f"ventanilla_complaints_waiting {float(len(waiting))}\n"
        "# HELP ventanilla_complaints_overdue Those of them that are past their time limit.\n"
        "# TYPE ventanilla_complaints_overdue gauge\n"
        f"ventanilla_complaints_overdue {float(overdue)}\n"
    ).encode()
