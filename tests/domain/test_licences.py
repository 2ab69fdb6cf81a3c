"""Which licences are open, what fits what, and what the others ask."""

import pytest

from evals.domain.licences import ContentType, LicenceFlag, counts_as_open, fits, licence_called

OPEN = """
CC0-1.0 CC-BY-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-1.0 CC-BY-SA-2.0 CC-BY-SA-2.5
CC-BY-SA-3.0 CC-BY-SA-4.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 CDLA-Sharing-1.0 PDDL-1.0
ODC-PDDL-1.0 ODC-By-1.0 ODbL-1.0 GFDL-1.3 OGL-Canada-2.0 OGL-UK-2.0 OGL-UK-3.0 OpenMDW-1.0
Apache-2.0 MIT BSD-3-Clause GPL-3.0 MPL-2.0 Apache-1.0 StandardML-NJ
"""
NOT_OPEN = ["CC-BY-NC-4.0", "CC-BY-ND-4.0", "BUSL-1.1", "Llama 3 Community License", "gemma",
            "MIT license", "apache-2.0", "BSD-3", "", "unlicensed", "C-UDA-1.0"]  # fmt: skip


@pytest.mark.parametrize("identifier", OPEN.split())
def test_an_open_licence_counts(identifier):
    assert counts_as_open(identifier)


@pytest.mark.parametrize("written", NOT_OPEN)
def test_anything_else_does_not_count_not_even_an_open_one_spelt_otherwise(written):
    assert not counts_as_open(written)


@pytest.mark.parametrize(
    ("content", "identifiers", "others"),
    [
        (ContentType.CODE, "0BSD AFL-3.0 Apache-2.0 ECL-2.0 ISC MIT MulanPSL-2.0", "CC-BY-4.0"),
        (ContentType.DATA, "CDLA-Permissive-2.0 C-UDA-1.0 CC-PDDC CC0-1.0 PDDL-1.0", "MIT"),
        (ContentType.DOCUMENT, "CC-BY-4.0 CC-BY-SA-3.0 FreeBSD-DOC CC0-1.0 Apache-2.0", "MIT"),
    ],
)  # fmt: skip
def test_a_licence_fits_what_it_was_made_for(content, identifiers, others):
    assert all(fits(each, content) for each in [*identifiers.split(), "OpenMDW-1.0"])
    assert not any(fits(each, content) for each in others.split())


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("Apache 2", "Apache-2.0"),
        ("MIT license", "MIT"),
        ("BSD-3", "BSD-3-Clause"),
        ("cc-by-4.0", "CC-BY-4.0"),
        ("openmdw-1.0", "OpenMDW-1.0"),
        ("GNU General Public License v3.0 only", "GPL-3.0-only"),
    ],
)
def test_a_licence_is_known_however_people_spell_it(written, name):
    licence = licence_called(written)
    assert (licence.name, licence.is_open, licence.flags) == (name, True, ())


@pytest.mark.parametrize(
    ("written", "flags"),
    [
        ("llama3", {"ACCEPTABLE_USE", "USER_CAP", "OUTPUT_TRAINING"}),
        ("Llama 3 Community License", {"ACCEPTABLE_USE", "USER_CAP", "OUTPUT_TRAINING"}),
        ("llama4", {"ACCEPTABLE_USE", "USER_CAP", "OUTPUT_TRAINING", "GEOGRAPHY"}),
        ("gemma", {"ACCEPTABLE_USE", "OUTPUT_TRAINING", "REVOCABLE"}),
        ("DeepSeek License Agreement", {"ACCEPTABLE_USE", "REVOCABLE"}),
        ("cc-by-nc-4.0", {"FIELD_OF_USE"}),
        ("Mistral AI Research License", {"FIELD_OF_USE"}),
        ("bigscience-bloom-rail-1.0", {"ACCEPTABLE_USE", "REVOCABLE"}),
    ],
)
def test_a_restricted_licence_says_what_it_asks_for(written, flags):
    licence = licence_called(written)
    assert licence.is_open is False
    assert {flag.name for flag in licence.flags} == flags


@pytest.mark.parametrize(
    ("written", "use", "changes"),
    [
        ("Apache-2.0", True, True),
        ("gemma", True, True),
        ("CC-BY-NC-4.0", False, False),
        ("CC-BY-ND-4.0", True, False),
        ("Proprietary", False, False),
        ("House rules of Example", None, None),
        ("BUSL-1.1", None, None),
    ],
)
def test_what_a_licence_permits_is_told_or_unknown(written, use, changes):
    licence = licence_called(written)
    assert (licence.permits_use, licence.permits_changes) == (use, changes)


def test_of_several_licences_every_term_holds():
    licence = licence_called("MIT AND gemma")
    assert licence.is_open is False
    assert LicenceFlag.REVOCABLE in licence.flags
    assert licence_called("MIT AND House rules").is_open is None
