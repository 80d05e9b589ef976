"""Another program makes up calls from the description of the admin API, good ones and bad ones: no
answer is a failure of the server, and each is what the description promises.
"""

import subprocess
import sys

import pytest

from gitstars.config import DatabaseConfig
from tests.web.conftest import KEY, start_served

#: What each answer is held to; and, once for each limit of the description, whether the key and
#: the method matter.
EACH = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance"),
)
ONCE = (*EACH, "unsupported_method", "ignored_auth")
#: Made-up calls of each route. Making 500 up takes four minutes.
CASES, SOAK_CASES = 60, 500


@pytest.mark.slow(1800)
@pytest.mark.parametrize(("phase", "checks"), [("coverage", ONCE), ("fuzzing", EACH)])
def test_calls_that_are_made_up_from_the_description(
    shared_config: DatabaseConfig, soak: bool, phase: str, checks: tuple[str, ...]
) -> None:
    with start_served(shared_config) as running:
        address = f"http://127.0.0.1:{running.admin.port}/openapi.json"
        command = [sys.executable, "-m", "schemathesis.cli", "run", address, "--no-color"]
        command += ["--header", f"Authorization: Bearer {KEY}", "--checks", ",".join(checks)]
        command += ["--phases", phase, "--max-examples", str(SOAK_CASES if soak else CASES)]
        # The stream of events has no end.
        command += ["--exclude-path", "/events", "--suppress-health-check", "all"]

        done = subprocess.run(command, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout[-4000:]
        assert running.health.get("/livez").status == 200
