"""Sockets that reach only as far as an endpoint may.

The check is made on the address that a socket is about to be connected to, never on a name: so a
literal address, an odd spelling of one, and a name whose address changes between two look-ups are
all caught.
"""

import errno
import socket
from collections.abc import Callable
from typing import Any

from evals.domain.addresses import REFUSED, AddressPolicy, address_problem

__all__ = [
    "AddressPolicy",
    "AddressRefusedError",
    "address_problem",
    "guarded_socket",
    "is_refusal",
]

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


class AddressRefusedError(OSError):
    """A connection that the policy forbids; an OSError, so that the next address is tried."""

    def __init__(self, problem: str) -> None:
        super().__init__(errno.EACCES, problem)


def is_refusal(error: OSError) -> bool:
    """Return whether `error`, or one of several errors folded into it, is a refused address."""
    return isinstance(error, AddressRefusedError) or REFUSED in str(error)


def guarded_socket(policy: AddressPolicy) -> Callable[[AddressInfo], socket.socket]:
    """Return a maker of sockets that refuses the addresses that `policy` refuses."""

    def make(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, where = info
        if problem := address_problem(str(where[0]), policy):
            raise AddressRefusedError(problem)
        return socket.socket(family, kind, protocol)

    return make
