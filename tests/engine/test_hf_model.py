"""Real generation through lm-eval's own backend; needs the extra `hf` (torch, transformers)."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the extra hf (torch) is not installed")
pytest.importorskip("transformers", reason="the extra hf (transformers) is not installed")

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from evals.engine.harness import local_backend
from evals.engine.localmodel import LocalBackend, LocalModelError

WORDS = (
    "<eos>",
    "<unk>",
    "label",
    "this",
    "bank",
    "message",
    "card",
    "refund",
    "[u]",
    "[s]",
    "[a]",
)
TEMPLATE = (
    "{% for m in messages %}{{ '[s] ' if m.role == 'system' else '[u] ' }}{{ m.content }} "
    "{% endfor %}{% if add_generation_prompt %}[a]{% endif %}"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return the folder of a tiny Llama with random weights and a tokenizer of whole words."""
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        eos_token_id=0,
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    places = {word: place for place, word in enumerate(WORDS)}
    words = models.WordLevel(places, unk_token="<unk>")  # noqa: S106 - no secret
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks: Any = {"eos_token": "<eos>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks).save_pretrained(folder)
    return folder


def backend(folder: Path, batch_size: int = 2) -> LocalBackend:
    return local_backend(
        kind="hf", model_id=str(folder), revision=None, device="cpu", batch_size=batch_size
    )


PROMPTS = ("label this", "label this bank message", "card", "refund card")


def test_every_prompt_gets_its_own_text_in_order_whatever_the_batch(model):
    together = backend(model).generate(PROMPTS, max_tokens=5)
    alone = backend(model, batch_size=1)
    assert together == [alone.generate([prompt], max_tokens=5)[0] for prompt in PROMPTS]
    assert [made.input_tokens for made in together] == [2, 4, 1, 2]


def test_a_text_cut_at_the_limit_says_so(model):
    (made,) = backend(model).generate(["label this"], max_tokens=3)
    assert (made.output_tokens or 0) <= 3
    assert made.finish_reason == ("length" if made.output_tokens == 3 else "stop")


def test_a_stop_text_ends_the_answer(model):
    (whole,) = backend(model).generate(["label this"], max_tokens=8)
    stop = whole.text.split()[1]
    (cut,) = backend(model).generate(["label this"], max_tokens=8, stop=(stop,))
    assert stop not in cut.text
    assert whole.text.startswith(cut.text)
    assert cut.finish_reason == "stop"


def test_sampling_repeats_with_its_seed(model):
    hot: Any = {"max_tokens": 8, "temperature": 5.0, "top_p": 0.95}
    loaded = backend(model)
    first, again, other = (loaded.generate(PROMPTS, **hot, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_system_prompt_comes_first(model):
    loaded = backend(model)
    joined = loaded.generate(["bank\ncard"], max_tokens=4)
    assert loaded.generate(["card"], systems=["bank"], max_tokens=4) == joined


def test_a_chat_template_is_applied(model):
    loaded = backend(model)
    plain = loaded.generate(["[s] bank [u] card [a]", "[u] card [a]"], max_tokens=4)
    loaded._model.tokenizer.chat_template = TEMPLATE  # noqa: SLF001
    assert loaded.generate(["card", "card"], systems=["bank", None], max_tokens=4) == plain


def test_a_model_that_is_not_there_says_so(tmp_path):
    with pytest.raises(LocalModelError, match=r"cannot load '.*' on cpu: "):
        backend(tmp_path)
