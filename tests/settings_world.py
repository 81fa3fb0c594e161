"""The names of all settings, found by reading them: what documents and deployment files must agree with."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webhook.settings import SettingsRefused, read_settings


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().get(key, default)


def settings_read(var: Path) -> list[str]:
    """The name of every variable that is looked at, in production and in development."""
    names: set[str] = set()
    for environment in ("production", "development"):
        asked = Asked({"VENTANILLA_ENV": environment, "VENTANILLA_VAR": str(var)})
        with contextlib.suppress(SettingsRefused):
            read_settings(asked)
        names |= asked.names
    return sorted(names)
