"""The command line: commands are imported when called, errors become one clear message and a status."""

import sys
from importlib import import_module
from typing import Any

import click

import agentsim

COMMANDS = {
    "run": "simulate dialogues and make a dataset of them",
    "watch": "look on at a run from another terminal",
    "resume": "go on with a run that was stopped",
    "ls": "list runs, or the dialogues of one",
    "show": "show a run or a dialogue",
    "coverage": "show which topics a run's dialogues were about, and what is missing",
    "export": "write a run's dataset again, in another format",
    "lint": "look for failures of role-play in any chat dataset",
    "critic": "examine a critic: what its word is worth",
    "personas": "list, show and check personas",
    "scenarios": "list, show and check scenarios",
    "topics": "show an outline of topics, or let a model grow it",
    "models": "list models, or show how one is reached and priced",
    "doctor": "check the installation and say where each setting comes from",
    "init": "make a folder with a persona, a scenario and a run of one's own",
    "completion": "print the completion script of a shell",
}
"""Every command with its line of help; ``agentsim.cli.<name>`` holds it as ``command``."""


class Lazy(click.Group):
    """A group that knows its commands by name and imports one only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"agentsim.cli.{cmd_name}_command").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if near:
                raise click.UsageError(f"{error.message} Did you mean '{near[0]}'?", ctx) from None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 well, 1 a bug, 2 usage or configuration, 3 some dialogues failed, "
    "4 budget reached, 5 storage, 130 interrupted.",
)
@click.version_option(agentsim.__version__, "-V", "--version", prog_name="agentsim")
def cli() -> None:
    """Simulate role-play conversations between language-model agents and make chat datasets of them.

    Start with `agentsim run`: it needs no key and no server.
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command line and exit with its status."""
    status: Any
    try:
        status = cli.main(args=args, prog_name="agentsim", standalone_mode=False)
    except click.exceptions.Exit as error:
        status = error.exit_code
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)  # noqa: T201
        status = 130
    except BrokenPipeError:
        # The reader of our output has gone (`agentsim ls | head`): nothing to tell anyone.
        sys.stderr.close()
        status = 141
    except Exception as error:
        # Importing our errors costs a little; it happens only when there is one.
        from agentsim.errors import AgentsimError
        from agentsim.sanitise import sanitise

        if isinstance(error, AgentsimError):
            told, status = f"agentsim: {error}", error.exit_code
        else:
            import traceback

            told, status = "".join(traceback.format_exception(error)).rstrip(), 1
        print(sanitise(told), file=sys.stderr)  # noqa: T201
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
