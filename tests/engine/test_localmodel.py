from typing import Any

import pytest

from evals.engine.localmodel import Generation, LocalBackend


class FakeTokenizer:
    chat_template: str | None = None


class FakeModel:
    """A model whose tokens are words and which repeats what it was given."""

    def __init__(self, chat_template: str | None = None) -> None:
        self.tokenizer = FakeTokenizer()
        self.tokenizer.chat_template = chat_template
        self.asked: list[Any] = []

    def generate_until(self, requests: list[Any], **_: bool) -> list[str]:
        self.asked = requests
        return [context.replace("\n", " ") for context, _ in requests]

    def tok_encode(self, text: str, **_: Any) -> list[str]:
        return text.split()

    def apply_chat_template(self, messages: list[dict[str, str]]) -> str:
        return " ".join(f"[{message['role']}] {message['content']}" for message in messages)


def backend(model: FakeModel) -> LocalBackend:
    return LocalBackend(model, request=lambda prompt, settings: (prompt, dict(settings)))


def test_each_prompt_gets_its_text_with_its_tokens():
    made = backend(FakeModel()).generate(["one two", "three"], max_tokens=2)
    assert made == [
        Generation("one two", input_tokens=2, output_tokens=2, finish_reason="length"),
        Generation("three", input_tokens=1, output_tokens=1, finish_reason="stop"),
    ]


def test_the_harness_is_said_in_lm_evals_words():
    model = FakeModel()
    backend(model).generate(["one"], max_tokens=9, temperature=0.5, top_p=0.9)
    assert model.asked == [
        (
            "one",
            {
                "until": [],
                "max_gen_toks": 9,
                "temperature": 0.5,
                "do_sample": True,
                "top_p": 0.9,
            },
        )
    ]


def test_greedy_decoding_is_said_as_such():
    model = FakeModel()
    backend(model).generate(["one"], max_tokens=9, stop=("\n\n",), seed=1)
    ((_, settings),) = model.asked
    assert settings == {
        "until": ["\n\n"],
        "max_gen_toks": 9,
        "temperature": 0.0,
        "do_sample": False,
    }


@pytest.mark.parametrize(
    ("chat_template", "system", "context"),
    [
        (None, None, "one"),
        (None, "be brief", "be brief\none"),
        ("any", None, "[user] one"),
        ("any", "be brief", "[system] be brief [user] one"),
    ],
)
def test_a_system_prompt_goes_where_the_tokenizer_has_it(chat_template, system, context):
    model = FakeModel(chat_template)
    backend(model).generate(["one"], systems=[system], max_tokens=9)
    assert model.asked[0][0] == context
