"""Files that commands write, whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitstars.errors import GitstarsError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Where to write a file that gets its name when all is written. Raises GitstarsError."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.unlink(missing_ok=True)
        yield fresh
        fresh.replace(path)
    except OSError as error:
        raise GitstarsError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if fresh.is_file():
            fresh.unlink()
