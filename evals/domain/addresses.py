"""Which network addresses an endpoint may live at."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

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
_LOOPBACK = {"localhost": "127.0.0.1"}
REFUSED = "which is refused here"

Address = IPv4Address | IPv6Address


class AddressPolicy(StrEnum):
    """How far an endpoint may reach."""

    ANYWHERE = "anywhere"  # the command line: whoever types it owns the machine
    PRIVATE = "private"  # browser and API where an admin allows this machine and its network
    PUBLIC = "public"  # browser and API otherwise


def address_problem(text: str, policy: AddressPolicy) -> str | None:
    """Return why `policy` refuses the address `text`, or None where it may be reached."""
    if policy is AddressPolicy.ANYWHERE:
        return None
    address = _inner(ip_address(text.partition("%")[0]))
    if address in _METADATA or address.is_link_local:
        return f"{text} is a link-local or metadata address, {REFUSED}"
    if address.is_multicast:
        return f"{text} is a multicast address, {REFUSED}"
    if policy is AddressPolicy.PUBLIC and not address.is_global:
        return (
            f"{text} is a loopback or private address, {REFUSED} "
            "unless an admin allows endpoints in the private network"
        )
    return None


def url_problem(url: str, policy: AddressPolicy) -> str | None:
    """Return why `policy` refuses a URL whose host is an address; None where it is a name.

    What a name stands for is known only when it is asked, and judged then.
    """
    host = urlsplit(url).hostname or ""
    try:
        return address_problem(_LOOPBACK.get(host, host), policy)
    except ValueError:
        return None


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one carries (mapped, 6to4, Teredo, NAT64), or itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
