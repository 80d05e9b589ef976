"""The entry point of every way to start gitstars: patches the process first, then runs the command line."""

from gitstars import _monkey  # noqa: F401  isort: skip  (the patch must come before every other import)

from gitstars.cli import run


def main() -> None:
    """Run the command line and exit the process with its exit code."""
    raise SystemExit(run())


if __name__ == "__main__":
    main()
