"""Serves our actions, and a partner's, to any Rasa bot: Rasa's own action server (`ventanilla actions`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rasa_sdk import Tracker, utils
from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from sanic import HTTPResponse, Request, Sanic, json
from sanic.response import BaseHTTPResponse

from bot.actions.registry import Executors

if TYPE_CHECKING:
    from bot.catalogue import Catalogue

PORT = 5055
"""Where Rasa bots look for an action server."""


def serve(host: str, port: int, catalogue: Callable[[], Catalogue], packages: Sequence[str] = ()) -> None:
    """Serve until stopped. `catalogue` gives the newest good one, so that changed hours are told at once.

    Raises BadActions before it listens when a package cannot be used.
    """
    utils.update_sanic_log_level()
    app = create_server(catalogue, packages)
    app.run(host=host, port=port, single_process=True, access_log=False, motd=False)


def create_server(catalogue: Callable[[], Catalogue], packages: Sequence[str] = ()) -> Sanic[Any, Any]:
    """Rasa's server application with all actions, without its tracing. Raises BadActions."""
    app: Sanic[Any, Any] = create_app(_executor(catalogue, packages), cors_origins="")
    app.register_middleware(_hide_request, "response")
    return app


def _executor(catalogue: Callable[[], Catalogue], packages: Sequence[str]) -> ActionExecutor:
    """An executor whose actions are looked up at each call, in the executor of the catalogue of that moment."""
    executors = Executors(packages)
    executor = ActionExecutor()
    for name in executors.of(catalogue()).actions:
        executor.register_function(name, _current(name, catalogue, executors))
    return executor


def _current(name: str, catalogue: Callable[[], Catalogue], executors: Executors) -> Callable[..., Any]:
    async def run(dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Any:
        action = executors.of(catalogue()).actions[name]
        return await utils.call_potential_coroutine(action(dispatcher, tracker, domain))

    return run


async def _hide_request(_: Request, response: BaseHTTPResponse) -> HTTPResponse | None:
    """Rasa's reply to an error repeats the whole request, which may hold a location. Ours does not."""
    return json({"error": "The action failed."}, status=500) if response.status == 500 else None
