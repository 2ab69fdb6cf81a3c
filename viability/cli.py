"""The command line: gives each command the services it needs, then leaves it to Django."""

import argparse
import contextlib
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from viability import __version__
from viability.embedded import FAILED, embedded_services, guarded, with_services
from viability.env import BadSetting
from viability.home import ServiceAddresses, ServiceError, running_services, take_home
from viability.processes import say
from viability.workers import worker_command

BAD_INPUT = 3
# Where no service is needed none is found: not some other PostgreSQL of this machine either.
NOWHERE = ServiceAddresses("postgresql:///viability?host=/nonexistent", "memory://")
# On a fresh home these make the tables that they need.
MIGRATING = {"evaluate", "import_openness"}
HELP = {"-h", "--help", "__help", "_h"}
WITHOUT_SERVICES = {
    *("plan", "export_task"),
    *("help", "check", "version", "diffsettings", "collectstatic", "findstatic"),
    *("makemigrations", "makemessages", "compilemessages", "startapp", "startproject"),
}
USAGE = """\
viability up [--port 8000] [--no-demo]     start everything; Ctrl-C stops it
viability evaluate SPEC.yaml [--json OUT]  run one evaluation, without the web
viability bench-endpoint SPEC.yaml         what a candidate's endpoint can do, level by level
viability plan SPEC.yaml                   what an evaluation can resolve, and its cost
viability control EVALUATION_ID VERB       pause, resume, stop, cancel or retry-failed
viability export-task SPEC.yaml DIR        write the task for the stock lm_eval command
viability import-openness FILE.yml…        read openness files into the team's facts
viability report verify FILE               was an exported report changed since?
viability backup FILE                      the database and uploaded files in one file
viability restore FILE [--force]           a backup into an empty home
viability worker [--pool gpu,default]      one more worker; other options go to Celery
Each takes --home DIR (default: $VIABILITY_HOME, then .viability). Django's commands work too:
"""

Body = Callable[[], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        arguments, home = _without_home(list(sys.argv[1:] if argv is None else argv))
    except ValueError as error:
        say(str(error))
        return BAD_INPUT
    os.environ["VIABILITY_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "viability.settings"
    name = arguments[0].replace("-", "_") if arguments else "help"
    if name in {"__version", "version"}:
        sys.stdout.write(f"viability {__version__}\n")
        return 0
    if name == "up":
        return _up(home, arguments[1:])
    if name == "worker":
        return _worker(home, arguments[1:])
    if name in {"backup", "restore"}:
        return _reported(lambda: _backup(name, home, arguments[1:]))
    return _reported(lambda: _command(home, [name, *arguments[1:]]))


def _reported(command: Body) -> int:
    """Return the command's exit status; nothing unforeseen ends with 1, which means NO-GO."""
    try:
        return guarded(command)
    except BadSetting as error:
        say(str(error))
        return BAD_INPUT
    except Exception:  # noqa: BLE001 - shown in full, and told by the exit status
        traceback.print_exc()
        return FAILED


def _without_home(arguments: list[str]) -> tuple[list[str], Path]:
    """Return the arguments without `--home`, wherever it stood, and the home's absolute path."""
    home = os.environ.get("VIABILITY_HOME") or ".viability"
    kept: list[str] = []
    while arguments:
        argument = arguments.pop(0)
        if argument == "--":
            kept += [argument, *arguments]
            break
        if argument == "--home":
            if not arguments:
                raise ValueError("--home: expected a folder")
            home = arguments.pop(0)
        elif argument.startswith("--home="):
            home = argument.removeprefix("--home=")
        else:
            kept.append(argument)
    return kept, Path(home).expanduser().absolute()


def _up(home: Path, arguments: list[str]) -> int:
    from viability.supervisor import up  # noqa: PLC0415 - the other commands start without it

    parser = argparse.ArgumentParser(prog="viability up", epilog="--home DIR: see viability help")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--no-demo", dest="demo", action="store_false")
    parser.add_argument("--concurrency", type=int, default=2, help="jobs at the same time")
    options = parser.parse_args(arguments)
    return up(home, options.port, demo=options.demo, concurrency=options.concurrency)


def _backup(name: str, home: Path, arguments: list[str]) -> int:
    from viability.backups import backup, restore_backup  # noqa: PLC0415 - as above

    try:
        return backup(home, arguments) if name == "backup" else restore_backup(home, arguments)
    except SystemExit as ended:  # argparse has said what is wrong
        return BAD_INPUT if ended.code else 0


def _worker(home: Path, arguments: list[str]) -> int:
    try:
        command = worker_command(arguments)
    except ValueError as error:
        say(str(error))
        return BAD_INPUT
    return guarded(lambda: _become_worker(home, command))


def _become_worker(home: Path, command: list[str]) -> NoReturn:
    from viability.children import project_environment  # noqa: PLC0415 - as above

    _use(running_services(home) or ServiceAddresses(None, None))
    if missing := [name for name in NOWHERE.environment() if not os.environ.get(name)]:
        raise ServiceError(
            f"no services run in {home} and {' and '.join(missing)} is not set:"
            " start `viability up` first, or set it"
        )
    os.execve(sys.executable, command, project_environment(os.environ, home=home))  # noqa: S606


def _command(home: Path, arguments: list[str]) -> int:
    name = arguments[0]
    if name in {"help", "__help", "_h"}:
        sys.stdout.write(USAGE)
        arguments = ["help", *arguments[1:]]
    if name not in WITHOUT_SERVICES and not HELP & set(arguments):
        if name == "report":
            from viability.reportchecks import checked_alone  # noqa: PLC0415 - as above

            if (status := checked_alone(home, arguments[1:])) is not None:
                return status
        return _beside_database(home, arguments)
    _use(NOWHERE)
    return _django(arguments)


def _beside_database(home: Path, arguments: list[str]) -> int:
    """Run a command on the services of `viability up`, or else as the home's only holder."""
    # Without our Celery app in the process a bell would ring at the default one's broker,
    # whatever listens at AMQP's port on this machine.
    import_module("viability.celery")
    evaluates = arguments[0] == "evaluate"
    if running := running_services(home):
        _use(running)
        return _django(arguments)
    if os.environ.get("DATABASE_URL") and not evaluates:
        _use(NOWHERE)
        return _django(arguments)
    with contextlib.ExitStack() as stack:
        stack.enter_context(take_home(home, command=shlex.join(["viability", *arguments])))
        wanted = not os.environ.get("DATABASE_URL")
        services = embedded_services(home, say=say, database=wanted, broker=False)
        _use(stack.enter_context(services))
        # Nobody listens while `viability up` does not run; the work itself is in the database.
        _use(NOWHERE)
        if arguments[0] in MIGRATING:
            _migrate()
        return _django(arguments)


def _use(addresses: ServiceAddresses) -> None:
    """Set the addresses that are not configured yet."""
    unset = {name: url for name, url in addresses.environment().items() if not os.environ.get(name)}
    chosen = ServiceAddresses(unset.get("DATABASE_URL"), unset.get("BROKER_URL"))
    environment = with_services(os.environ, chosen)
    os.environ.clear()
    os.environ.update(environment)


def _migrate() -> None:
    import django  # noqa: PLC0415 - only now are the settings it reads complete
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import Error  # noqa: PLC0415

    django.setup()
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except Error as error:
        raise ServiceError(f"the database could not be brought up to date: {error}") from error


def _django(arguments: list[str]) -> int:
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - see _migrate

    try:
        execute_from_command_line(["viability", *arguments])
    except SystemExit as ended:
        if isinstance(ended.code, str):
            say(ended.code)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
