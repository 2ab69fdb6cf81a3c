"""The peers from PyPI, pinned, in an environment of their own that the bench makes and keeps."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent
VERSIONS = ("lm-eval[api]==0.4.13", "inspect-ai==0.3.285", "openai==3.54.0")
CACHE = Path.home() / ".cache" / "viability-bench"
_INSTALL_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program that asks, by the words that start it; `missing` says why it cannot be run."""

    name: str
    command: tuple[str, ...] = ()
    missing: str = ""


def own_clients() -> list[Client]:
    """Return ours, and the bare loop that nothing of its kind can beat."""
    start = (sys.executable, "-m", "tests.bench.clients")
    return [
        Client(name="viability", command=(*start, "pump")),
        Client(name="bare aiohttp", command=(*start, "bare")),
    ]


def peer_clients() -> list[Client]:
    """Return the peers; their environment is made with the first call."""
    python, problem = _environment()
    scripts = {"lm-eval 0.4.13": "peer_lm_eval.py", "inspect-ai 0.3.285": "peer_inspect.py"}
    return [
        Client(name=name, missing=problem)
        if problem
        else Client(name=name, command=(str(python), str(FOLDER / script)))
        for name, script in scripts.items()
    ]


def _environment() -> tuple[Path, str]:
    """Return the Python of the peers' environment, and why there is none."""
    folder = CACHE / sha256(" ".join(VERSIONS).encode()).hexdigest()[:12]
    python, done = folder / "bin" / "python", folder / "installed"
    if done.exists():
        return python, ""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    shutil.rmtree(folder, ignore_errors=True)
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(python), *VERSIONS],
    ):
        try:
            made = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return python, f"not installed: {error}"
        if made.returncode:
            return python, f"not installed: {made.stderr.strip().splitlines()[-1:]}"
    done.touch()
    return python, ""
