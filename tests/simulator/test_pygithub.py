"""Another program that knows GitHub alone finds its way about the simulated one: every address in
an answer leads back to it.
"""

from collections.abc import Iterator

import pytest
from github import Auth, Github, GithubException

from gitstars.simulator.process import SimulatorProcess, start_process
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository

WORLD = Scenario(
    accounts=(
        SimAccount(
            user_id=1, login="ada", token="gho_ada0000", owned=(1,), starred=tuple(range(1, 76))
        ),
    ),
    repositories=(
        SimRepository(id=1, full_name="ada/engine", stars=234, ghost_every=100),
        *(
            SimRepository(id=number, full_name=f"globex/part-{number}", stars=number)
            for number in range(2, 76)
        ),
    ),
)


@pytest.fixture(scope="module")
def hub() -> Iterator[SimulatorProcess]:
    process = start_process(WORLD)
    yield process
    process.stop()


def open_hub(hub: SimulatorProcess, token: str | None) -> Github:
    auth = None if token is None else Auth.Token(token)
    return Github(base_url=hub.url, auth=auth, retry=None, seconds_between_requests=None)


def test_an_accounts_stars_are_listed_page_by_page(hub: SimulatorProcess) -> None:
    user = open_hub(hub, "gho_ada0000").get_user()

    assert (user.login, user.id) == ("ada", 1)
    names = [repository.full_name for repository in user.get_starred()]
    assert sorted(names) == sorted(place.full_name for place in WORLD.repositories)


def test_the_stargazers_of_its_own_repository_are_listed_with_dates(hub: SimulatorProcess) -> None:
    repository = open_hub(hub, "gho_ada0000").get_repo("ada/engine")

    stars = list(repository.get_stargazers_with_dates())

    assert (repository.stargazers_count, len(stars)) == (234, 234)
    assert sum(star.user is None for star in stars) == 2
    times = [star.starred_at for star in stars]
    assert times == sorted(times)


def test_what_github_refuses_is_refused(hub: SimulatorProcess) -> None:
    repository = open_hub(hub, "gho_ada0000").get_repo("globex/part-5")

    with pytest.raises(GithubException) as refused:
        list(repository.get_stargazers())
    assert refused.value.status == 404


def test_an_organizations_repositories_are_listed_without_a_token(hub: SimulatorProcess) -> None:
    user = open_hub(hub, None).get_user("globex")

    assert user.type == "Organization"
    assert len(list(user.get_repos())) == 74
