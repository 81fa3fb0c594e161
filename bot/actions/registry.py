"""Finds the actions and builds them.

An action is a `rasa_sdk.Action`. Every one in this package is found by itself, and every one in a package that is named
(a partner's). Those whose constructor takes a `catalogue` get it; the others are built without arguments, as Rasa does.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import threading
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rasa_sdk import Action
    from rasa_sdk.executor import ActionExecutor

    from bot.catalogue import Catalogue

OURS = "bot.actions"


class BadActions(Exception):
    """A package of actions cannot be used. The message says which, why, and what to do."""


def build_actions(catalogue: Catalogue, packages: Sequence[str] = ()) -> dict[str, Action]:
    """Our actions and those of the named packages, by name. Raises BadActions."""
    actions: dict[str, Action] = {}
    for package in dict.fromkeys((OURS, *packages)):
        for class_ in action_classes(package):
            action = _build(class_, catalogue)
            name = action.name()
            if name in actions:
                taken = type(actions[name]).__module__
                raise BadActions(f"'{name}' is in {taken} and in {class_.__module__}. Rename one of the two.")
            actions[name] = action
    return actions


def action_classes(package: str) -> list[type[Action]]:
    """The actions defined in a package or module and below it, by module and name. Raises BadActions."""
    from rasa_sdk import Action

    found = [
        member
        for module in _modules(package)
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Action) and member.__module__ == module.__name__ and not inspect.isabstract(member)
    ]
    if not found:
        raise BadActions(f"{package} has no actions. An action is a class that extends rasa_sdk.Action.")
    return found


def build_executor(catalogue: Catalogue, packages: Sequence[str] = ()) -> ActionExecutor:
    """Rasa's own executor with all actions, so that they run here exactly as behind an action server."""
    from rasa_sdk.executor import ActionExecutor

    executor = ActionExecutor()
    for action in build_actions(catalogue, packages).values():
        executor.register_action(action)
    return executor


class Executors:
    """The executor for a catalogue. A reload brings a new catalogue, and with it new actions."""

    def __init__(self, packages: Sequence[str] = ()) -> None:
        self._packages = tuple(packages)
        self._building = threading.Lock()
        self._built: tuple[Catalogue, ActionExecutor] | None = None

    def of(self, catalogue: Catalogue) -> ActionExecutor:
        """Rasa's executor with the actions for this catalogue. Raises BadActions."""
        with self._building:
            if self._built is None or self._built[0] is not catalogue:
                self._built = catalogue, build_executor(catalogue, self._packages)
            return self._built[1]


def _modules(package: str) -> Iterator[ModuleType]:
    """A module, and all modules below it if it is a package. Raises BadActions."""
    root = _import(package)
    yield root
    for info in pkgutil.walk_packages(getattr(root, "__path__", ()), prefix=f"{package}."):
        if not info.name.endswith(".__main__"):
            yield _import(info.name)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # a partner's module can fail in any way; staff get one sentence
        raise BadActions(f"{name} cannot be imported ({type(error).__name__}: {error}). Is it installed?") from error


def _build(class_: type[Action], catalogue: Catalogue) -> Any:
    wants_catalogue = "catalogue" in inspect.signature(class_).parameters
    try:
        return class_(catalogue=catalogue) if wants_catalogue else class_()
    except Exception as error:
        raise BadActions(
            f"{class_.__module__}.{class_.__name__} cannot be built ({type(error).__name__}: {error}). "
            "Its constructor may take a `catalogue` and nothing else."
        ) from error
