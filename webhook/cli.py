"""The command line: `ventanilla run`, `web`, `chat`, `ask`, `check`, `actions`.

Each command imports what it needs when it runs, so that `ventanilla check` does not wait for a web server to load.
"""

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from webhook.settings import Settings, SettingsRefused, read_settings

P = ParamSpec("P")
R = TypeVar("R")

host_option = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
port_option = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
workers_option = click.option("--workers", type=click.IntRange(1, 64), help="Processes; one for each core by default.")
channel_option = click.option(
    "--channel", type=click.Choice(["whatsapp", "sms"]), default="whatsapp", show_default=True
)
language_option = click.option("--lang", "language", default="", help="The language; found out when left away.")


def told_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Say what is wrong in words, without a traceback, and end with status 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from bot.faults import ContentFaults
        from webhook.embedded import EmbeddedFault

        try:
            return command(*args, **kwargs)
        except SettingsRefused as refused:
            click.echo(f"The settings are not complete.\n{refused}", err=True)
        except ContentFaults as faults:
            click.echo("The content has faults:", err=True)
            for fault in faults.faults:
                click.echo(f"  {fault}", err=True)
        except EmbeddedFault as fault:
            click.echo(str(fault), err=True)
        sys.exit(1)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ventanilla")
def main() -> None:
    """Ventanilla: a Migration Information Hub on WhatsApp and SMS for the Mexico–Belize border."""


@main.command()
@host_option
@port_option
@workers_option
@told_plainly
def run(host: str, port: int, workers: int | None) -> None:
    """Everything in one command: the bot, its store, and a phone to try it on."""
    from webhook.commands.serving import run_everything

    run_everything(settings_at(host, port), host=host, port=port, workers=workers)


@main.command()
@host_option
@port_option
@workers_option
@click.option("--stateless", is_flag=True, help="Answer without a store, for Twilio's fallback address.")
@told_plainly
def web(host: str, port: int, workers: int | None, stateless: bool) -> None:
    """The web server alone, for servers. Wants REDIS_URL; without it, a store of its own is started."""
    from webhook.commands.serving import serve_web

    serve_web(settings_at(host, port, stateless=stateless), host=host, port=port, workers=workers)


@main.command()
@host_option
@click.option("--port", default=5055, show_default=True, type=click.IntRange(1, 65535))
@click.option("--actions", "packages", multiple=True, metavar="PACKAGE", help="A partner's package of actions as well.")
@told_plainly
def actions(host: str, port: int, packages: tuple[str, ...]) -> None:
    """Serve our actions to any Rasa bot, over Rasa's action protocol."""
    from webhook.commands.serving import serve_actions

    serve_actions(settings_at(host, port), host=host, port=port, packages=packages)


@main.command()
@channel_option
@language_option
@told_plainly
def chat(channel: str, language: str) -> None:
    """Talk with the bot in the terminal."""
    from webhook.commands.talking import chat_in_terminal

    chat_in_terminal(root(), models_folder(), channel=channel, language=language)


@main.command()
@click.argument("text")
@channel_option
@language_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a message.")
@told_plainly
def ask(text: str, channel: str, language: str, as_json: bool) -> None:
    """Answer one message; with "-" every line of standard input, each in a conversation of its own."""
    from webhook.commands.talking import ask_many, ask_once

    if text == "-":
        ask_many(root(), models_folder(), sys.stdin, channel=channel, language=language, as_json=as_json)
    else:
        ask_once(root(), models_folder(), text, channel=channel, language=language, as_json=as_json)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="The faults as one JSON list.")
