"""Runs actions in this process, through Rasa's own executor and within a time budget.

The SDK takes a third of a second to import, and 10 MB beside the web application (35 MB alone). So nothing here imports
it before an action is needed; `warm` does so in the background while the process starts.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from bot.actions.registry import BadActions, Executors
from bot.actions.results import FAILED, read_result
from bot.actions.tracker import action_call
from bot.actions.workers import Workers
from bot.hours import public_holidays

if TYPE_CHECKING:
    from rasa_sdk.executor import ActionExecutor

    from bot.catalogue import Catalogue
    from bot.inbound import Inbound
    from bot.turn import ActionResult, Call

BUDGET_S = 1.2
_ANY_YEAR = 2026
"""Loading the holidays of a country takes long; those of one more year do not."""

_log = logging.getLogger(__name__)

Report = Callable[[str, str], None]
"""Told the name of an action that failed, and why in one or two words. Never what was in the request or the reply."""


class RunsActions(Protocol):
    """Runs the action that a step asks for. Never raises: what goes wrong is a result with `failed`."""

    def run(self, catalogue: Catalogue, call: Call, inbound: Inbound) -> ActionResult: ...


def log_failure(action: str, why: str) -> None:
    _log.warning("action_failed action=%s why=%s", action, why)


class Runner:
    """Runs actions here. One for each process; made after the process has forked."""

    def __init__(
        self, packages: Sequence[str] = (), *, budget_s: float = BUDGET_S, report: Report = log_failure
    ) -> None:
        self._executors = Executors(packages)
        self._budget_s = budget_s
        self._report = report
        self._workers = Workers()

    def run(self, catalogue: Catalogue, call: Call, inbound: Inbound) -> ActionResult:
        """What the action answers; `failed` when it raises, does not exist or takes too long."""
        request = action_call(catalogue, call, inbound)
        try:
            executor = self._executors.of(catalogue)  # before the clock runs: the import is not the action's fault
            answer = self._workers.run(lambda loop: self._execute(loop, executor, request), self._budget_s)
            return read_result(answer)
        except TimeoutError:
            self._report(call.action, "timeout")
        except Exception as error:  # whatever a partner's action raises
            self._report(call.action, type(error).__name__)
        return FAILED

    def warm(self, catalogue: Catalogue) -> threading.Thread:
        """Build the actions in the background, so that the first person who needs one does not wait for it."""
        thread = threading.Thread(target=self._warm, args=[catalogue], name="actions-warm", daemon=True)
        thread.start()
        return thread

    def _warm(self, catalogue: Catalogue) -> None:
        try:
            self._executors.of(catalogue)
        except BadActions as error:
            self._report("warm", str(error))
        for country in {place.hours.holidays for place in catalogue.places.values() if place.hours} - {""}:
            public_holidays(country, _ANY_YEAR)

    def close(self) -> None:
        """End the idle threads."""
        self._workers.close()

    def _execute(self, loop: asyncio.AbstractEventLoop, executor: ActionExecutor, request: dict[str, Any]) -> object:
        result = loop.run_until_complete(asyncio.wait_for(executor.run(request), self._budget_s))
        return None if result is None else {"events": result.events, "responses": result.responses}
