"""Names of data sets on the Hugging Face hub: what the hub allows, and how a source is told."""

import re
from collections.abc import Mapping

# The hub's rule for names of repositories, and what its library takes for the rest.
PART = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
NAME = re.compile(rf"{PART}(?:/{PART})?")
LONGEST_NAME = 96
SPLIT = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")
CONFIGURATION = re.compile(r"[^<>:/\\|?*\s\"'\x00-\x1f]{1,100}")
REVISION = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._/-]{0,199}")


def name_fault(name: str) -> str:
    """Return why this cannot be the name of a set on the hub, "" where it can."""
    if len(name) > LONGEST_NAME:
        return f"{len(name)} characters, expected at most {LONGEST_NAME}."
    if not NAME.fullmatch(name) or "--" in name or ".." in name or name.endswith(".git"):
        return "Expected owner/name as on the hub: letters, digits, and - _ . between them."
    return ""


def configuration_fault(name: str) -> str:
    """Return why this cannot be a configuration, "" where it can."""
    if name and not CONFIGURATION.fullmatch(name):
        return "Expected the name of a configuration, such as default or en."
    return ""


def split_fault(name: str) -> str:
    """Return why this cannot be a whole split, "" where it can."""
    return "" if SPLIT.fullmatch(name) else "Expected the name of one split, such as test."


def revision_fault(name: str) -> str:
    """Return why this cannot be a branch, a tag or a commit, "" where it can."""
    if name and (not REVISION.fullmatch(name) or ".." in name):
        return "Expected a branch, a tag or a commit."
    return ""


def hub_words(source: Mapping[str, str]) -> str:
    """Return a set of the hub in words, with the very commit where it is known."""
    configuration = source.get("configuration")
    revision = source.get("commit") or source.get("revision")
    parts = [
        f"Hugging Face {source['name']}",
        f"configuration {configuration}" if configuration else "",
        f"split {source['split']}",
        f"revision {revision}" if revision else "",
    ]
    return ", ".join(part for part in parts if part)