@click.option("--lang", "language", type=click.Choice(["en", "es"]), default="en", show_default=True)
@click.option("--release", is_flag=True, help="Warnings count as errors; list what must be signed before launch.")
@click.option("--transcripts", is_flag=True, help="Replay the conversations of tests/transcripts as well.")
@click.option(
    "--root", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Another project."
)
@told_plainly
def check(as_json: bool, language: str, release: bool, transcripts: bool, folder: Path | None) -> None:
    """Read flows/ and content/ and say everything that is wrong, with file, line and mend. Ends with 1 on errors."""
    from webhook.commands.checking import check_content

    sys.exit(
        check_content(
            folder or root(),
            models_folder(folder),
            as_json=as_json,
            language=language,
            release=release,
            transcripts=transcripts,
        )
    )


@main.command()
@click.option("--check", "only_check", is_flag=True, help="Do not write; end with 1 when they are out of date.")
@told_plainly
def schemas(only_check: bool) -> None:
    """Write the JSON Schemas that help editors while they type (content/.schemas)."""
    from webhook.commands.checking import write_schemas

    sys.exit(write_schemas(root(), only_check=only_check))


@main.command()
@told_plainly
def learn() -> None:
    """Learn from the examples of content/ what people mean. Done once per version of them; takes minutes and 3.5 GB."""
    from bot.loading import load_catalogue
    from webhook.learned import Models

    models = Models(models_folder(), root())
    catalogue = models.learned(load_catalogue(root(), show_unconfirmed=True), lambda what: click.echo(f"  {what} …"))
    click.echo(f"What people mean is known from {len(catalogue.lessons.lessons)} examples.")


@main.command()
@click.option("--part", type=click.Choice(["tuning", "held-back", "both"]), default="both", show_default=True)
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as a page, with pictures."
)
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object.")
@click.option(
    "--misses",
    is_flag=True,
    help="List the held-back messages whose danger was not found. Looking spends the set: at a release only, and never "
    "to change examples for them.",
)
@told_plainly
def understanding(part: str, html: Path | None, as_json: bool, misses: bool) -> None:
    """Measure how well messages are understood, on the labelled messages of tests/understanding."""
    from webhook.commands.understanding import report_understanding

    report_understanding(root(), models_folder(), part=part, html=html, as_json=as_json, misses=misses)


@main.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="The groups as one JSON object.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1), help="Groups to show.")
@click.pass_context
@told_plainly
def questions(context: click.Context, as_json: bool, most: int) -> None:
    """What people asked and was not understood, in groups: scrubbed, without identity, of the last 30 days."""
    if context.invoked_subcommand is None:
        from webhook.commands.questions import show_questions

        show_questions(settings_at("127.0.0.1", 8000), as_json=as_json, most=most)


@questions.command()
@click.argument("what", metavar="NUMBER|TEXT")
@click.argument("answer")
@language_option
@told_plainly
def add(what: str, answer: str, language: str) -> None:
    """Add a group's question, or a text, to people_ask of an answer, and check its file."""
    from webhook.commands.questions import add_example

    sys.exit(add_example(settings_at("127.0.0.1", 8000), what, answer, language))


@questions.command()
@click.argument("number", type=click.IntRange(1))
@told_plainly
def drop(number: int) -> None:
    """Take a group out of the list."""
    from webhook.commands.questions import drop_group

    drop_group(settings_at("127.0.0.1", 8000), str(number))


@main.command()
@host_option
@port_option
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@told_plainly
def console(host: str, port: int, workers: int) -> None:
    """The advisors' console alone, for servers. Wants REDIS_URL, or a `ventanilla run` on the same folder."""
    from webhook.commands.consoling import serve_console_alone

    serve_console_alone(settings_at(host, 8000, console_port=port), host=host, port=port, workers=workers)


@main.group()
def user() -> None:
    """Who may use the console: accounts of advisors, supervisors, editors and administrators."""


