"""The command line as a process of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_SECONDS

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gitstars(tmp_path: Path) -> Run:
    """``gitstars("config", "show")`` in an empty folder; ``script=`` runs Python text in place
    of ``-m gitstars``.
    """

    def run(
        *arguments: str, script: str | None = None, **options: object
    ) -> subprocess.CompletedProcess[str]:
        start = ["-c", script] if script else ["-m", "gitstars"]
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [sys.executable, *start, *arguments],
            cwd=tmp_path,
            text=True,
            timeout=PATIENCE_SECONDS,
            **({"capture_output": True} | options),
        )

    return run


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is found from every folder, installed or not."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent.parent))
