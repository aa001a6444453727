"""`chromasonic`: the entry point that finds commands and turns failures into exit codes.

A command's module is imported when that command runs and not before, so that `--help` and
`--version` answer at once though training needs torch.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from chromasonic import __version__
from chromasonic.cli.help_text import lay_out
from chromasonic.errors import ChromasonicError

# Name on the command line -> (module, attribute, what the list in --help says). The attribute is a
# typer app where the noun has verbs below it, else the command's function.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "data": ("chromasonic.cli.data_prepare", "data_app", "List, fetch and prepare corpora."),
    "train": ("chromasonic.cli.train", "train_app", "Train a model on a corpus."),
    "evaluate": ("chromasonic.cli.evaluate", "evaluate_app", "Judge a trained model."),
    "compare": ("chromasonic.cli.compare", "compare", "Set models side by side, with tests."),
    "generate": ("chromasonic.cli.generate", "generate", "Write new tunes: sound, score, MIDI."),
    "harmonize": ("chromasonic.cli.harmonize", "harmonize", "Set a tune for four voices."),
    "gesture": ("chromasonic.cli.gesture", "gesture_app", "Recognize gestures; play by them."),
    "groove": ("chromasonic.cli.groove", "groove", "Play a MIDI file's drums as drummers do."),
    "track": ("chromasonic.cli.track", "track_app", "Training runs: list them, see their curves."),
    "tune": ("chromasonic.cli.tune", "tune_app", "Search for a better recipe."),
    "models": ("chromasonic.cli.models", "models_app", "Versions of trained models, by name."),
    "ab": ("chromasonic.cli.ab", "ab_app", "Is B better than A: over tunes, and by ear."),
    "studio": ("chromasonic.cli.studio", "studio", "See, hear, compare and vote, in a browser."),
    "inspect": (
        "chromasonic.cli.inspect",
        "inspect",
        "Say what is in a checkpoint, of anybody.",
    ),
    "export": ("chromasonic.cli.export", "export", "Write trained models for plugins, proven."),
    "validate": ("chromasonic.cli.validate", "validate", "Check exported models, all round."),
    "demo": ("chromasonic.cli.demo", "demo", "Corpus to one report page, in minutes."),
}

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE: the reader (`| head`) has gone
INTERRUPTED = "Interrupted. What was finished before is on the disk, whole."
"""Where the interruption itself says nothing; one that was asked for from elsewhere does."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LazyGroup(TyperGroup):
    """The root command: lists every command, imports only the one that runs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is typer's
        """Names in the order of work: data, train, judge, write."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """What the list in --help shows of a command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(name=cmd_name, help=COMMANDS[cmd_name][2])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The real command, imported now."""
        self.commands = {name: self.get_command(ctx, name) for name in COMMANDS}  # for suggestions
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and command is not None:
            command = load_command(name)
        return name, command, rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The root's own help, laid out as those of the commands are."""
        lay_out(self)
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a foreseen failure is a message on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except ChromasonicError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            typer.echo(f"\n{str(error) or INTERRUPTED}", err=True)
            raise typer.Exit(EXIT_INTERRUPTED) from error
        except BrokenPipeError as error:
            # Python flushes stdout once more at exit; let that flush go nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(EXIT_BROKEN_PIPE) from error
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            typer.echo(f"Error: Cannot write: {error.strerror}. Free some space.", err=True)
            raise typer.Exit(EXIT_FAILED) from error


def load_command(name: str) -> Any:
    """Import the command `name` and give it in the form that typer runs.

    Args:
        name: a key of `COMMANDS`.
    """
    module, attribute, _ = COMMANDS[name]
    target = getattr(importlib.import_module(module), attribute)
    if isinstance(target, typer.Typer):
        # get_group, not get_command: a noun with one verb still wants its verb said.
        command: Any = typer.main.get_group(target)
    else:
        single = typer.Typer(add_completion=False)
        single.command(name)(target)
        command = typer.main.get_command(single)
    command.name = name
    lay_out(command)
    return command


app = typer.Typer(
    cls=LazyGroup,
    name="chromasonic",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chromasonic {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Small music models, trained on real music, judged honestly.

    Examples:

    \b
      chromasonic data list
      chromasonic train melody --dataset auto --model lstm --output runs/first
      chromasonic evaluate melody runs/first
      chromasonic generate runs/first --bars 16 --seed 7 --output tune.mid
      chromasonic COMMAND --help

    \b
    Results go to stdout, progress and errors to stderr.
    --json prints one JSON document.
    Exit codes: 0 done, 1 failed, 2 misused, 130 interrupted.
    """
    del version  # acted upon by its callback


def main() -> None:
    """Run the command line; the console script `chromasonic` calls this."""
    app()


if __name__ == "__main__":
    main()
