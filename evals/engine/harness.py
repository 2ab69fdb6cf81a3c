"""The one door to lm-eval: scoring, and models in this very process.

Tasks are built in memory and asked for their filters and metrics only: lm-eval renders no
prompt, sends no request, seeds nothing and opens no process here. Importing this takes seconds.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from re import Pattern as CompiledPattern
from typing import Any

import datasets
from lm_eval.api.instance import Instance
from lm_eval.api.registry import filter_registry, get_model, metric_registry
from lm_eval.api.task import ConfigurableTask

from evals.domain.patterns import Pattern
from evals.domain.scoring import ScorerError, is_in_house, output_scorer
from evals.domain.specs import ScorerSpec
from evals.domain.trials import Score
from evals.engine.localmodel import LocalBackend, LocalModelError, known_arguments
from evals.engine.stock import NO_MATCH, StockForm, stock_form

logging.getLogger("lm_eval").setLevel(logging.ERROR)

_TARGET = "viability_target"
_FILTER = "filter"
_PROBE = "probe"


class SampleScorer:
    """Every scorer of an evaluation, built once; `score` then takes one output at a time.

    Raises:
        ScorerError: If a scorer cannot be built; `scorers.check_scorers` says all there is to say.
    """

    def __init__(self, scorers: Sequence[ScorerSpec]) -> None:
        self._scorers = {spec.name: _scorer(spec) for spec in scorers}

    def score(self, output: str, *, columns: Mapping[str, Any], target: str) -> dict[str, Score]:
        """Return one score for each scorer, by name.

        A scorer that fails or takes too long gives a Score whose value is None, with the reason.
        """
        return {
            name: _guarded(scorer, output, columns, target)
            for name, scorer in self._scorers.items()
        }


_Scorer = Callable[[str, Mapping[str, Any], str], Score]


def _guarded(scorer: _Scorer, output: str, columns: Mapping[str, Any], target: str) -> Score:
    try:
        return scorer(output, columns, target)
    except Exception as error:  # noqa: BLE001 - lm-eval's metrics and filters raise anything
        return Score(value=None, explanation=f"{type(error).__name__}: {error}")


def _scorer(spec: ScorerSpec) -> _Scorer:
    if is_in_house(spec):
        judge = output_scorer(spec)
        return lambda output, _columns, target: judge(output, target)
    scorer = _StockScorer(stock_form(spec))
    scorer.check()
    return scorer


class _StockScorer:
    """One lm-eval task that scores one output with its own filters and `process_results`."""

    def __init__(self, form: StockForm) -> None:
        _check_names(form)
        metric = dict(form.metric)
        # The metric would run these without a time limit; done here first, it finds none left.
        ignored = metric.pop("regexes_to_ignore", None) or ()
        self._ignored = [Pattern(str(source)) for source in ignored]
        self._form = form
        self._name = str(metric["metric"])
        try:
            self._task = _task(replace(form, metric=metric))
        except (TypeError, ValueError, AssertionError, KeyError) as error:
            raise ScorerError(f"lm-eval refuses its filter: {error}") from error

    def __call__(self, output: str, columns: Mapping[str, Any], target: str) -> Score:
        doc = {**columns, _TARGET: self._plain(self._form.reduce_target(target))}
        instance = Instance("generate_until", doc, ("", {}), 0, ("", 0, 1), resps=[output])
        for ensemble in self._task._filters:  # noqa: SLF001 - lm-eval has no other way to one
            ensemble.apply([instance])
        answer = instance.filtered_resps[_FILTER]
        plain = self._plain(answer) if isinstance(answer, str) else answer
        value = self._task.process_results(doc, [plain])[self._name]
        if answer == NO_MATCH:
            return Score(value=float(value), explanation=self._form.nothing)
        return Score(value=float(value), answer=str(plain))

    def check(self) -> None:
        """Score once, to learn what lm-eval only says then.

        Raises:
            ScorerError: If the metric fails, or gives no number for one sample.
        """
        try:
            value = self._task.process_results({_TARGET: _PROBE}, [_PROBE]).get(self._name)
        except Exception as error:
            raise ScorerError(f"{self._name} fails in lm-eval: {error}") from error
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ScorerError(f"lm-eval's metric {self._name!r} gives no score per sample")

    def _plain(self, text: str) -> str:
        for pattern in self._ignored:
            text = pattern.sub("", text)
        return text


def _task(form: StockForm) -> Any:
    """Return the lm-eval task of one scorer, with a time limit on every pattern of its filters."""
    rows = datasets.Dataset.from_list([{_TARGET: _PROBE}])
    task = ConfigurableTask(
        config={
            "task": "viability",
            "custom_dataset": lambda **_: {"test": rows},
            "test_split": "test",
            "output_type": "generate_until",
            "generation_kwargs": {"until": []},
            "doc_to_text": _TARGET,
            "doc_to_target": _TARGET,
            "metric_list": [dict(form.metric)],
            "filter_list": [{"name": _FILTER, "filter": [dict(step) for step in form.filters]}],
        }
    )
    for ensemble in task._filters:  # noqa: SLF001
        built = [_limited(make()) for make in ensemble.filters]
        ensemble.filters = [partial(_same, each) for each in built]
    return task


def _same(each: Any) -> Any:
    return each


def _limited(lm_filter: Any) -> Any:
    """Return the filter with every compiled pattern it holds replaced by one that cannot hang."""
    for name, value in vars(lm_filter).items():
        if isinstance(value, CompiledPattern):
            setattr(lm_filter, name, Pattern(value.pattern))
    return lm_filter


def _check_names(form: StockForm) -> None:
    _check_name("metric", form.metric["metric"], list(metric_registry))
    for step in form.filters:
        # `custom` wants a Python function, `decontaminate` a corpus: neither can be written down.
        known = sorted(set(filter_registry) - {"custom", "decontaminate"})
        _check_name("filter", step["function"], known)


def _check_name(kind: str, name: str, known: Sequence[str]) -> None:
    if name in known:
        return
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    names = ", ".join(sorted(known))
    raise ScorerError(f"lm-eval has no {kind} {name!r}{hint} (known: {names}; no hub is asked)")


def local_backend(  # noqa: PLR0913 - one argument for each thing that says which model
    *,
    kind: str,
    model_id: str,
    revision: str | None,
    device: str,
    batch_size: int,
    arguments: Mapping[str, Any] | None = None,
) -> LocalBackend:
    """Return a model in this process, loaded, behind the backend that lm-eval calls `kind`.

    `arguments` go to the backend as they are, over what the others say.

    Raises:
        LocalModelError: If what the backend needs is not installed, or the model cannot be loaded.
    """
    maker = _backend(kind)
    named = "pretrained" if known_arguments(maker, {"pretrained": ""}) else "model"
    usual = {named: model_id, "revision": revision, "device": device, "batch_size": batch_size}
    given = {**known_arguments(maker, usual), **(arguments or {})}
    try:
        model = maker(**given)
    except ImportError as error:
        raise LocalModelError(f"{_needs(kind)}: {error}") from error
    except Exception as error:
        where = f" on {device}" if "device" in given else ""
        raise LocalModelError(f"cannot load {model_id!r}{where}: {error}") from error
    return LocalBackend(
        model, request=_request, takes_messages="chat" in kind, takes_seed=kind == "vllm"
    )


def _backend(kind: str) -> Any:
    """Return the class that lm-eval registers under `kind`; importing it may take a GPU's stack."""
    try:
        return get_model(kind)
    except ImportError as error:
        raise LocalModelError(f"{_needs(kind)}: {error}") from error
    except ValueError as error:
        raise LocalModelError(f"endpoint.backend: {error}") from error


def _needs(kind: str) -> str:
    if kind == "hf":
        return "models in this process need the extra hf"
    return f"the worker lacks what lm-eval's {kind!r} needs (pip install 'lm-eval[{kind}]')"


def _request(prompt: str, settings: Mapping[str, Any]) -> Any:
    return Instance("generate_until", {}, (prompt, dict(settings)), 0, ("", 0, 1))
