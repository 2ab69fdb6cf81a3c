"""Does it fit, and how fast can memory alone be: the vectors of the house methods."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.memoryneeds import (
    ModelSize,
    cache_bytes_per_token,
    decode_bound,
    memory_fit,
    memory_need,
    spread_tokens_per_second,
    weights_gb,
)

# Llama 3 8B: 32 layers, 8 key-value heads of 128.
SMALL = ModelSize(parameters_billion=Decimal("8.03"), layers=32, kv_heads=8, head_dim=128)


def test_weights_take_parameters_times_bits_over_eight():
    assert weights_gb(Decimal(70), 8) == 70
    assert weights_gb(Decimal(7), 4) == Decimal("3.5")


def test_a_token_takes_two_times_heads_times_width_times_layers_times_bytes():
    assert cache_bytes_per_token(SMALL) == 131_072


def test_reading_the_weights_bounds_decoding_as_in_the_vector():
    bound = decode_bound(Decimal(3350), weights_gb(Decimal(70), 8))
    assert bound == pytest.approx(Decimal("47.9"), abs=Decimal("0.05"))


@pytest.mark.parametrize(("link", "expected"), [("0.020", "9.1"), ("0.080", "3.45")])
def test_a_spread_over_a_network_is_as_slow_as_in_the_vectors(link, expected):
    found = spread_tokens_per_second(3, link_seconds=Decimal(link), compute=Decimal("0.050"))
    assert found == pytest.approx(Decimal(expected), abs=Decimal("0.01"))


def test_weights_and_cache_are_held_against_the_memory_of_a_replica():
    need = memory_need(SMALL, bits=8, context_tokens=4096, sequences=16)
    assert need is not None
    fit = memory_fit(need, gpu_memory_gb=Decimal(24), gpus=1)
    assert round(fit.need.total_gb, 1) == Decimal("16.6")
    assert fit.available_gb == 24
    assert fit.fits
    assert not fit.is_tight


def test_what_does_not_fit_says_how_many_gpus_would_hold_it():
    need = of_billion(70, bits=16)
    assert need is not None
    fit = memory_fit(need, gpu_memory_gb=Decimal(80), gpus=1)
    assert not fit.fits
    assert fit.gpus_needed == 2


def test_less_than_a_tenth_left_is_tight():
    need = of_billion(23, bits=8)
    assert need is not None
    assert memory_fit(need, gpu_memory_gb=Decimal(24), gpus=1).is_tight


def test_an_unknown_size_stays_unknown_and_an_unknown_shape_leaves_the_cache_unknown():
    assert memory_need(ModelSize(), bits=16, context_tokens=1, sequences=1) is None
    need = of_billion(1, bits=16)
    assert need is not None
    assert need.cache_gb is None


@pytest.mark.parametrize(("parameters", "bits"), [(0, 16), (7, 0), (-7, 16)])
def test_weights_of_nothing_are_refused(parameters, bits):
    with pytest.raises(ValueError, match="need parameters and bits above 0"):
        weights_gb(Decimal(parameters), bits)


@pytest.mark.parametrize(("bandwidth", "weights"), [(0, 7), (300, 0)])
def test_a_bound_without_bandwidth_or_weights_is_refused(bandwidth, weights):
    with pytest.raises(ValueError, match="need a bandwidth and weights above 0"):
        decode_bound(Decimal(bandwidth), Decimal(weights))


@pytest.mark.parametrize(("hops", "link", "compute"), [(0, 0, 0), (-1, 1, 3), (1, -1, 3)])
def test_a_network_in_which_nothing_takes_time_is_refused(hops, link, compute):
    with pytest.raises(ValueError, match="need hops and times"):
        spread_tokens_per_second(hops, link_seconds=Decimal(link), compute=Decimal(compute))


@given(st.integers(1, 128), st.integers(1, 200_000), st.integers(1, 512))
def test_so_many_gpus_hold_it_and_one_fewer_does_not(gigabytes, context, sequences):
    need = memory_need(SMALL, bits=16, context_tokens=context, sequences=sequences)
    assert need is not None
    needed = memory_fit(need, gpu_memory_gb=Decimal(gigabytes), gpus=1).gpus_needed
    assert memory_fit(need, gpu_memory_gb=Decimal(gigabytes), gpus=needed).fits
    if needed > 1:
        assert not memory_fit(need, gpu_memory_gb=Decimal(gigabytes), gpus=needed - 1).fits


def of_billion(parameters, *, bits):
    size = ModelSize(parameters_billion=Decimal(parameters))
    return memory_need(size, bits=bits, context_tokens=1, sequences=1)
