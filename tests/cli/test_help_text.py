"""Help at 80 columns: prose fills the lines, examples can be copied."""

from __future__ import annotations

import inspect
import itertools
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from chromasonic.cli import app as cli
from chromasonic.cli.help_text import VERBATIM, folded, laid_out

WIDTH = 80


def commands_below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from commands_below(below, (*path, name))


def every_command() -> list[tuple[str, ...]]:
    loaded = ((name, cli.load_command(name)) for name in cli.COMMANDS)
    return [(), *(path for name, one in loaded for path in commands_below(one, (name,)))]


def help_of(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines between usage and options, without the margin."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    result = CliRunner().invoke(cli.app, [*path, "--help"])
    assert result.exit_code == 0
    text = result.stdout.partition("╭")[0].replace(VERBATIM, "")
    lines = [line.rstrip() for line in text.splitlines()]
    usage = next(number for number, line in enumerate(lines) if line.startswith(" Usage"))
    after = lines.index("", usage)
    return [line.removeprefix(" ") for line in lines[after + 1 :]]


@pytest.mark.parametrize("path", every_command(), ids=" ".join)
def test_prose_fills_its_lines_and_no_example_is_broken_by_the_terminal(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = help_of(path, monkeypatch)
    for line, following in itertools.pairwise(lines):
        if not line or not following or line.startswith(" ") or "Exit codes" in following:
            continue
        if line.startswith(("Results go", "--json prints")):
            continue  # the root's three lines on output
        word = following.split()[0]
        assert len(line) + 1 + len(word) > WIDTH - 2, f"{line!r} has room for {word!r}"
    examples = [line for line in lines if line.lstrip().startswith("chromasonic ")]
    assert all(line.startswith("  chromasonic") for line in examples)


def test_paragraphs_become_one_line_and_verbatim_ones_keep_theirs() -> None:
    text = """Say it.

    One sentence that
    goes on. Another.

    Examples:

    \b
      chromasonic one
      chromasonic two
    """
    assert laid_out(text, 40).replace(VERBATIM, "") == (
        "Say it.\n\nOne sentence that goes on. Another.\n\nExamples:\n\n"
        "  chromasonic one\n  chromasonic two"
    )


def test_a_long_example_goes_on_before_an_option_and_keeps_a_value_with_it() -> None:
    line = '  chromasonic generate --valence -0.5 --key "D major" -o tune.mid'
    assert folded(line, 48).splitlines() == [
        "  chromasonic generate --valence -0.5 \\",
        '      --key "D major" -o tune.mid',
    ]


WORD = st.from_regex(r"[a-z]{1,12}", fullmatch=True)
PART = st.one_of(WORD, WORD.map("--{}".format), WORD.map('"{0} {0}"'.format))


@given(st.lists(PART, min_size=1, max_size=12), st.integers(min_value=40, max_value=100))
def test_a_folded_command_is_the_same_command_to_a_shell(words: list[str], width: int) -> None:
    line = "  chromasonic " + " ".join(words)
    text = folded(line, width)
    assert shlex.split(re.sub(r"\\\n", "", text)) == shlex.split(line)
    assert not any(part.endswith("\\ ") for part in text.splitlines())


def test_docstrings_of_commands_mark_their_examples() -> None:
    for path in every_command()[1:]:
        command: Any = cli.load_command(path[0])
        for name in path[1:]:
            command = command.commands[name]
        text = inspect.cleandoc(command.help)
        assert "Examples:" not in text or VERBATIM in text, path
