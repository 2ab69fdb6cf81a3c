"""What the seal of an exported report says: read from the file alone, without a database."""

from argparse import ArgumentParser
from pathlib import Path

from evals.domain.problems import InputError, Problem
from evals.domain.seals import Check, ReportFormat, SealError, check_seal
from evals.management.exits import BAD_INPUT

UNKNOWN_KEY = 2
NOT_OURS = "which is not this instance's"
NOT_GIVEN = "which is not the one given"
NOT_KNOWN = "which this machine does not know"


def add_report_arguments(parser: ArgumentParser) -> None:
    """Take the verb, the file and, where it comes from elsewhere, the key to trust."""
    parser.add_argument("verb", choices=["verify"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", metavar="KEY_ID", help="the key of the instance to trust")


def checked(file: Path) -> Check:
    """Return what the seal of a file says.

    Raises:
        InputError: If there is no such file, or none with a seal.
    """
    kinds = {f".{kind.value}": kind for kind in ReportFormat}
    kind = kinds.get(file.suffix.lower())
    if kind is None:
        wanted = ", ".join(kinds)
        raise _refused(f"found the suffix {file.suffix or 'none'}, expected one of {wanted}", file)
    try:
        return check_seal(file.read_bytes(), kind)
    except FileNotFoundError:
        raise _refused("found no such file", file) from None
    except IsADirectoryError:
        raise _refused("found a folder, expected a file", file) from None
    except SealError as error:
        raise _refused(str(error), file) from None


def by_given_key(check: Check, given: str) -> tuple[str, int]:
    """Return what to say of a file, and the exit status, where the key to trust was given."""
    return answer(check, "" if check.seal.key_id == given.lower() else NOT_GIVEN)


def answer(check: Check, distrust: str) -> tuple[str, int]:
    """Return what to say of a file, and the exit status.

    Args:
        check: Of the file.
        distrust: What is wrong with the key, "" where it is trusted.
    """
    if not check.is_genuine:
        return _broken(check), BAD_INPUT
    seal = check.seal
    signed = f"signed with the key {seal.key_id}" + (f", {distrust}" if distrust else "")
    hashes = f"unchanged: content SHA-256 {seal.sha256}\nrecord SHA-256 {seal.record_sha256}"
    return f"{hashes}\n{signed}", UNKNOWN_KEY if distrust else 0


def _refused(message: str, file: Path) -> InputError:
    return InputError(Problem(message=message), file=str(file))


def _broken(check: Check) -> str:
    if not check.is_signature_valid:
        return "CHANGED: the seal itself was not signed with the key that it names"
    return "CHANGED: the content is not the one that was sealed"
