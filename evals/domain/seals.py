"""The seal on an exported report: hashes of what it holds, signed with the instance's Ed25519 key.

A seal is written at the end of a file in words that the file's format passes over. Whoever has the
file can tell with the public key whether a byte of it was changed since.

    html, markdown   <!-- viability-seal {…} -->
    pdf              % viability-seal {…}            after the end of the document
    csv              viability-seal,"{…}"            the last row
    json             {"seal": {…}, …}                over the document without it, as canonical JSON

Source: RFC 8032 (Ed25519).
"""

import base64
import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SCHEMA = "viability.seal/1"
MARK = "viability-seal"


class SealError(Exception):
    """A file without a seal, or with one that cannot be read; the message says which."""


class ReportFormat(StrEnum):
    """What a report can be exported as; the value is the file's suffix."""

    HTML = "html"
    PDF = "pdf"
    MARKDOWN = "md"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What was signed.

    `sha256` is that of the content before the seal, `record_sha256` that of the decision record
    which all its exports share; `signature` and `public_key` are base64.
    """

    format: str
    sha256: str
    record_sha256: str
    public_key: str
    schema: str = SCHEMA
    signature: str = ""

    @property
    def key_id(self) -> str:
        """The SHA-256 of the public key, by which people tell keys apart."""
        return hashlib.sha256(base64.b64decode(self.public_key)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a seal says about its file. Only all three together make it genuine."""

    seal: Seal
    is_content_whole: bool
    is_signature_valid: bool

    @property
    def is_genuine(self) -> bool:
        """Whether the holder of the key wrote this very content."""
        return self.is_content_whole and self.is_signature_valid


def canonical(document: object) -> bytes:
    """Return JSON with sorted names and no spaces: equal values have equal bytes."""
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest(document: object) -> str:
    """Return the SHA-256 of a document as canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def sealed(
    content: bytes, kind: ReportFormat, *, record_sha256: str, key: Ed25519PrivateKey
) -> bytes:
    """Return the content of a file with its seal at the end.

    Raises:
        SealError: If the content is JSON that is no mapping, or holds a seal already.
    """
    seal = _signed(
        Seal(
            format=kind.value,
            sha256=hashlib.sha256(_covered(content, kind)).hexdigest(),
            record_sha256=record_sha256,
            public_key=_public(key),
        ),
        key,
    )
    if kind is ReportFormat.JSON:
        document = _mapping(content)
        if "seal" in document:
            raise SealError("the document holds a seal already")
        text = json.dumps({**document, "seal": asdict(seal)}, indent=2, ensure_ascii=False)
        return text.encode() + b"\n"
    return content + _line(seal, kind)


def check_seal(file: bytes, kind: ReportFormat) -> Check:
    """Return what the seal of a file says about it.

    Raises:
        SealError: If there is none, or it cannot be read.
    """
    content, seal = _taken_apart(file, kind)
    if seal.format != kind.value:
        raise SealError(
            f"found a seal of a {seal.format} file, expected one of a {kind.value} file"
        )
    return Check(
        seal=seal,
        is_content_whole=hashlib.sha256(content).hexdigest() == seal.sha256,
        is_signature_valid=is_signed(
            _payload(seal), signature=seal.signature, public_key=seal.public_key
        ),
    )


def sign(message: bytes, key: Ed25519PrivateKey) -> str:
    """Return the signature of a message as base64."""
    return base64.b64encode(key.sign(message)).decode()


def is_signed(message: bytes, *, signature: str, public_key: str) -> bool:
    """Return whether the holder of the key signed this very message."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def _signed(seal: Seal, key: Ed25519PrivateKey) -> Seal:
    return replace(seal, signature=sign(_payload(seal), key))


def _payload(seal: Seal) -> bytes:
    return canonical(asdict(replace(seal, signature="")))


def _covered(content: bytes, kind: ReportFormat) -> bytes:
    """Return the bytes that a seal speaks of: for JSON its values, however they are laid out."""
    return canonical(_mapping(content)) if kind is ReportFormat.JSON else content


def _mapping(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise SealError(f"found no JSON: {error}") from None
    if not isinstance(document, dict):
        raise SealError("found JSON that is no mapping")
    return document


def _line(seal: Seal, kind: ReportFormat) -> bytes:
    text = canonical(asdict(seal)).decode()
    if kind is ReportFormat.PDF:
        return f"\n% {MARK} {text}\n".encode()
    if kind is ReportFormat.CSV:
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow([MARK, text])
        return row.getvalue().encode()
    return f"\n<!-- {MARK} {text} -->\n".encode()


def _taken_apart(file: bytes, kind: ReportFormat) -> tuple[bytes, Seal]:
    """Return the content that the seal covers, and the seal. What follows a seal breaks it."""
    if kind is ReportFormat.JSON:
        document = _mapping(file)
        seal = _read(document.pop("seal", None))
        return canonical(document), seal
    start = _begin(kind)
    at = file.rfind(start)
    if at < 0:
        raise SealError("found no seal: it was never sealed, or its end was cut off")
    seal = _read(_parsed(file[at:], kind))
    content = file[:at]
    if file[at:] != _line(seal, kind):
        raise SealError("found something behind the seal, or a seal that was written anew")
    return content, seal


def _begin(kind: ReportFormat) -> bytes:
    return {
        ReportFormat.PDF: f"\n% {MARK} ".encode(),
        ReportFormat.CSV: f"{MARK},".encode(),
    }.get(kind, f"\n<!-- {MARK} ".encode())


def _parsed(tail: bytes, kind: ReportFormat) -> Mapping[str, Any] | None:
    try:
        text = tail.decode()
        if kind is ReportFormat.CSV:
            text = next(csv.reader(io.StringIO(text)))[1]
        found = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except (ValueError, IndexError, StopIteration, csv.Error):
        raise SealError("found a seal that cannot be read") from None
    return found if isinstance(found, dict) else None


def _read(found: Mapping[str, Any] | None) -> Seal:
    names = Seal.__dataclass_fields__
    if found is None or set(found) != set(names):
        raise SealError("found no seal, or one with other parts than those of a seal")
    if found["schema"] != SCHEMA or not all(isinstance(part, str) for part in found.values()):
        raise SealError(f"found a seal of the kind {found['schema']!r}, expected {SCHEMA}")
    return Seal(**found)
