"""Which network addresses an endpoint may live at.

The check is made on the address that a socket is about to be connected to, never on a name: so a
literal address, an odd spelling of one, and a name whose address changes between two look-ups are
all caught.
"""

import errno
import socket
from collections.abc import Callable
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

_METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, GCP, OpenStack
        "169.254.170.2",  # AWS containers
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure's host
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # GCP
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_MARK = "which is refused here"

Address = IPv4Address | IPv6Address
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


class AddressPolicy(StrEnum):
    """How far an endpoint may reach."""

    ANYWHERE = "anywhere"  # the command line: whoever types it owns the machine
    PRIVATE = "private"  # browser and API where an admin allows this machine and its network
    PUBLIC = "public"  # browser and API otherwise


class AddressRefusedError(OSError):
    """A connection that the policy forbids; an OSError, so that the next address is tried."""

    def __init__(self, problem: str) -> None:
        super().__init__(errno.EACCES, problem)


def address_problem(text: str, policy: AddressPolicy) -> str | None:
    """Return why `policy` refuses the address `text`, or None where it may be reached."""
    if policy is AddressPolicy.ANYWHERE:
        return None
    address = _inner(ip_address(text.partition("%")[0]))
    if address in _METADATA or address.is_link_local:
        return f"{text} is a link-local or metadata address, {_MARK}"
    if address.is_multicast:
        return f"{text} is a multicast address, {_MARK}"
    if policy is AddressPolicy.PUBLIC and not address.is_global:
        return (
            f"{text} is a loopback or private address, {_MARK} "
            "unless an admin allows endpoints in the private network"
        )
    return None


def is_refusal(error: OSError) -> bool:
    """Return whether `error`, or one of several errors folded into it, is a refused address."""
    return isinstance(error, AddressRefusedError) or _MARK in str(error)


def guarded_socket(policy: AddressPolicy) -> Callable[[AddressInfo], socket.socket]:
    """Return a maker of sockets that refuses the addresses that `policy` refuses."""

    def make(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, where = info
        if problem := address_problem(str(where[0]), policy):
            raise AddressRefusedError(problem)
        return socket.socket(family, kind, protocol)

    return make


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one carries (mapped, 6to4, Teredo, NAT64), or itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
