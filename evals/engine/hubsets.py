"""Sets of the Hugging Face hub that a page asks for: no other host is asked, and no code runs.

A set's own card may name files by any address, and the library would open them on this machine or
elsewhere. Here only what lies in the very commit that was resolved is read, and without a token:
a worker's own account must not open private sets to whoever knows their names.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import httpx2
import yaml
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from evals.domain.problems import InputError, Problem
from evals.engine.hubrows import LOAD_FAILURES, MEDIA, json_row, reason_of

BATCH = 500
PATIENCE_SECONDS = 20
CARDS = ("README.md", ".huggingface.yaml")
KINDS = ("csv", "json", "parquet", "arrow", "text")  # others unpickle, or open what rows name
FILES_OF = "datasets.packaged_modules."


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSet:
    """One split of a set, resolved to a commit; `rows` are read from the hub as they are asked."""

    commit: str
    rows: Iterator[dict[str, Any]]


def open_hub_set(source: Mapping[str, str]) -> HubSet:
    """Return a split of a set on the hub: `name`, `split`, maybe `configuration` and `revision`.

    Raises:
        InputError: If it cannot be had, with the reason; while rows are read, too.
    """
    name = source["name"]
    if Path(name).exists():  # the library would take it for what was meant
        raise _refused(source, "a folder of the worker has this name")
    commit = _commit(source)
    try:
        rows = _split(source, commit)
    except (httpx2.HTTPError, *LOAD_FAILURES) as error:
        raise _refused(source, reason_of(error)) from error
    return HubSet(commit=commit, rows=_told(rows, source))


def _commit(source: Mapping[str, str]) -> str:
    revision = source.get("revision") or None
    api = HfApi(token=False)
    try:
        info = api.dataset_info(source["name"], revision=revision, timeout=PATIENCE_SECONDS)
        _check_cards(api, source, str(info.sha), [each.rfilename for each in info.siblings or ()])
    except GatedRepoError as error:
        raise _refused(source, "the hub wants an account to agree to its terms first") from error
    except RevisionNotFoundError as error:
        raise _refused(source, f"the hub has no revision {revision!r} of it") from error
    except RepositoryNotFoundError as error:
        raise _refused(source, "the hub has no such public set") from error
    except HfHubHTTPError as error:
        raise _refused(source, f"the hub answered: {reason_of(error)}") from error
    except (httpx2.HTTPError, OfflineModeIsEnabled, OSError) as error:
        reason = f"the hub at {api.endpoint} cannot be reached from the worker: {reason_of(error)}"
        raise _refused(source, reason) from error
    return str(info.sha)


def _check_cards(api: HfApi, source: Mapping[str, str], commit: str, files: Sequence[str]) -> None:
    """Refuse a card that names files outside of the set."""
    for card in CARDS:
        if card not in files:
            continue
        path = api.hf_hub_download(source["name"], card, repo_type="dataset", revision=commit)
        for pattern in _patterns(Path(path).read_text(encoding="utf-8", errors="replace"), card):
            parts = pattern.replace("\\", "/").split("/")
            if pattern.startswith(("/", "~", "\\")) or ":" in pattern or ".." in parts:
                raise _refused(source, f"its {card} names {pattern!r}, expected files of the set")


def _patterns(text: str, card: str) -> Iterator[str]:
    """Yield every text under the configurations of a card; most of them are files."""
    if card.endswith(".md"):
        text = text.split("---", 2)[1] if text.lstrip("\ufeff").startswith("---") else ""
    try:
        facts = yaml.safe_load(text)
    except yaml.YAMLError:
        return  # the library refuses it, too
    if isinstance(facts, dict):
        yield from _files_in(facts.get("configs"))


def _files_in(value: object, *, is_file: bool = False) -> Iterator[str]:
    if isinstance(value, str) and is_file:
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            named = key in {"data_files", "data_dir", "path"}
            yield from _files_in(each, is_file=named or (is_file and key != "split"))
    elif isinstance(value, list):
        for each in value:
            yield from _files_in(each, is_file=is_file)


def _split(source: Mapping[str, str], commit: str) -> datasets.IterableDataset:
    name = source["name"]
    builder = datasets.load_dataset_builder(
        name, source.get("configuration") or None, revision=commit, token=False
    )
    kind = type(builder).__module__.removeprefix(FILES_OF).partition(".")[0]
    if kind not in KINDS:
        raise ValueError(f"its files are read as {kind}, expected one of {', '.join(KINDS)}")
    home = f"hf://datasets/{name}@{commit}/"
    for files in (builder.config.data_files or {}).values():
        for file in files:
            if not str(file).startswith(home):
                raise ValueError(f"it names the file {file}, expected one of the set")
    return builder.as_streaming_dataset(split=source["split"])


def _told(rows: datasets.IterableDataset, source: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield rows as the files have them: pictures, sounds and videos are left out, not opened."""
    try:
        features = rows.features or {}
        media = {name for name, kind in features.items() if isinstance(kind, MEDIA)}
        for table in rows.with_format("arrow").iter(batch_size=BATCH):
            kept = [name for name in table.column_names if name not in media]
            for row in table.select(kept).to_pylist():
                yield json_row(row)
    except (httpx2.HTTPError, *LOAD_FAILURES) as error:
        raise _refused(source, reason_of(error)) from error


def _refused(source: Mapping[str, str], reason: str) -> InputError:
    which = f"{source['name']!r}, split {source['split']!r}"
    return InputError(Problem(message=f"cannot load {which}: {reason}"))
