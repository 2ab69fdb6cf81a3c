from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from evals.domain.order import clustered_order, shuffled_order
from evals.domain.prefix import complete_clusters, complete_prefix, complete_samples

CLUSTERS = st.lists(st.integers(0, 6), max_size=40)


def test_the_prefix_ends_at_the_first_place_that_is_missing():
    assert complete_prefix([2, 0, 1, 5, 4]) == 3
    assert complete_prefix([1, 2, 3]) == 0
    assert complete_prefix([]) == 0


def test_a_known_prefix_need_not_be_named_again():
    assert complete_prefix({7, 5, 6, 9}, start=5) == 8
    assert complete_prefix(frozenset({9}), start=5) == 5


@given(st.sets(st.integers(0, 30)))
def test_all_before_the_end_has_come_and_the_end_has_not(places):
    end = complete_prefix(places)
    assert set(range(end)) <= places
    assert end not in places


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_more_arrivals_never_shorten_the_prefix(first, more):
    before = complete_prefix(first)
    assert before <= complete_prefix(first | more, start=before) == complete_prefix(first | more)


def test_a_sample_counts_when_all_its_epochs_have_come():
    assert [complete_samples(prefix, epochs=3) for prefix in (0, 2, 3, 5, 6)] == [0, 0, 1, 1, 2]


def test_a_cluster_counts_when_all_its_samples_have_come():
    assert [complete_clusters(prefix, [2, 1, 3]) for prefix in (0, 1, 2, 3, 5, 6)] == [
        0, 0, 1, 2, 2, 3,
    ]  # fmt: skip


@given(CLUSTERS, st.integers(0, 5))
def test_a_clustered_order_holds_each_sample_once_and_each_cluster_together(clusters, seed):
    order = clustered_order(clusters, seed=seed)
    assert sorted(order) == list(range(len(clusters)))
    met = [clusters[position] for position in order]
    changes = sum(one != other for one, other in pairwise(met))
    assert changes == max(0, len(set(clusters)) - 1)


def test_without_shared_clusters_the_order_is_the_plain_one():
    assert clustered_order(range(50), seed=7) == shuffled_order(50, seed=7)


def test_small_clusters_do_not_come_first():
    """Where samples were shuffled one by one, the small clusters would be complete first."""
    clusters = [0] * 50 + list(range(1, 51))
    places = [clustered_order(clusters, seed=seed).index(0) for seed in range(400)]
    assert 22 < sum(places) / len(places) < 28
