"""The settings: one frozen value, every fault in one error, no secret by default."""

import multiprocessing
import stat
from pathlib import Path

import pytest

from webhook.settings import CHECKOUT, Environment, Settings, SettingsRefused, kept_secret, read_settings

SECRET = "invented secret of at least 32 characters"
PRODUCTION = {
    "VENTANILLA_ENV": "production",
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
    "TWILIO_AUTH_TOKEN": "0123456789abcdef0123456789abcdef",
    "VENTANILLA_SECRET": SECRET,
    "PUBLIC_BASE_URL": "https://hub.example.org/",
}


def test_development_needs_nothing(tmp_path: Path) -> None:
    """A fresh checkout runs with one command."""
    settings = read_settings({"VENTANILLA_VAR": str(tmp_path)})
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.root == CHECKOUT
    assert settings.show_unconfirmed
    assert settings.public_base_url == "http://127.0.0.1:8000"
    assert len(settings.secrets) == len(settings.auth_tokens) == 1


def test_secrets_of_development_are_made_once_and_kept_to_oneself(tmp_path: Path) -> None:
    """The second start must know the people of the first, and nobody else on the machine may read the secret."""
    environ = {"VENTANILLA_VAR": str(tmp_path / "var")}
    first, second = read_settings(environ), read_settings(environ)
    assert first == second
    assert first.secrets != first.auth_tokens
    files = [file for file in (tmp_path / "var").iterdir() if file.is_file()]
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    """Two workers with two secrets would know every person twice."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        secrets = pool.map(kept_secret, [tmp_path / "new" / "secret"] * 8)
    assert len(set(secrets)) == 1
    assert len(secrets[0]) == 64
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["secret"]


def test_production_names_everything_that_is_missing_at_once(tmp_path: Path) -> None:
    """Nobody should have to start the server four times to learn four names."""
    with pytest.raises(SettingsRefused) as refused:
        read_settings({"VENTANILLA_ENV": "production", "VENTANILLA_VAR": str(tmp_path), "VENTANILLA_SECRET": " "})
    assert set(refused.value.missing) == set(PRODUCTION) - {"VENTANILLA_ENV"}
    assert all(name in str(refused.value) for name in refused.value.missing)
    assert not list(tmp_path.iterdir())


def test_production_with_all_names_is_read(tmp_path: Path) -> None:
    """And nothing is made up beside them."""
    settings = read_settings({**PRODUCTION, "VENTANILLA_VAR": str(tmp_path)})
    assert settings.is_production
    assert not settings.show_unconfirmed
    assert settings.public_base_url == "https://hub.example.org"
    assert settings.secrets == (SECRET,)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["TWILIO_AUTH_TOKEN", "VENTANILLA_SECRET"])
def test_a_secret_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    """Container platforms hand secrets over as files, often with a line end."""
    file = tmp_path / "secret"
    file.write_text(PRODUCTION[name] + "\n")
    environ = {key: value for key, value in PRODUCTION.items() if key != name}
    assert read_settings({**environ, f"{name}_FILE": str(file)}) == read_settings(PRODUCTION)


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The name of the variable, never what stands in it."""
    with pytest.raises(SettingsRefused, match="VENTANILLA_SECRET_FILE") as refused:
        read_settings({**PRODUCTION, "VENTANILLA_SECRET_FILE": str(tmp_path / "absent")})
    assert refused.value.missing == ()


def test_the_previous_of_two_counts_while_rotating(tmp_path: Path) -> None:
    """The current one first: it is the one that signs and seals."""
    file = tmp_path / "before"
    file.write_text("b" * 40)
    settings = read_settings(
        {**PRODUCTION, "TWILIO_AUTH_TOKEN_PREVIOUS": "old token", "VENTANILLA_SECRET_PREVIOUS_FILE": str(file)}
    )
    assert settings.auth_tokens == (PRODUCTION["TWILIO_AUTH_TOKEN"], "old token")
    assert settings.secrets == (SECRET, "b" * 40)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VENTANILLA_ENV", "prodution"),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("PUBLIC_BASE_URL", "hub.example.net"),
        ("PUBLIC_BASE_URL", "https:///nowhere"),
        ("PUBLIC_BASE_URL", "https://hub.example.org:port"),
        ("PUBLIC_BASE_URL", "https://hub.example.org/?a=b"),
        ("ACTION_ENDPOINT_URL", "ftp://actions"),
        ("VENTANILLA_SECRET", "brief"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_by_name(name: str, value: str) -> None:
    """A typing error must not run as something else, and must not be repeated in a log."""
    with pytest.raises(SettingsRefused, match=name) as refused:
        read_settings({**PRODUCTION, name: value})
    assert name == "VENTANILLA_ENV" or value not in str(refused.value)


def test_no_secret_is_printed() -> None:
    """Settings end up in error pages and shells."""
    settings = read_settings({**PRODUCTION, "REDIS_URL": "redis://:hidden-password@store"})
    for secret in (SECRET, PRODUCTION["TWILIO_AUTH_TOKEN"], "hidden-password"):
        assert secret not in repr(settings)


def test_stateless_is_a_word() -> None:
    """`VENTANILLA_STATELESS=1` is what `ventanilla web --stateless` sets for its workers."""
    assert read_settings({**PRODUCTION, "VENTANILLA_STATELESS": "1"}).stateless
    assert not read_settings({**PRODUCTION, "VENTANILLA_STATELESS": "0"}).stateless


def test_settings_cannot_be_changed() -> None:
    """What a worker was started with is what it runs with."""
    with pytest.raises(AttributeError):
        read_settings(PRODUCTION).root = Path()  # type: ignore[misc]
    assert isinstance(hash(read_settings(PRODUCTION)), int)
    assert isinstance(read_settings(PRODUCTION), Settings)
