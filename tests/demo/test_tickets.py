import re
from hashlib import sha256
from pathlib import Path

from evals.demo import tickets
from evals.demo.phrases import WORDING

MODELS = Path(tickets.__file__).parent / "models"


def test_five_hundred_tickets_are_held_out_and_no_text_comes_twice():
    texts = {ticket.text for ticket in tickets.held_out_tickets()}
    assert len(texts) == 500


def test_no_training_ticket_is_held_out_even_with_other_seeds():
    held_out = {ticket.text for ticket in tickets.held_out_tickets(2_000, seed=1)}
    training = {ticket.text for ticket in tickets.training_tickets(5_000, seed=1)}
    assert len(training) == 5_000
    assert held_out.isdisjoint(training)


def test_the_same_seed_gives_the_same_tickets_and_another_seed_others():
    assert tickets.held_out_tickets(50) == tickets.held_out_tickets(50)
    assert tickets.held_out_tickets(50) != tickets.held_out_tickets(50, seed=1)


def test_fewer_tickets_are_the_first_of_many():
    assert tickets.held_out_tickets(10) == tickets.held_out_tickets(100)[:10]


def test_every_queue_channel_and_style_has_enough_rows_to_judge():
    held_out = tickets.held_out_tickets()
    for column, names in (
        ("queue", tickets.QUEUES),
        ("channel", tickets.CHANNELS),
        ("style", tickets.STYLES),
    ):
        values = [ticket.row()[column] for ticket in held_out]
        assert set(values) == set(names)
        assert min(values.count(name) for name in names) >= 60


def test_a_row_has_the_columns_of_the_demo_file():
    row = tickets.held_out_tickets(1)[0].row()
    assert list(row) == ["id", "text", "queue", "channel", "style"]


def test_no_slot_is_left_unfilled():
    assert not [t.text for t in tickets.held_out_tickets() if "{" in t.text or "  " in t.text]


def test_unseen_problems_stay_out_of_training():
    fixed = {
        problem for wording in WORDING.values() for problem in wording.unseen if "{" not in problem
    }
    texts = " ".join(ticket.text for ticket in tickets.training_tickets(5_000))
    assert fixed
    assert not [problem for problem in fixed if problem in texts]


def test_the_card_gives_the_hashes_of_the_committed_routers():
    card = (MODELS / "README.md").read_text()
    stated = dict(re.findall(r"^\| `(.+?\.gguf)` .*`([0-9a-f]{64})` \|$", card, re.MULTILINE))
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in MODELS.glob("*.gguf")}
    assert stated == found
    assert set(found) == {"ticket-router-1m.gguf", "ticket-router-1m-early.gguf"}
