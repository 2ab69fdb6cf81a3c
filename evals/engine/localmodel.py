"""A model in this process: what is asked of lm-eval's backend, and what is made of its texts."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple


class LocalModelError(RuntimeError):
    """A model that cannot be had in this process, with the reason."""


class Generation(NamedTuple):
    """What the model made of one prompt.

    Tokens are counted by its own tokenizer; where it has none they are unknown, and so is why the
    text ended.
    """

    text: str
    input_tokens: int | None
    output_tokens: int | None
    finish_reason: str | None


class LocalBackend:
    """One of lm-eval's models; `request` makes lm-eval's value of a prompt and its settings.

    `takes_messages` says that prompts are given as chats whatever the tokenizer knows, `takes_seed`
    that a seed goes with each prompt.
    """

    def __init__(
        self,
        model: Any,
        *,
        request: Callable[[str, Mapping[str, Any]], Any],
        takes_messages: bool = False,
        takes_seed: bool = False,
    ) -> None:
        self._model = model
        self._request = request
        self._takes_messages = takes_messages
        self._takes_seed = takes_seed

    def generate(  # noqa: PLR0913 - one argument for each thing that a harness fixes
        self,
        prompts: Sequence[str],
        *,
        max_tokens: int,
        temperature: float | None = 0.0,
        top_p: float | None = None,
        stop: Sequence[str] = (),
        seed: int | None = None,
        systems: Sequence[str | None] = (),
    ) -> list[Generation]:
        """Return one generation per prompt, in order.

        Where the tokenizer has a chat template it is applied to the system prompt and the
        prompt; else they are joined by a line break. A text that was cut at `max_tokens` has the
        finish reason `length`. Greedy at temperature 0 or None; `seed` is for sampling.
        """
        texts = [
            self._context(prompt, system)
            for prompt, system in zip(prompts, systems or [None] * len(prompts), strict=True)
        ]
        settings = _settings(max_tokens, temperature or 0.0, top_p, stop)
        if seed is not None and settings["do_sample"]:
            self._seed(seed, settings)
        requests = [self._request(text, settings) for text in texts]
        made = self._model.generate_until(requests, disable_tqdm=True)
        return [
            self._generation(context, text, max_tokens)
            for context, text in zip(texts, made, strict=True)
        ]

    def _seed(self, seed: int, settings: dict[str, Any]) -> None:
        if self._takes_seed:
            settings["seed"] = seed
        else:
            _seed_torch(seed)

    def _context(self, prompt: str, system: str | None) -> Any:
        has_template = getattr(_tokenizer(self._model), "chat_template", None)
        if not self._takes_messages and not has_template:
            return prompt if system is None else f"{system}\n{prompt}"
        messages = [{"role": "user", "content": prompt}]
        if system is not None:
            messages.insert(0, {"role": "system", "content": system})
        return self._model.apply_chat_template(messages)

    def _generation(self, context: Any, text: Any, max_tokens: int) -> Generation:
        text = text if isinstance(text, str) else ""
        if not isinstance(context, str) or not _has_tokenizer(self._model):
            return Generation(text, None, None, None)
        made = len(self._model.tok_encode(text, add_special_tokens=False))
        return Generation(
            text=text,
            input_tokens=len(self._model.tok_encode(context)),
            output_tokens=made,
            finish_reason="length" if made >= max_tokens else "stop",
        )


def known_arguments(maker: type, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `wanted` that a class or one of its parents names, without the unknown.

    lm-eval's backends hand what they do not know to their parents, and take an odd name in silence.
    """
    makers = [vars(each).get("__init__") for each in maker.__mro__]
    named = {name for make in makers if make for name in inspect.signature(make).parameters}
    return {name: value for name, value in wanted.items() if name in named and value is not None}


def _has_tokenizer(model: Any) -> bool:
    return hasattr(model, "tok_encode") and _tokenizer(model) is not None


def _tokenizer(model: Any) -> Any:
    """Return the model's tokenizer; some backends only find out now that they have none."""
    try:
        return getattr(model, "tokenizer", None)
    except (ImportError, OSError):
        return None


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
