"""The documents as pages (`make docs`): Sphinx reads them where they are, as GitHub shows them."""

import shutil
from pathlib import Path

from sphinx.application import Sphinx

from gitstars import __version__

ROOT = Path(__file__).parent.parent.parent
PICTURES = Path("docs/images")

project = "gitstars"
release = __version__
project_copyright = "its authors"
extensions = ["myst_parser"]
root_doc = "packaging/site/index"
include_patterns = ["packaging/site/index.md", "*.md", "docs/**.md"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"gitstars {release}"
html_show_sphinx = False
# Blocks of commands with their output are in no language.
highlight_language = "none"
# SurrealQL is no SQL.
suppress_warnings = ["misc.highlighting_failure"]


def _copy_pictures(app: Sphinx, error: Exception | None) -> None:
    """The pictures that HTML inside of a document names, which Sphinx does not look at."""
    if error is None:
        shutil.copytree(ROOT / PICTURES, Path(app.outdir) / PICTURES, dirs_exist_ok=True)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("build-finished", _copy_pictures)
