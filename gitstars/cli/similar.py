"""``gitstars similar``: repositories with the same stargazers."""

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.reader import Reader, with_reader

COLUMNS = ("repository", "stars", "shared", "jaccard", "score")


@click.command(short_help="List repositories with the same stargazers.", epilog=EXIT_CODES)
@click.argument("name", metavar="REPO")
@with_reader
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="As comma-separated values.")
def similar(reader: Reader, name: str, limit: int, as_json: bool, as_csv: bool) -> None:
    """List repositories whose stargazers star REPO too, of all whose list was read to its end.

    \b
    shared   how many people star both
    jaccard  the part of all who star one of the two that stars both
    score    how surprising that is beside how popular both are (log-likelihood ratio)
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
