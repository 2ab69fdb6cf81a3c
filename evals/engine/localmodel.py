"""A model in this process: what is asked of lm-eval's backend, and what is made of its texts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple


class LocalModelError(RuntimeError):
    """A model that cannot be had in this process, with the reason."""


class Generation(NamedTuple):
    """What the model made of one prompt. Tokens are counted by its own tokenizer."""

    text: str
    input_tokens: int
    output_tokens: int
    finish_reason: str


class LocalBackend:
    """One of lm-eval's models; `request` makes lm-eval's value of a prompt and its settings."""

    def __init__(self, model: Any, *, request: Callable[[str, Mapping[str, Any]], Any]) -> None:
        self._model = model
        self._request = request

    def generate(  # noqa: PLR0913 - one argument for each thing that a harness fixes
        self,
        prompts: Sequence[str],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        top_p: float | None = None,
        stop: Sequence[str] = (),
        seed: int | None = None,
        systems: Sequence[str | None] = (),
    ) -> list[Generation]:
        """Return one generation per prompt, in order.

        Where the tokenizer has a chat template it is applied to the system prompt and the
        prompt; else they are joined by a line break. A text that was cut at `max_tokens` has the
        finish reason `length`. Greedy at temperature 0; `seed` seeds torch for sampling.
        """
        texts = [
            self._context(prompt, system)
            for prompt, system in zip(prompts, systems or [None] * len(prompts), strict=True)
        ]
        settings = _settings(max_tokens, temperature, top_p, stop)
        if seed is not None and settings["do_sample"]:
            _seed_torch(seed)
        requests = [self._request(text, settings) for text in texts]
        made = self._model.generate_until(requests, disable_tqdm=True)
        return [
            self._generation(context, text, max_tokens)
            for context, text in zip(texts, made, strict=True)
        ]

    def _context(self, prompt: str, system: str | None) -> str:
        if not getattr(self._model.tokenizer, "chat_template", None):
            return prompt if system is None else f"{system}\n{prompt}"
        messages = [{"role": "user", "content": prompt}]
        if system is not None:
            messages.insert(0, {"role": "system", "content": system})
        return str(self._model.apply_chat_template(messages))

    def _generation(self, context: str, text: str, max_tokens: int) -> Generation:
        made = len(self._model.tok_encode(text, add_special_tokens=False))
        return Generation(
            text=text,
            input_tokens=len(self._model.tok_encode(context)),
            output_tokens=made,
            finish_reason="length" if made >= max_tokens else "stop",
        )


def _settings(
    max_tokens: int, temperature: float, top_p: float | None, stop: Sequence[str]
) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "until": list(stop),
        "max_gen_toks": max_tokens,
        "temperature": temperature,
        "do_sample": temperature > 0,
    }
    return settings if top_p is None else {**settings, "top_p": top_p}


def _seed_torch(seed: int) -> None:
    import torch  # noqa: PLC0415 - an extra, and there by now

    torch.manual_seed(seed)