@user.command("add")
@click.argument("email")
@click.option(
    "--role", type=click.Choice(["advisor", "supervisor", "editor", "admin"]), default="advisor", show_default=True
)
@click.option("--name", default="", help="As other advisors see it; the beginning of the e-mail address by default.")
@click.option(
    "--lang", "language", type=click.Choice(["en", "es"]), default="es", show_default=True, help="Of the pages."
)
@told_plainly
def add_user(email: str, role: str, name: str, language: str) -> None:
    """Make an account and print a link, good once, with which the person sets password and second factor."""
    from webhook.commands import accounts

    accounts.add_user(settings_at("127.0.0.1", 8000), email, role=role, name=name, language=language)


@user.command("disable")
@click.argument("email")
@told_plainly
def disable_user(email: str) -> None:
    """Shut an account. Whoever is logged in with it is out at once."""
    from webhook.commands import accounts

    accounts.disable_user(settings_at("127.0.0.1", 8000), email)


@user.command("reset")
@click.argument("email")
@told_plainly
def reset_user(email: str) -> None:
    """Take password and second factor away and print a new link. Logins end at once. Opens a disabled account again."""
    from webhook.commands import accounts

    accounts.reset_user(settings_at("127.0.0.1", 8000), email)


@user.command("list")
@told_plainly
def list_users() -> None:
    """Who there is."""
    from webhook.commands import accounts

    accounts.list_users(settings_at("127.0.0.1", 8000))


@main.group()
def complaints() -> None:
    """Complaints for the focal point: the key, and what waits. Their content can only be read with the secret key."""


@complaints.command()
@click.option("--out", "file", default="focal-point.key", show_default=True, help="The file of the secret key.",
              type=click.Path(dir_okay=False, path_type=Path))  # fmt: skip
@told_plainly
def key(file: Path) -> None:
    """Make the focal point's pair of keys. Best done on the focal point's own computer."""
    from webhook.commands.complaints import make_key

    sys.exit(make_key(file))


@complaints.command(name="list")
@told_plainly
def list_waiting() -> None:
    """References and dates of those not dealt with. Ends with 1 when one is overdue."""
    from webhook.commands.complaints import list_complaints

    sys.exit(list_complaints(settings_at("127.0.0.1", 8000)))


@complaints.command()
@click.argument("reference")
@click.option("--key", "key_file", required=True, type=click.Path(dir_okay=False, path_type=Path))
@told_plainly
def read(reference: str, key_file: Path) -> None:
    """Open a complaint, by its reference or its file, with the focal point's secret key."""
    from webhook.commands.complaints import read_complaint

    sys.exit(read_complaint(lambda: settings_at("127.0.0.1", 8000), reference, key_file))


@complaints.command()
@click.argument("reference")
@told_plainly
def done(reference: str) -> None:
    """Put a complaint aside that was dealt with."""
    from webhook.commands.complaints import close_complaint

    sys.exit(close_complaint(settings_at("127.0.0.1", 8000), reference))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of the pages.")
@click.option("--port", type=click.IntRange(1, 65535), help="Serve /healthz and /metrics there.")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Messages sent at a time.")
@told_plainly
def sender(host: str, port: int | None, threads: int) -> None:
    """Send what waits in the outbox. Any number of senders may run on one store. Wants REDIS_URL."""
    from webhook.commands.sending import serve_sender, with_running_store

    serve_sender(with_running_store(settings_at(host, 8000)), host=host, port=port or 0, threads=threads)


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@main.group(invoke_without_command=True)
@json_option
@click.pass_context
@told_plainly
def outbox(context: click.Context, as_json: bool) -> None:
    """Messages that wait to be sent, and those that were given up. Addresses are masked."""
    if context.invoked_subcommand is None:
        from webhook.commands.sending import show_outbox, with_running_store

        show_outbox(with_running_store(settings_at("127.0.0.1", 8000)), as_json=as_json, with_text=False)


@outbox.command("show")
@json_option
@click.option("--text", "with_text", is_flag=True, help="Print the texts as well.")
@language_option
@told_plainly
def show_messages(as_json: bool, with_text: bool, language: str) -> None:
    """List them, with the reason of each that was given up."""
    from webhook.commands.sending import show_outbox, with_running_store

    settings = with_running_store(settings_at("127.0.0.1", 8000))
    show_outbox(settings, as_json=as_json, with_text=with_text, language=language)


