"""Everything that grows has a bound, and with all of it full the process stays small."""

import json
import subprocess
import sys

from tests.waiting import PATIENCE_SECONDS

#: With the queue, the known users, the writers' buffers and the ledger full, this process takes
#: less than this (MB).
MOST_MB = 400

FILL = """
from gitstars import _monkey
import json, psutil
from gitstars.app import App
from gitstars.config import AdminConfig, Config, DatabaseConfig, HealthConfig
from gitstars.dispatch.dispatcher import QUEUE_BOUND
from gitstars.model import Account, Claim, Job, PageWrite, Progress, Repository, Resource
from gitstars.model import Stargazer, Status
from gitstars.store.known import KNOWN_BOUND
from gitstars.store.writer import BUFFER_PAGES

app = App(Config(database=DatabaseConfig(url="mem://"), health=HealthConfig(port=0),
    admin=AdminConfig(port=0)))
app.paused.set()
app.start()
began = psutil.Process().memory_info().rss
for user in range(1000):
    app.dispatcher.open_lane(Account(f"account-{user}", user, f"somebody-{user}",
        f"gho_{user:036d}"))
    app.ledger.book(app.ledger.reserve(user, Resource.CORE, 1, 1.0), None, 2.0, True)
put = 0
for number in range(QUEUE_BOUND + 10):
    name = f"organisation-{number % 5000}/a-repository-with-a-name-{number}"
    put += app.dispatcher.put(Job(number % 1000, Repository(name, name, 1_000_000 + number,
        number % 400)))
app.writer.known.add((number, f"stargazer-{number}") for number in range(KNOWN_BOUND // 2))
app.writer.known.add((number, f"stargazer-{number}") for number in range(KNOWN_BOUND // 2,
    KNOWN_BOUND - 1))
pages = []
for page in range(8 * BUFFER_PAGES):
    held = Claim("row", Repository("o/r", "o/r", 1, 1), "owner", Progress(), 900.0)
    login = "https://avatars.githubusercontent.com/u/somebody-"
    people = [Stargazer(n, f"somebody-{page}-{n}", f"{login}{page}-{n}", f"{login}-{page}-{n}",
        "2024-05-06T07:08:09Z") for n in range(100)]
    pages.append(PageWrite(held, people, Progress()))
shown = app.snapshots.queue(), app.snapshots.accounts()
memory = psutil.Process().memory_info().rss
print(json.dumps({"queued": len(app.dispatcher), "put": put, "known": len(app.writer.known),
    "began": began, "memory": memory}))
app.stop()
"""


def test_a_hundred_thousand_queued_repositories_and_a_million_known_users_stay_under_400_mb() -> (
    None
):
    ran = subprocess.run(
        [sys.executable, "-c", FILL],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    measured = json.loads(ran.stdout.splitlines()[-1])
    assert measured["queued"] == measured["put"] == 100_000
    assert measured["known"] >= 999_999
    assert measured["memory"] / 1e6 < MOST_MB, measured
