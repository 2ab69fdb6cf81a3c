"""Tables and their constraints, one-line properties at most. What is true lives here."""

from evals.models.audit import AuditEntry
from evals.models.bars import Criterion, QualityBar
from evals.models.candidates import (
    Candidate,
    ConnectionTest,
    Endpoint,
    Harness,
    Model,
    RecordedAnswerRow,
    Secret,
)
from evals.models.decisions import Decision, InstanceKey, Report, ShareLink
from evals.models.evalsets import EvalSet, EvalSetVersion, Sample, SampleWords, WordIndex
from evals.models.evaluations import Evaluation, Run, Shard
from evals.models.facts import CascadeReplay, ModelFactsRow, Scenario
from evals.models.prices import (
    CataloguePrice,
    EndpointPrice,
    HostingPlan,
    TeamHardware,
    ThroughputTest,
)
from evals.models.pumping import EndpointLimit, Worker
from evals.models.reviews import HumanScore, SavedView
from evals.models.tasks import ScorerSet, Task
from evals.models.teams import ApiToken, Membership, OneTimeLink, Role, Team, User
from evals.models.trials import Trial, TrialPack
from evals.models.uploads import Upload
from evals.models.verdicts import VerdictRow
from evals.models.versions import VersionChange, VersionCheck, VersionComparison

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Candidate",
    "CascadeReplay",
    "CataloguePrice",
    "ConnectionTest",
    "Criterion",
    "Decision",
    "Endpoint",
    "EndpointLimit",
    "EndpointPrice",
    "EvalSet",
    "EvalSetVersion",
    "Evaluation",
    "Harness",
    "HostingPlan",
    "HumanScore",
    "InstanceKey",
    "Membership",
    "Model",
    "ModelFactsRow",
    "OneTimeLink",
    "QualityBar",
    "RecordedAnswerRow",
    "Report",
    "Role",
    "Run",
    "Sample",
    "SampleWords",
    "SavedView",
    "Scenario",
    "ScorerSet",
    "Secret",
    "Shard",
    "ShareLink",
    "Task",
    "Team",
    "TeamHardware",
    "ThroughputTest",
    "Trial",
    "TrialPack",
    "Upload",
    "User",
    "VerdictRow",
    "VersionChange",
    "VersionCheck",
    "VersionComparison",
    "WordIndex",
    "Worker",
]
