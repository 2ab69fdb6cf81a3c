"""Programs that ask, each by its own words: ours alone, the bare loop, and the peers.

The peers come from PyPI, pinned, in an environment of their own that the bench makes and keeps.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.bench.measuring import CACHE, Load, Measure, run_program
from tests.bench.serving import stand_in

FOLDER = Path(__file__).parent
VERSIONS = ("lm-eval[api]==0.4.13", "inspect-ai==0.3.285", "openai==3.54.0")
_INSTALL_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that asks, by the words that start it; `missing` says why it cannot be run."""

    name: str
    command: tuple[str, ...] = ()
    missing: str = ""

    def measure(self, load: Load, *, timeout: float = 60.0, **behaviour: Any) -> Measure:
        """Run it against an endpoint of its own."""
        options = {"connections": load.connections, "samples": load.samples, "timeout": timeout}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        with stand_in(latency=load.seconds, **behaviour) as server:
            return run_program(self.name, (*self.command, server.url, *words), server)


def own_programs() -> list[Program]:
    """Return our pump without a database, and the bare loop that nothing of its kind can beat."""
    start = (sys.executable, "-m", "tests.bench.clients")
    return [
        Program(name="viability's pump alone", command=(*start, "pump")),
        Program(name="bare aiohttp", command=(*start, "bare")),
    ]


def peer_programs() -> list[Program]:
    """Return the peers; their environment is made with the first call."""
    python, problem = _environment()
    scripts = {"lm-eval 0.4.13": "peer_lm_eval.py", "inspect-ai 0.3.285": "peer_inspect.py"}
    return [
        Program(name=name, missing=problem)
        if problem
        else Program(name=name, command=(str(python), str(FOLDER / script)))
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
