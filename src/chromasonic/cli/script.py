"""What the scripts at the repository's root share: form of options, failures as messages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from chromasonic.cli.app import EXIT_INTERRUPTED
from chromasonic.errors import ChromasonicError


def script_app() -> typer.Typer:
    """An app of one command, in the form of `chromasonic` itself."""
    return typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


@contextmanager
def failures_told(interrupted: str = "Interrupted.") -> Iterator[None]:
    """A foreseen failure is a message on stderr and its exit code; Ctrl-C says how to go on."""
    try:
        yield
    except ChromasonicError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        typer.echo(f"\n{str(error) or interrupted}", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from error


def run_script(app: typer.Typer) -> None:
    """Run it under the name that was typed."""
    app(prog_name=Path(sys.argv[0]).name)