@outbox.command("retry")
@click.argument("id_", metavar="ID")
@json_option
@told_plainly
def retry_message(id_: str, as_json: bool) -> None:
    """Send a message once more that was given up."""
    from webhook.commands.sending import retry_letter, with_running_store

    sys.exit(retry_letter(with_running_store(settings_at("127.0.0.1", 8000)), id_, as_json=as_json))


@outbox.command("drop")
@click.argument("id_", metavar="ID")
@json_option
@told_plainly
def drop_message(id_: str, as_json: bool) -> None:
    """Take a message away for good."""
    from webhook.commands.sending import drop_message as drop_it
    from webhook.commands.sending import with_running_store

    sys.exit(drop_it(with_running_store(settings_at("127.0.0.1", 8000)), id_, as_json=as_json))


@main.group()
def templates() -> None:
    """Buttons and lists on WhatsApp: what Twilio needs for them."""


@templates.command("sync")
@told_plainly
def sync_templates() -> None:
    """Make what is missing at Twilio, use it from now on, and delete what has been out of use for two days."""
    from webhook.commands.sending import with_running_store
    from webhook.commands.templates import sync_templates as sync_them

    sync_them(with_running_store(settings_at("127.0.0.1", 8000)))


@templates.command("show")
@told_plainly
def show_templates() -> None:
    """Whether replies are drawn with buttons and lists, and what Twilio refused of late."""
    from webhook.commands.sending import with_running_store
    from webhook.commands.templates import show_templates as show_them

    show_them(with_running_store(settings_at("127.0.0.1", 8000)))


@templates.command("off")
@told_plainly
def turn_off_templates() -> None:
    """Send numbered text again. What was made stays at Twilio, for the next time."""
    from webhook.commands.sending import with_running_store
    from webhook.commands.templates import turn_off_templates as turn_them_off

    turn_them_off(with_running_store(settings_at("127.0.0.1", 8000)))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="The lines as one JSON list.")
@click.option("--offline", is_flag=True, help="Leave Twilio and the public address out.")
def doctor(as_json: bool, offline: bool) -> None:
    """Say what of the installation is not as it must be, at Twilio and here, and how to mend it. Ends with 1 on faults."""
    from webhook.commands.doctor import examine

    sys.exit(examine(lambda: settings_at("127.0.0.1", 8000), as_json=as_json, offline=offline))


def models_folder(project: Path | None = None) -> Path:
    """Where what was learned is kept, as the settings have it; that of another project beside its own files."""
    if project is not None:
        return project.absolute() / "var" / "understanding"
    var = Path(os.environ.get("VENTANILLA_VAR") or root() / "var")
    return Path(os.environ.get("VENTANILLA_MODELS") or var / "understanding").absolute()


def root() -> Path:
    """The folder that holds flows/ and content/."""
    from webhook.settings import CHECKOUT

    return Path(os.environ.get("VENTANILLA_ROOT") or CHECKOUT).absolute()


def settings_at(host: str, port: int, *, stateless: bool = False, console_port: int = 0) -> Settings:
    """The settings of the environment; in development our own address is the public one unless another is set.

    The console is on the next port then, or on its own.
    """
    environ: dict[str, Any] = dict(os.environ)
    if environ.get("VENTANILLA_ENV", "development") != "production":
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
        environ["PUBLIC_BASE_URL"] = environ.get("PUBLIC_BASE_URL") or f"http://{shown}:{port}"
        environ["CONSOLE_BASE_URL"] = environ.get("CONSOLE_BASE_URL") or f"http://{shown}:{console_port or port + 1}"
    if stateless:
        environ["VENTANILLA_STATELESS"] = "1"
    return read_settings(environ)


if __name__ == "__main__":
    main()
