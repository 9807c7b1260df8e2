"""`agentsim completion`: the script by which a shell completes commands, options and runs."""

import click

from agentsim.cli.output import say, write

INSTALL = {
    "bash": "agentsim completion bash > ~/.agentsim.bash && echo '. ~/.agentsim.bash' >> ~/.bashrc",
    "zsh": "agentsim completion zsh > ~/.agentsim.zsh && echo '. ~/.agentsim.zsh' >> ~/.zshrc",
    "fish": "agentsim completion fish > ~/.config/fish/completions/agentsim.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(INSTALL)), required=False)
def command(shell: str | None) -> None:
    """Print the completion script of SHELL; without one, of the shell that $SHELL names."""
    from click.shell_completion import get_completion_class

    from agentsim.cli.main import cli

    shell = shell or _own()
    made = get_completion_class(shell)
    assert made is not None  # click has all that INSTALL names
    write(made(cli, {}, "agentsim", "_AGENTSIM_COMPLETE").source() + "\n")
    say(f"to install: {INSTALL[shell]}")


def _own() -> str:
    import os
    from pathlib import PurePath

    from agentsim.errors import UserError

    shell = PurePath(os.environ.get("SHELL", "")).name
    if shell not in INSTALL:
        raise UserError(
            f"$SHELL names {shell or 'no shell'}, for which there is no completion",
            fix=f"name one: agentsim completion {'|'.join(INSTALL)}",
        )
    return shell
