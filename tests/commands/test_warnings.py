"""What the command line warns of before it asks, and goes on."""

import pytest

from tests.commands.test_bad_input import SLICED

pytestmark = pytest.mark.django_db(transaction=True)


def test_too_few_samples_to_prove_a_bar_are_a_warning(desk):
    desk.spec["bar"] = [{"metric": "exact_match", "at_least": 0.99}]
    ended = desk.evaluate()
    assert ended.status == 2
    assert (
        "warning: exact match ≥ 0.99: 60 samples cannot prove it. Flawless answers would take 299."
    ) in ended.err


def test_a_bar_that_can_be_proved_is_no_warning(desk):
    ended = desk.evaluate()
    assert ended.status == 0
    assert "warning" not in ended.err


def test_too_few_samples_of_a_slice_are_a_warning(desk):
    desk.write("rows.csv", SLICED)
    desk.spec["eval_set"]["slices"] = ["channel"]
    criterion = {"metric": "exact_match", "slice": {"channel": "mail"}, "at_least": 0.8}
    desk.spec["bar"].append(criterion)
    ended = desk.evaluate()
    assert "exact match ≥ 0.8 where channel is mail: 3 samples cannot prove it" in ended.err
    assert "would take 14" in ended.err
