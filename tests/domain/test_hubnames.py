"""Names of the hub: what it allows, and how a source is told."""

import pytest

from evals.domain.hubnames import (
    configuration_fault,
    hub_words,
    name_fault,
    revision_fault,
    split_fault,
)


@pytest.mark.parametrize("name", ["mteb/banking77", "squad", "a-b_c.d/E.f_1", "x" * 96])
def test_names_of_the_hub_pass(name):
    assert name_fault(name) == ""


@pytest.mark.parametrize(
    "name",
    ["", "a/b/c", "/etc", "../x", "a/../b", "a--b/c", "-a/b", "a/b.", "a/b.git", "http://x/y",
     "a b/c", "~/x", "a/b\n", "x" * 97],
)  # fmt: skip
def test_paths_and_addresses_are_no_names(name):
    assert name_fault(name)


def test_splits_are_whole():
    assert split_fault("test") == split_fault("validation_matched") == ""
    assert all(map(split_fault, ("", "test[:10]", "train+test", "../x")))


def test_configurations_and_revisions_may_be_left_out():
    assert configuration_fault("") == configuration_fault("en-US") == ""
    assert (
        revision_fault("") == revision_fault("refs/convert/parquet") == revision_fault("v1") == ""
    )
    assert all(map(configuration_fault, ("a/b", "a b", "x:y")))
    assert all(map(revision_fault, ("a..b", "-x", "a b", "a\n")))


def test_a_source_is_told_with_its_commit():
    words = hub_words({"name": "a/b", "split": "test", "configuration": "en", "revision": "v1"})
    assert words == "Hugging Face a/b, configuration en, split test, revision v1"
    words = hub_words({"name": "a/b", "split": "test", "revision": "main", "commit": "0f"})
    assert words == "Hugging Face a/b, split test, revision 0f"
