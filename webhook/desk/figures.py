"""What `/metrics` shows of the queue: looked up when somebody asks, since any process may have changed it."""

from collections.abc import Callable

from webhook.desk.desk import DeskService
from webhook.desk.records import Alarm, Stage
from webhook.store.faults import StoreDown


def queue_figures(desk: DeskService, now: Callable[[], float]) -> bytes:
    """Waiting people, the longest wait, who is on duty and the alarms, in Prometheus' text format; nothing without the store."""
    try:
        tickets, on_duty = desk.open_tickets(), desk.on_duty()
    except StoreDown:
        return b""
    waiting = [ticket for ticket in tickets if ticket.stage is Stage.WAITING]
    oldest_s = max((now() - ticket.opened_s for ticket in waiting), default=0.0)
    lines = [
        *_gauge("ventanilla_tickets_waiting", "People who wait for an advisor.", len(waiting)),
        *_gauge("ventanilla_tickets_talking", "People who talk with an advisor.", len(tickets) - len(waiting)),
        *_gauge("ventanilla_oldest_wait_seconds", "The longest time somebody has waited.", max(0.0, oldest_s)),
        *_gauge("ventanilla_advisors_on_duty", "Advisors whose page is open.", len(on_duty)),
        "# HELP ventanilla_ticket_alarms Open tickets that somebody must look at now.",
        "# TYPE ventanilla_ticket_alarms gauge",
    ]
    for alarm in Alarm:
        count = sum(ticket.alarm is alarm for ticket in tickets)
        lines.append(f'ventanilla_ticket_alarms{{alarm="{alarm.value}"}} {float(count)}')
    return ("\n".join(lines) + "\n").encode()


def _gauge(name: str, says: str, value: float) -> tuple[str, str, str]:
    return f"# HELP {name} {says}", f"# TYPE {name} gauge", f"{name} {float(value)}"
