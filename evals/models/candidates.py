"""Model x Endpoint x Harness, and the secrets and recorded answers that endpoints need."""

from django.db import models
from django.db.models import Q

from evals.domain.specs import EndpointKind


class Model(models.Model):
    """A release. Null is unknown."""

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="models")
    identifier = models.CharField(max_length=300)
    revision = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null is unknown
    lab = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null is unknown
    licence = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null is unknown
    is_open = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "identifier", "revision", "is_open"],
                name="model_once_per_revision",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.identifier


class Secret(models.Model):
    """An API key at rest. Shown to nobody again; only workers decrypt it."""

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=120)
    ciphertext = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    rotated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="secret_once_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Endpoint(models.Model):
    """How a model is served. `settings` holds what its kind needs, never a key.

    `identity` is the hash of kind and settings, and of a recorded file's content.
    """

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="endpoints")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    pool = models.CharField(max_length=60, default="default")
    settings = models.JSONField(default=dict)
    secret = models.ForeignKey(Secret, on_delete=models.RESTRICT, null=True, related_name="+")
    identity = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "identity"], name="endpoint_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in EndpointKind]), name="endpoint_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RecordedAnswerRow(models.Model):
    """One answer of a recorded endpoint, found by the hash of its key."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="answers")
    key_hash = models.CharField(max_length=64)
    output = models.TextField()
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    latency_seconds = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "key_hash"], name="answer_once_per_key"),
        ]

    def __str__(self) -> str:
        return f"answer {self.key_hash[:8]} of {self.endpoint_id}"


class Harness(models.Model):
    """How a model is asked. Never changed once written."""

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="harnesses")
    identity = models.CharField(max_length=64)
    prompt = models.TextField()
    system = models.TextField(null=True)  # noqa: DJ001 - null: no system prompt at all
    decoding = models.JSONField()  # max_tokens, temperature, top_p, stop, seed
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "identity"], name="harness_once"),
        ]

    def __str__(self) -> str:
        return self.prompt[:60]


class Candidate(models.Model):
    """What can be evaluated for a task. Never changed: an edit archives it and makes another."""

    task = models.ForeignKey("Task", on_delete=models.CASCADE, related_name="candidates")
    name = models.CharField(max_length=200)
    model = models.ForeignKey(Model, on_delete=models.RESTRICT, related_name="candidates")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.RESTRICT, related_name="candidates")
    harness = models.ForeignKey(Harness, on_delete=models.RESTRICT, related_name="candidates")
    price = models.JSONField(null=True)  # null: the cost is unknown
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "name"],
                condition=Q(archived_at__isnull=True),
                name="candidate_once_per_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ConnectionTest(models.Model):
    """One request to a candidate's endpoint, shown in full; what is stored holds no key."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="tests")
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)  # request, status, response, output, error, seconds

    def __str__(self) -> str:
        return f"test {self.pk} of {self.candidate_id}"
