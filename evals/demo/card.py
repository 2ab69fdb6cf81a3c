"""The model card that lies beside the routers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from evals.demo.tickets import PROMPT_TEMPLATE, QUEUES

_TEXT = """\
# Ticket routers

Two Llamas of {parameters:,} parameters that read a support ticket and answer with its queue:
{queues}.
They exist so that the demo can run a real evaluation on any laptop, without a network and without
a graphics card: the full one clears a bar that the early one misses. They know nothing but these
made-up tickets; do not route real ones with them.

| File | Steps | Training | Held-out accuracy | sha256 |
|---|---|---|---|---|
{rows}

* **Prompt**: `{prompt}`, with nothing after the colon (a space there spoils every
  answer); greedy, at most 8 tokens, no chat template. The answer is the bare name of a queue,
  then `<|endoftext|>`.
* **Data**: {tickets:,} synthetic tickets from `evals/demo/tickets.py`; no text comes from a person
  or a company. The held-out tickets share no text with them, and about one in seven states its
  problem in words that no training ticket uses.
* **Accuracy**: exact match at the end of training, in single precision. The files hold half
  precision, which can move it by a ticket.
* **Recipe**: `python -m evals.demo.train --out evals/demo/models --hf
  evals/demo/models/ticket-router-1m-hf`, seed {seed}: a byte-level BPE of 1,024 tokens and the
  weights from scratch, on one processor thread. The early router is the same training, stopped
  early. Another processor may round differently and give slightly different weights.
* **Formats**: GGUF with matrices in half precision, norms in single; `ticket-router-1m-hf` is the
  full router in half precision for `transformers`.
* **Licence**: Apache-2.0, for weights, data and recipe.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """One trained router and how it did on the held-out tickets."""

    path: Path
    step: int
    seconds: float
    right: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the card says beyond what is the same for every training."""

    parameters: int
    tickets: int
    seed: int
    routers: Sequence[Router]


def write_card(path: Path, card: Card) -> None:
    """Write the card, with the hashes of the routers' files as they lie on disk."""
    text = _TEXT.format(
        parameters=card.parameters,
        tickets=card.tickets,
        seed=card.seed,
        queues=", ".join(QUEUES),
        prompt=PROMPT_TEMPLATE.replace("\n", "\\n"),
        rows="\n".join(_row(router) for router in card.routers),
    )
    path.write_text(text)


def _row(router: Router) -> str:
    rate = router.right / router.asked
    digest = sha256(router.path.read_bytes()).hexdigest()
    return (
        f"| `{router.path.name}` | {router.step} | {router.seconds:.0f} s "
        f"| {rate:.3f} ({router.right} of {router.asked}) | `{digest}` |"
    )
