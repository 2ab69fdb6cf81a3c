"""A sealed file is known again, and no changed one is."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.seals import (
    ReportFormat,
    SealError,
    canonical,
    check_seal,
    digest,
    is_signed,
    sealed,
    sign,
)

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
RECORD = digest({"task": "Ticket triage"})
CONTENTS = {
    ReportFormat.HTML: b"<!doctype html><p>GO</p></html>",
    ReportFormat.PDF: b"%PDF-1.7\n...\n%%EOF\n",
    ReportFormat.MARKDOWN: "# Ärger: GO\n".encode(),
    ReportFormat.JSON: b'{"task": "Ticket triage", "rate": 0.9}',
    ReportFormat.CSV: b'part,name,value\ncandidate,"a, b",1\n',
}
ALL = pytest.mark.parametrize("kind", list(ReportFormat))


def file_of(kind, content=None, key=KEY):
    return sealed(content or CONTENTS[kind], kind, record_sha256=RECORD, key=key)


@ALL
def test_a_sealed_file_is_genuine_and_names_its_record_and_key(kind):
    check = check_seal(file_of(kind), kind)
    assert check.is_genuine
    assert check.seal.record_sha256 == RECORD
    assert len(check.seal.key_id) == 64
    assert check.seal.key_id != check_seal(file_of(kind, key=OTHER), kind).seal.key_id


@ALL
@given(st.data())
def test_no_byte_of_a_sealed_file_can_be_changed(kind, data):
    file = bytearray(file_of(kind))
    place = data.draw(st.integers(0, len(file) - 1))
    file[place] ^= 1 << data.draw(st.integers(0, 6))
    if kind is ReportFormat.JSON and _same_values(bytes(file), file_of(kind)):
        return  # white space between values says nothing
    assert not _is_genuine(bytes(file), kind)


def _same_values(one, other):
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def _is_genuine(file, kind):
    try:
        return check_seal(file, kind).is_genuine
    except SealError:
        return False


@ALL
def test_what_is_added_behind_a_seal_breaks_it(kind):
    assert not _is_genuine(file_of(kind) + b"and more\n", kind)


@ALL
def test_a_file_without_a_seal_is_told_from_a_forged_one(kind):
    with pytest.raises(SealError, match="no seal"):
        check_seal(CONTENTS[kind], kind)


@ALL
def test_a_seal_of_one_file_does_not_fit_another(kind):
    other = CONTENTS[kind].replace(b"GO", b"NO").replace(b"9", b"8").replace(b"1", b"2")
    other = other.replace(b"...", b"___")
    if kind is ReportFormat.JSON:
        moved = {**json.loads(other), "seal": json.loads(file_of(kind))["seal"]}
        assert not check_seal(json.dumps(moved).encode(), kind).is_content_whole
        return
    whole, part = file_of(kind), CONTENTS[kind]
    check = check_seal(other + whole[len(part) :], kind)
    assert (check.is_content_whole, check.is_signature_valid) == (False, True)


def test_a_seal_signed_with_another_key_under_the_first_ones_name_is_no_signature():
    file = json.loads(file_of(ReportFormat.JSON, key=OTHER))
    file["seal"]["public_key"] = json.loads(file_of(ReportFormat.JSON))["seal"]["public_key"]
    assert not check_seal(json.dumps(file).encode(), ReportFormat.JSON).is_signature_valid


def test_json_may_be_laid_out_anew():
    file = json.dumps(json.loads(file_of(ReportFormat.JSON)), sort_keys=True).encode()
    assert check_seal(file, ReportFormat.JSON).is_genuine


def test_a_sealed_document_is_not_sealed_again():
    with pytest.raises(SealError, match="already"):
        file_of(ReportFormat.JSON, file_of(ReportFormat.JSON))


def test_equal_values_have_equal_bytes_and_hashes():
    assert canonical({"b": 1, "a": "ä"}) == '{"a":"ä","b":1}'.encode()
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})


def test_a_signature_holds_for_its_message_alone():
    public = check_seal(file_of(ReportFormat.CSV), ReportFormat.CSV).seal.public_key
    signature = sign(b"one", KEY)
    assert is_signed(b"one", signature=signature, public_key=public)
    assert not is_signed(b"two", signature=signature, public_key=public)
    assert not is_signed(b"one", signature="???", public_key=public)
