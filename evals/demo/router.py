"""A Llama of about a million parameters, as functions over a dictionary of weights.

The weights carry the names that Hugging Face gives them, so a checkpoint is the dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Weights = dict[str, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of a router; the defaults make 0.98 million parameters."""

    vocabulary: int = 1024
    hidden: int = 128
    layers: int = 4
    heads: int = 4
    key_value_heads: int = 2
    feed_forward: int = 352
    context: int = 512
    rope_theta: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_size(self) -> int:
        """Return the width of one attention head."""
        return self.hidden // self.heads


def initial_weights(shape: Shape, *, seed: int) -> Weights:
    """Return fresh weights: norms at one, matrices drawn with deviation 0.02."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.ones(*size)
        if len(size) == 1
        else torch.randn(*size, generator=generator) * 0.02
        for name, size in _sizes(shape).items()
    }


def parameter_count(weights: Mapping[str, Tensor]) -> int:
    """Return how many numbers the weights hold; tied embeddings count once."""
    return sum(weight.numel() for weight in weights.values())


def next_token_scores(weights: Weights, shape: Shape, tokens: Tensor) -> Tensor:
    """Return scores of shape (batch, position, vocabulary) for the token after each position."""
    turns = _rotations(shape, tokens.shape[1])
    state = functional.embedding(tokens, weights["model.embed_tokens.weight"])
    for layer in range(shape.layers):
        part = {
            name.removeprefix(f"model.layers.{layer}."): weight
            for name, weight in weights.items()
            if name.startswith(f"model.layers.{layer}.")
        }
        state = state + _attention(part, shape, state, turns)
        state = state + _feed_forward(part, shape, state)
    state = _normalised(state, weights["model.norm.weight"], shape)
    return functional.linear(state, weights["lm_head.weight"])


def _sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    sizes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (shape.vocabulary, shape.hidden)
    }
    for layer in range(shape.layers):
        for name, size in _layer_sizes(shape).items():
            sizes[f"model.layers.{layer}.{name}.weight"] = size
    sizes["model.norm.weight"] = (shape.hidden,)
    sizes["lm_head.weight"] = (shape.vocabulary, shape.hidden)
    return sizes


def _layer_sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    narrow = shape.key_value_heads * shape.head_size
    return {
        "input_layernorm": (shape.hidden,),
        "self_attn.q_proj": (shape.hidden, shape.hidden),
        "self_attn.k_proj": (narrow, shape.hidden),
        "self_attn.v_proj": (narrow, shape.hidden),
        "self_attn.o_proj": (shape.hidden, shape.hidden),
        "post_attention_layernorm": (shape.hidden,),
        "mlp.gate_proj": (shape.feed_forward, shape.hidden),
        "mlp.up_proj": (shape.feed_forward, shape.hidden),
        "mlp.down_proj": (shape.hidden, shape.feed_forward),
    }


def _rotations(shape: Shape, length: int) -> tuple[Tensor, Tensor]:
    """Return cosines and sines of the rotary embedding, of shape (length, head size)."""
    exponents = torch.arange(0, shape.head_size, 2) / shape.head_size
    angles = torch.outer(torch.arange(length).float(), shape.rope_theta**-exponents)
    doubled = torch.cat((angles, angles), dim=-1)
    return doubled.cos(), doubled.sin()


def _rotated(heads: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    cosines, sines = turns
    first, second = heads.chunk(2, dim=-1)
    return heads * cosines + torch.cat((-second, first), dim=-1) * sines


def _attention(part: Weights, shape: Shape, state: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    state = _normalised(state, part["input_layernorm.weight"], shape)
    batch, length, _ = state.shape

    def heads(name: str) -> Tensor:
        projected = functional.linear(state, part[f"self_attn.{name}_proj.weight"])
        return projected.view(batch, length, -1, shape.head_size).transpose(1, 2)

    share = shape.heads // shape.key_value_heads
    mixed = functional.scaled_dot_product_attention(
        _rotated(heads("q"), turns),
        _rotated(heads("k"), turns).repeat_interleave(share, dim=1),
        heads("v").repeat_interleave(share, dim=1),
        is_causal=True,
    )
    joined = mixed.transpose(1, 2).reshape(batch, length, shape.hidden)
    return functional.linear(joined, part["self_attn.o_proj.weight"])


def _feed_forward(part: Weights, shape: Shape, state: Tensor) -> Tensor:
    state = _normalised(state, part["post_attention_layernorm.weight"], shape)
    gate = functional.silu(functional.linear(state, part["mlp.gate_proj.weight"]))
    up = functional.linear(state, part["mlp.up_proj.weight"])
    return functional.linear(gate * up, part["mlp.down_proj.weight"])


def _normalised(state: Tensor, weight: Tensor, shape: Shape) -> Tensor:
    return functional.rms_norm(state, (shape.hidden,), weight, shape.norm_epsilon)
