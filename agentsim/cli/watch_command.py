"""`agentsim watch`: look on at a run from another terminal."""

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path), default="last")
def command(run: Path) -> None:
    """Show the run in the directory RUN, or the newest one, while it is played or afterwards.

    It only reads. Any number of watchers may come and go without changing the run.
    """
    import sys
    from importlib import import_module

    from agentsim.cli.run_argument import run_folder
    from agentsim.errors import UserError

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("watch needs a terminal", fix="without one, `agentsim ls RUN` and `agentsim show RUN` tell")

    # The watcher is a package above this one; it is named, not imported, so that floors stay in order.
    import_module("agentsim_tui.app").Watcher(run_folder(run)).run()
