"""The stand-in endpoint: a small fast program that behaves as it is told, in a process of its own.

python -m tests.bench.server --latency 0.1 --error-rate 0.05 --log requests.jsonl

It prints its port and serves until it is killed: chat completions under /v1/chat/completions,
Anthropic's messages under /v1/messages, both streamed where asked. `GET /stats` says what it has
seen, `POST /behaviour` changes how it behaves from now on.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import fields

import uvloop

from tests.bench.behaviour import Behaviour
from tests.bench.connection import Connection, Service


def parsed(arguments: list[str]) -> tuple[Behaviour, argparse.Namespace]:
    """Return the behaviour that the arguments ask for, and the rest of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--log", help="a file that gets one JSON line per request")
    for field in fields(Behaviour):
        default = field.default
        name = "--" + field.name.replace("_", "-")
        parser.add_argument(name, type=type(default), default=default)
    given = parser.parse_args(arguments)
    return Behaviour(
        **{field.name: getattr(given, field.name) for field in fields(Behaviour)}
    ), given


async def serve(behaviour: Behaviour, *, port: int, log: str | None) -> None:
    """Listen on this machine, print the port, and go on until killed."""
    loop = asyncio.get_running_loop()
    service = Service(behaviour, log=log)
    server = await loop.create_server(
        lambda: Connection(service), "127.0.0.1", port, backlog=4096, reuse_address=True
    )
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    said, rest = parsed(sys.argv[1:])
    uvloop.run(serve(said, port=rest.port, log=rest.log))
