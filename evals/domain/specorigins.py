"""Where a spec comes from, which decides what it may reach."""

from collections.abc import Collection, Iterator
from enum import StrEnum

from evals.domain.specendpoints import names_local_model
from evals.domain.specproblems import Path, SpecProblem
from evals.domain.specs import CandidateSpec, EndpointKind, Spec

_ON_COMMAND_LINE = "is for specs on the command line"


class SpecOrigin(StrEnum):
    """Who hands a spec over."""

    COMMAND_LINE = "command line"  # may read this machine's files and environment
    BROWSER = "browser"  # browser and API: stored secrets and uploaded files instead
    STORED = "stored"  # was checked when it was stored


def check_remote_limits(spec: Spec, *, uploads: Collection[str] = ()) -> tuple[SpecProblem, ...]:
    """Return what a spec that comes through the browser or the API may not say.

    Args:
        spec: A spec that `read_spec` returned or a form made.
        uploads: Names of uploaded files; no other file may be named.
    """
    problems = origin_problems(spec, SpecOrigin.BROWSER, uploads=uploads)
    return tuple(SpecProblem(path=path, message=message) for path, message in problems)


def origin_problems(
    spec: Spec, origin: SpecOrigin, *, uploads: Collection[str]
) -> Iterator[tuple[Path, str]]:
    """Yield what a spec from `origin` may not say, with where it says so."""
    if origin is SpecOrigin.COMMAND_LINE:
        yield from _stored_secrets(spec)
    elif origin is SpecOrigin.BROWSER:
        yield from _file_problems(spec.eval_set.file, ("eval_set", "file"), uploads)
        yield from _lm_eval_arguments(spec)
        for index, candidate in enumerate(spec.candidates):
            yield from _local_reach(candidate, ("candidates", index), uploads)


def _stored_secrets(spec: Spec) -> Iterator[tuple[Path, str]]:
    for index, candidate in enumerate(spec.candidates):
        if candidate.endpoint.secret is not None:
            message = "a stored secret is for the browser and the API, expected api_key_env"
            yield ("candidates", index, "endpoint", "secret"), message


def _lm_eval_arguments(spec: Spec) -> Iterator[tuple[Path, str]]:
    for index, scorer in enumerate(spec.scorers):
        if scorer.name == "lm_eval" and "arguments" in scorer.options:
            path = ("scorers", index, "lm_eval", "arguments")
            yield path, f"passing arguments to lm-eval {_ON_COMMAND_LINE}"


def _local_reach(
    candidate: CandidateSpec, path: Path, uploads: Collection[str]
) -> Iterator[tuple[Path, str]]:
    if candidate.endpoint.api_key_env is not None:
        message = f"reading the environment {_ON_COMMAND_LINE}, expected secret: a stored one"
        yield (*path, "endpoint", "api_key_env"), message
    if candidate.endpoint.kind is EndpointKind.LM_EVAL:
        # Any backend: some read keys from the environment, some run what a repository holds.
        yield (*path, "endpoint", "kind"), f"a backend of lm-eval by name {_ON_COMMAND_LINE}"
    elif candidate.endpoint.arguments is not None:
        message = f"passing arguments to lm-eval {_ON_COMMAND_LINE}"
        yield (*path, "endpoint", "arguments"), message
    yield from _file_problems(candidate.endpoint.file, (*path, "endpoint", "file"), uploads)
    if names_local_model(candidate):
        message = f"loading a model from a file {_ON_COMMAND_LINE}, expected a name on a hub"
        yield (*path, "model", "id"), message


def _file_problems(
    file: str | None, path: Path, uploads: Collection[str]
) -> Iterator[tuple[Path, str]]:
    if file and file not in uploads:
        expected = (
            f"one of the uploads {', '.join(map(repr, uploads))}" if uploads else "an uploaded file"
        )
        yield path, f"reading a file {_ON_COMMAND_LINE}, expected {expected}"
