"""`viability up`: one process that starts, watches and stops everything else."""

import contextlib
import errno
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from viability.children import Child, Keeper, beat, django, project_environment, web, worker
from viability.embedded import NAMES, addresses_of, embedded_servers, guarded, with_services
from viability.home import ServiceAddresses, ServiceError, published, take_home
from viability.logs import fresh_log, last_lines
from viability.processes import Stopped, start

TICK_SECONDS = 0.1
WEB_START_SECONDS = 120
HOST = "127.0.0.1"


def up(home: Path, port: int, *, demo: bool = True, concurrency: int = 2) -> int:
    """Run everything until Ctrl-C or SIGTERM and return the exit status."""
    return guarded(lambda: _up(home, port, demo=demo, concurrency=concurrency))


def _up(home: Path, port: int, *, demo: bool, concurrency: int) -> int:
    try:
        with take_home(home, command=f"viability up --port {port}", say=_say) as held:
            _Run(held, port, demo=demo, concurrency=concurrency).run()
    except (KeyboardInterrupt, Stopped):
        _say("stopped")
    return 0


class _Run:
    """One run of `viability up`: its children, and those who keep them alive."""

    def __init__(self, home: Path, port: int, *, demo: bool, concurrency: int) -> None:
        self._home, self._port = home, port
        self._demo, self._concurrency = demo, concurrency
        self._environment: Mapping[str, str] = {}
        self._keepers: list[Keeper] = []

    def run(self) -> None:
        """Start everything, watch it, and stop it when a signal ends the watch."""
        self._clear_leftovers()
        _require_free(self._port)
        with self._services(), self._children():
            self._wait_for_web()
            self._greet()
            self._manage("sync_prices")
            if self._demo:
                _say("seeding the demo")
                self._tell("seed_demo")
            _say("press Ctrl-C to stop")
            while True:
                self._tick()

    def _clear_leftovers(self) -> None:
        for child in self._family():
            if stopped := child.clear_leftovers():
                pids = ", ".join(str(pid) for pid in stopped)
                _say(f"found a {child.name} that outlived its killed run (pid {pids}); stopped it")

    @contextlib.contextmanager
    def _services(self) -> Iterator[None]:
        wanted = [not os.environ.get(name) for name in NAMES]
        with embedded_servers(
            self._home, say=_say, database=wanted[0], broker=wanted[1]
        ) as servers:
            self._keepers = [Keeper(server, _say) for server in servers.values()]
            environment = with_services(os.environ, addresses_of(servers))
            self._environment = project_environment(environment, home=self._home)
            addresses = ServiceAddresses(*(environment[name] for name in NAMES))
            if self._manage("migrate", "--noinput") is None:
                raise ServiceError("the database's tables could not be brought up to date")
            with published(self._home, addresses):
                yield

    @contextlib.contextmanager
    def _children(self) -> Iterator[None]:
        """Start the children; the web and the clock stop first, then the worker."""
        family = self._family()
        web_server, worker_pool, clock = family
        with contextlib.ExitStack() as stack:
            stack.callback(worker_pool.stop)
            stack.callback(web_server.stop)
            stack.callback(clock.stop)
            stack.callback(web_server.ask_to_stop)
            for child in family:
                child.start()
                self._keepers.append(Keeper(child, _say))
            stack.callback(_say, "stopping; Ctrl-C again to hurry")
            yield

    def _family(self) -> Sequence[Child]:
        home, environment = self._home, self._environment
        return (
            web(home, environment, port=self._port),
            worker(home, environment, concurrency=self._concurrency),
            beat(home, environment),
        )

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + WEB_START_SECONDS
        while not _answers(self._port):
            if time.monotonic() > deadline:
                raise ServiceError(f"the web server did not answer in {WEB_START_SECONDS} s")
            self._tick()

    def _greet(self) -> None:
        address = f"http://{HOST}:{self._port}"
        _say(f"Viability runs at {address}/")
        if link := (self._manage("admin_link", "--base-url", address) or "").strip():
            link = address + link if link.startswith("/") else link
            _say(f"make the first admin with this one-time link: {link}")

    def _tell(self, command: str) -> None:
        if words := (self._manage(command) or "").strip():
            _say(words)

    def _manage(self, *arguments: str) -> str | None:
        """Return what a Django command printed, or None, with its last words said, if it failed."""
        file = self._home / "logs" / f"{arguments[0]}.log"
        with fresh_log(file) as log:
            process = start(
                django(*arguments),
                environment=self._environment,
                log=log,
                stdout=subprocess.PIPE,
            )
        try:
            output = self._finished(process)
        finally:
            process.kill()
        if process.returncode:
            _say(f"{arguments[0]} failed:\n{last_lines(file)}")
            return None
        return output

    def _finished(self, process: subprocess.Popen[bytes]) -> str:
        while True:
            try:
                return process.communicate(timeout=TICK_SECONDS)[0].decode()
            except subprocess.TimeoutExpired:
                self._check()

    def _tick(self) -> None:
        self._check()
        time.sleep(TICK_SECONDS)

    def _check(self) -> None:
        for keeper in self._keepers:
            keeper.check()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # As the web server will: connections that linger from an earlier run are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ServiceError(
                    f"port {port} is taken by another program: choose one with --port"
                ) from None
            raise ServiceError(f"port {port}: {error.strerror}") from None


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        # Below 500: a redirect to https or a refused host name is an answer too.
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
