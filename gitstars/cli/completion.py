"""``gitstars completion``: the script that teaches a shell to complete our command line."""

import click
from click.shell_completion import get_completion_class


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash:  gitstars completion bash >> ~/.bashrc
    zsh:   gitstars completion zsh >> ~/.zshrc
    fish:  gitstars completion fish > ~/.config/fish/completions/gitstars.fish
    """
    script = get_completion_class(shell)
    assert script is not None, shell
    click.echo(script(context.find_root().command, {}, "gitstars", "_GITSTARS_COMPLETE").source())
