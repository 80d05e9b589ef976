"""The README's commands, run one after the other in an empty home, beside the simulated GitHub:
each prints what the README shows. The commands of its table print what ``commands.txt`` shows.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitstars.simulator.process import start_process
from tests.process.terminal import ROOT, WORLD, Terminal, mask, read_examples
from tests.waiting import wait_until

README = (ROOT / "README.md").read_text()
COMMANDS = Path(__file__).with_name("commands.txt")
#: Commands of the table that run until they are stopped, and the tests that run them.
RUN_ELSEWHERE = {
    "serve": "tests/process",
    "demo": "tests/cli/test_demo.py",
    "simulate": "tests/simulator/test_process.py",
}


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    github = start_process(WORLD)
    terminal = Terminal(tmp_path, github)
    yield terminal
    terminal.close()
    github.stop()


def show(shown: dict[str, list[str]]) -> None:
    """Print what is to be put into the documents, where that is asked for."""
    if os.environ.get("README_SHOW"):
        for command, lines in shown.items():
            print(f"$ {command}", *lines, sep="\n")


def differing(shown: dict[str, list[str]], promised: dict[str, list[str]]) -> dict[str, object]:
    """The commands that print something else than promised, with both."""
    return {
        command: (list(map(mask, shown[command])), list(map(mask, lines)))
        for command, lines in promised.items()
        if list(map(mask, shown[command])) != list(map(mask, lines))
    }


def settle(terminal: Terminal) -> None:
    wait_until(terminal.is_settled, "everything is settled, and counted", terminal.counts)


@pytest.mark.slow(600)
def test_each_command_prints_what_the_readme_shows(terminal: Terminal) -> None:
    blocks = re.findall(r"^```\n(\$ .*?)^```$", README, re.DOTALL | re.MULTILINE)
    examples = [one for block in blocks for one in read_examples(block.splitlines())]
    shown: dict[str, list[str]] = {}

    for command, lines in examples:
        if command.endswith("&"):
            shown[command] = terminal.serve(command.removesuffix("&"), len(lines))
            continue
        shown[command] = terminal.run(command)
        settle(terminal)

    show(shown)
    assert len(examples) > 5
    assert differing(shown, dict(examples)) == {}


@pytest.mark.slow(600)
def test_each_command_of_the_table_prints_what_is_kept_of_it(terminal: Terminal) -> None:
    examples = read_examples(COMMANDS.read_text().splitlines())
    terminal.serve("gitstars serve --config config.toml", 1)
    terminal.run("gh auth token | gitstars accounts add --token-stdin")
    settle(terminal)

    shown = {command: terminal.run(command) for command, _ in examples}

    show(shown)
    assert differing(shown, dict(examples)) == {}


def test_each_command_and_option_of_the_table_is_run() -> None:
    ran = "\n".join(command for command, _ in read_examples(COMMANDS.read_text().splitlines()))
    table = re.findall(r"^\| (`gitstars .*?) \| (.*) \|$", README, re.MULTILINE)

    missing = []
    for told, explained in table:
        commands = re.findall(r"`gitstars ([a-z]+(?: [a-z]+)?)|, `([a-z]+)`", told)
        first = commands[0][0]
        if first in RUN_ELSEWHERE:
            continue
        names = [full or f"{first.split()[0]} {rest}" for full, rest in commands]
        missing += [name for name in names if f"gitstars {name}" not in ran]
        lines = [line for line in ran.splitlines() if f"gitstars {first.split()[0]}" in line]
        options = re.findall(r"--[a-z-]+", told + explained)
        missing += [f"{first} {one}" for one in options if one not in " ".join(lines)]

    assert len(table) > 20
    assert missing == []
