from evals.engine.localmodel import known_arguments


class Parent:
    def __init__(self, pretrained: str, revision: str = "main", **_: object) -> None:
        self.made = (pretrained, revision)


class Child(Parent):
    def __init__(self, batch_size: int = 1, **more: str) -> None:
        super().__init__(**more)
        self.batch_size = batch_size


def test_what_a_class_or_its_parents_name_is_handed_over():
    wanted = {"pretrained": "a", "model": "a", "batch_size": 2, "revision": None}
    assert known_arguments(Child, wanted) == {"pretrained": "a", "batch_size": 2}
