"""OAuth's device flow against the simulated GitHub's sign-in page."""

from collections.abc import Iterator

import msgspec
import pytest
import requests

from gitstars.clock import SystemClock
from gitstars.config import GithubConfig
from gitstars.errors import GitHubAway, GitstarsError, NotNow, TokenUnusable
from gitstars.fetch.device import DENIED, MISCONFIGURED, NOT_CONFIGURED, DeviceFlow
from gitstars.model import LoginPending
from gitstars.naming import web_root
from gitstars.simulator.faults import Rule
from gitstars.simulator.scenario import Scenario, SimAccount
from gitstars.simulator.server import SimulatedGitHub
from tests.harness import free_port

ADA = SimAccount(user_id=1, login="ada", token="gho_ada0000")
WORLD = Scenario(accounts=(ADA,), login_interval_seconds=0)


@pytest.fixture
def github() -> Iterator[SimulatedGitHub]:
    github = SimulatedGitHub(WORLD)
    github.start()
    yield github
    github.stop()


@pytest.fixture
def config(github: SimulatedGitHub) -> GithubConfig:
    assert github._server is not None
    return GithubConfig(
        api_url=f"http://127.0.0.1:{github._server.server_port}", client_id="simulated"
    )


@pytest.fixture
def flow(config: GithubConfig) -> DeviceFlow:
    return DeviceFlow(config, SystemClock(), False)


def enter(uri: str, user_code: str, answer: str = "approve") -> str:
    form = {"user_code": user_code, "login": "ada", "answer": answer}
    return requests.post(uri, data=form, timeout=30).text


def test_a_token_comes_once_the_code_is_entered(flow: DeviceFlow) -> None:
    code = flow.begin()
    before = flow.finish(code.device_code)
    page = enter(code.verification_uri, code.user_code.lower())
    after = flow.finish(code.device_code)

    assert before == LoginPending(0)
    assert "The program is signed in." in page
    assert after == "gho_ada0000"
    assert code.device_code not in repr(code)
    with pytest.raises(TokenUnusable, match="begin it again"):
        flow.finish(code.device_code)


def test_who_says_no_is_believed(flow: DeviceFlow) -> None:
    code = flow.begin()
    enter(code.verification_uri, code.user_code, "deny")

    with pytest.raises(TokenUnusable) as caught:
        flow.finish(code.device_code)

    assert str(caught.value) == DENIED["access_denied"]


def test_a_question_too_early_makes_pauses_longer(
    github: SimulatedGitHub, flow: DeviceFlow
) -> None:
    github.load(msgspec.structs.replace(WORLD, login_interval_seconds=3600))
    code = flow.begin()

    answers = [flow.finish(code.device_code), flow.finish(code.device_code)]

    assert code.interval_seconds == 3600
    assert answers == [LoginPending(0), LoginPending(5)]


def test_a_code_that_nobody_entered_expires(github: SimulatedGitHub, flow: DeviceFlow) -> None:
    github.load(msgspec.structs.replace(WORLD, login_expires_seconds=0))
    code = flow.begin()

    with pytest.raises(TokenUnusable) as caught:
        flow.finish(code.device_code)

    assert str(caught.value) == DENIED["expired_token"]


@pytest.mark.parametrize(
    ("client_id", "told"),
    [("", NOT_CONFIGURED), ("another", MISCONFIGURED["incorrect_client_credentials"])],
)
def test_an_application_that_is_not_there_is_named(
    config: GithubConfig, client_id: str, told: str
) -> None:
    flow = DeviceFlow(
        msgspec.structs.replace(config, client_id=client_id), SystemClock(), is_private=True
    )

    for act in (flow.begin, lambda: flow.finish("0000")):
        with pytest.raises(NotNow) as caught:
            act()
        assert str(caught.value) == told


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (200, '{"error": "device_flow_disabled"}', NotNow, MISCONFIGURED["device_flow_disabled"]),
        (200, '{"error": "something new"}', GitHubAway, "refuses (something new)"),
        (200, "<html>", GitHubAway, "answered something else"),
        (200, '{"device_code": 7}', GitHubAway, "answered something else"),
        (200, "{}", GitHubAway, "answered something else"),
        (503, "{}", GitHubAway, "HTTP 503"),
        (429, "slow down", GitHubAway, "HTTP 429"),
    ],
)
def test_other_answers_are_one_sentence(
    status: int, body: str, kind: type[GitstarsError], told: str
) -> None:
    rule = Rule(match="POST /login/*", effect="status", status=status, body=body)
    github = SimulatedGitHub(msgspec.structs.replace(WORLD, rules=(rule,)))
    port = github.start()
    config = GithubConfig(api_url=f"http://127.0.0.1:{port}", client_id="simulated")
    flow = DeviceFlow(config, SystemClock(), False)

    for act in (flow.begin, lambda: flow.finish("0000")):
        with pytest.raises(kind) as caught:
            act()
        assert told in str(caught.value)
    github.stop()


def test_an_absent_github_is_told() -> None:
    config = GithubConfig(api_url=f"http://127.0.0.1:{free_port()}", client_id="simulated")

    with pytest.raises(GitHubAway, match=r"could not be asked: .*connection refused"):
        DeviceFlow(config, SystemClock(), False).begin()


@pytest.mark.parametrize(
    ("api_url", "root"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.github.com/", "https://github.com"),
        ("https://git.example.org/api/v3", "https://git.example.org"),
        ("https://git.example.org:8443/api/v3/", "https://git.example.org:8443"),
        ("https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
    ],
)
def test_the_pages_are_found_by_the_api(api_url: str, root: str) -> None:
    assert web_root(api_url) == root
