"""Which samples a plan asks about, and in which order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.order import (
    asked_count,
    asking_order,
    cluster_numbers,
    clustered_order,
    shuffled_order,
)
from evals.domain.specs import PlanSpec

CLUSTERS = st.lists(st.integers(0, 6), max_size=40)


@pytest.mark.parametrize(
    ("most", "skipped", "count"),
    [(None, 0, 10), (4, 0, 4), (40, 0, 10), (None, 7, 3), (4, 7, 3), (2, 7, 2), (None, 10, 0)],
)
def test_a_plan_asks_about_what_it_does_not_skip(most, skipped, count):
    assert asked_count(10, PlanSpec(max_samples=most, skip_samples=skipped)) == count


@given(st.integers(1, 60), st.integers(0, 70), st.integers(0, 5))
def test_two_plans_share_the_order_and_no_sample(size, first, seed):
    used = asking_order(PlanSpec(seed=seed), size)[:first]
    plan = PlanSpec(seed=seed, skip_samples=first)
    rest = asking_order(plan, size)[: asked_count(size, plan)]
    assert used + rest == shuffled_order(size, seed=seed)


def test_what_is_skipped_stands_at_the_end():
    order = asking_order(PlanSpec(skip_samples=3), 8)
    assert order[-3:] == asking_order(PlanSpec(), 8)[:3]


@pytest.mark.parametrize("plan", [PlanSpec(stop_early=True, seed=3), PlanSpec(max_samples=5)])
def test_a_stop_rule_and_a_part_of_the_set_go_by_whole_clusters(plan):
    clusters = ["a", "b", None, "a", "b", None, "a"]
    order = asking_order(plan, 7, clusters)
    names = [clusters[position] or position for position in order]
    assert [n for i, n in enumerate(names) if i == 0 or names[i - 1] != n] == list(
        dict.fromkeys(names)
    )


def test_the_whole_set_at_a_fixed_n_needs_no_clusters():
    assert asking_order(PlanSpec(seed=3), 3, ["a", "b", "a"]) == shuffled_order(3, seed=3)


def test_a_sample_without_a_cluster_stands_for_itself():
    numbers = cluster_numbers(["a", None, "a", None])
    assert numbers[0] == numbers[2]
    assert len(set(numbers)) == 3


@given(CLUSTERS, st.integers(0, 5))
def test_a_clustered_order_holds_each_sample_once_and_each_cluster_together(clusters, seed):
    order = clustered_order(clusters, seed=seed)
    assert sorted(order) == list(range(len(clusters)))
    met = [clusters[position] for position in order]
    changes = sum(one != other for one, other in pairwise(met))
    assert changes == max(0, len(set(clusters)) - 1)


def test_a_cluster_that_is_cut_keeps_samples_that_were_drawn_and_not_its_first():
    first = [clustered_order([0] * 40, seed=seed)[0] for seed in range(400)]
    assert 17 < sum(first) / len(first) < 22


def test_without_shared_clusters_the_order_is_the_plain_one():
    assert clustered_order(range(50), seed=7) == shuffled_order(50, seed=7)


def test_small_clusters_do_not_come_first():
    """Where samples were shuffled one by one, the small clusters would be complete first."""
    clusters = [0] * 50 + list(range(1, 51))
    orders = (clustered_order(clusters, seed=seed) for seed in range(400))
    places = [next(n for n, p in enumerate(order) if clusters[p] == 0) for order in orders]
    assert 22 < sum(places) / len(places) < 28
