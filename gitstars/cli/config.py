"""``gitstars config show``: every setting in force, and where its value came from."""

import json

import click

from gitstars.cli.options import value_of, with_config
from gitstars.config import LoadedConfig, mask
from gitstars.settings.catalogue import catalogue


@click.group(short_help="Show the settings in force.")
def config() -> None:
    """Show the settings in force."""


@config.command()
@with_config
@click.option("--json", "as_json", is_flag=True, help="As a JSON object, key -> value and source.")
def show(loaded: LoadedConfig, as_json: bool) -> None:
    """Show every setting, its value and where that came from: flag, environment variable, .env,
    file or default.

    Secrets are masked.
    """
    rows = [
        (setting, value_of(loaded, setting), loaded.origins[setting.key]) for setting in catalogue()
    ]
    if as_json:
        shown = {
            setting.key: {"value": _mask_plain(value, setting.secret), "source": source}
            for setting, value, source in rows
        }
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    table = [
        ("SETTING", "VALUE", "SOURCE"),
        *((setting.key, mask(value, setting.secret), source) for setting, value, source in rows),
    ]
    first, second = (max(len(row[column]) for row in table) for column in (0, 1))
    for key, value, source in table:
        click.echo(f"{key:{first}}  {value:{second}}  {source}")


def _mask_plain(value: object, is_secret: bool) -> object:
    """``value`` as JSON has it, secrets and credentials masked."""
    return mask(value, True) if is_secret and value else json.loads(mask(value))
