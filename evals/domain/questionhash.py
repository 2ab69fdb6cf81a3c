"""What makes two questions the same question: every word that the model is shown."""

import hashlib
import json
from uuid import UUID

from evals.domain.trials import Question

BYTES = 16


def question_hash(question: Question, *, model: str = "") -> UUID:
    """Return 128 bits of blake2b over system prompt and prompt, equal for equal questions.

    `model` tells apart models that go by one name, such as a file that was trained anew.
    """
    # JSON keeps the parts apart, and no system prompt from an empty one; it takes any text.
    text = json.dumps([model, question.system, question.prompt])
    return UUID(bytes=hashlib.blake2b(text.encode(), digest_size=BYTES).digest())
