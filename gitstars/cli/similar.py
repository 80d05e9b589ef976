"""``gitstars similar``: repositories that share stargazers."""

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.reader import Reader, with_reader

COLUMNS = ("repository", "stars", "shared", "jaccard", "score")


@click.command(short_help="List repositories that share stargazers.", epilog=EXIT_CODES)
@click.argument("name", metavar="REPO")
@with_reader
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="As comma-separated values.")
def similar(reader: Reader, name: str, limit: int, as_json: bool, as_csv: bool) -> None:
    """List other repositories that the stargazers of REPO starred too, as far as their lists were
    read to their ends.

    \b
    shared   how many people star both
    jaccard  people who starred both, divided by people who starred at least one
    score    how far that exceeds what popularity alone would explain; higher is more alike
    """
    found = reader.similar(name, api.SimilarQuery(limit))
    if as_json:
        show.print_json(found)
        return
    rows = [
        (one.full_name, one.stars, one.shared, f"{one.jaccard:.4f}", f"{one.score:.1f}")
        for one in found.similar
    ]
    (show.print_csv if as_csv else show.print_table)(COLUMNS, rows)
    if not rows:
        click.echo(f"no repository shares a stargazer with {found.full_name}", err=True)
