"""Facts on models as YAML and JSON, and back."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.modelfacts import (
    Component,
    Host,
    LicenceKind,
    ModelFacts,
    Source,
    TeamEvidence,
)
from evals.domain.modelfactsreading import facts_from, facts_mapping, read_catalogue
from evals.domain.specproblems import SpecError

WHOLE = ModelFacts(
    identifier="lab/m",
    name="m",
    developer="Lab",
    jurisdiction="NO",
    is_open=False,
    licences=((LicenceKind.DISTRIBUTION, "Apache-2.0"), (LicenceKind.DATA, "ODC-By-1.0")),
    components=(Component(name="Datasets"), Component(name="Model card", licence="")),
    hosts=(Host(name="Lab", jurisdiction="NO"), Host(name="Router", is_gateway=True)),
    released_on=date(2026, 1, 2),
    retires_on=date(2027, 1, 2),
    notice_days=0,
    has_version_pin=False,
    is_fine_tunable=True,
    has_tokenizer=False,
    log_retention_days=30,
    parameters_billion=Decimal("7.24"),
    active_parameters_billion=Decimal("1.3"),
    layers=32,
    kv_heads=8,
    head_dim=128,
    evidence=(TeamEvidence(part="weights", mirror_sha256="0" * 64, tested_on=date(2026, 3, 4)),),
    sources=(Source(url="https://example.com", opened_on=date(2026, 1, 3), says="a card"),),
    noted_on=date(2026, 1, 3),
)
CATALOGUE = """\
- identifier: allenai/OLMo-2-1124-7B
  name: OLMo 2 7B
  jurisdiction: US
  is_open: true
  licences: {distribution: Apache-2.0, data: ODC-By-1.0}
  components:
    - {name: Datasets}
    - {name: Research paper, licence: CC-BY-4.0}
  hosts:
    - {name: Example, jurisdiction: NO, is_gateway: true}
  retires_on: 2027-05-01
  parameters_billion: 7.3
  sources:
    - {url: 'https://example.com', opened_on: 2026-11-01, says: the card}
- {identifier: closed, name: Closed, hosts: [], components: }
"""


def test_what_is_written_is_read_back():
    assert facts_from(facts_mapping(WHOLE)) == WHOLE


@given(st.sampled_from([field for field in facts_mapping(WHOLE) if field not in {"identifier", "name"}]))  # noqa: E501  # fmt: skip
def test_what_is_left_out_is_unknown_and_stays_so(field):
    mapping = {name: said for name, said in facts_mapping(WHOLE).items() if name != field}
    assert facts_mapping(facts_from(mapping)) == mapping


def test_no_component_and_no_host_are_other_things_than_unknown_ones():
    none = ModelFacts(identifier="m", name="m", components=(), hosts=())
    assert facts_from(facts_mapping(none)) == none
    assert facts_from({"identifier": "m", "name": "m"}).hosts is None


def test_a_catalogue_is_read():
    olmo, closed = read_catalogue(CATALOGUE, file="models.yaml")
    assert olmo.licences[1] == (LicenceKind.DATA, "ODC-By-1.0")
    assert olmo.hosts == (Host(name="Example", jurisdiction="NO", is_gateway=True),)
    assert (olmo.retires_on, olmo.parameters_billion) == (date(2027, 5, 1), Decimal("7.3"))
    assert (closed.hosts, closed.components) == ((), None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  retires_on: soon", "found 'soon', expected a day, as in 2026-12-31"),
        ("  jurisdiction: Norway", "expected a country's two letters, as in US"),
        ("  licences: {weights: MIT}", "unknown key 'weights'"),
        ("  developers: Lab", "unknown key 'developers', expected one of"),
        ("  components: [{licence: MIT}]", "required key 'name' is missing"),
        ("  is_open: maybe", "expected true or false"),
        ("  notice_days: -1", "found -1, expected a whole number"),
        ("  parameters_billion: 0", "expected a number above 0"),
        ("  hosts: Example", "found 'Example', expected a list"),
        ("  evidence: [{part: soul}]", "found 'soul', expected one of weights"),
        ("  evidence: [{part: data, mirror_sha256: abc}]", "expected a SHA-256"),
        ("  sources: [{url: x}]", "required key 'opened_on' is missing"),
    ],
)
def test_what_is_wrong_is_told_with_line_place_found_and_expected(line, said):
    with pytest.raises(SpecError) as refused:
        read_catalogue(f"- identifier: lab/m\n  name: m\n{line}\n", file="models.yaml")
    assert str(refused.value).startswith("models.yaml:3: ")
    assert said in str(refused.value)


def test_every_problem_is_told_at_once_and_a_model_is_there_once():
    text = "- {identifier: a, name: ''}\n- {identifier: A, name: b, layers: x}\n"
    with pytest.raises(SpecError) as refused:
        read_catalogue(text, file="models.yaml")
    assert len(refused.value.problems) == 3
    assert "found 'A' twice" in str(refused.value)
