"""Help texts that fit the terminal, whatever the lines of a docstring are."""

from __future__ import annotations

import inspect
import re
from typing import Any

VERBATIM = "\b"
"""Begins a paragraph whose lines stay as they are (click's mark)."""


def lay_out(command: Any, width: int | None = None) -> None:
    """Lay out the help of a command, and of all commands below it, for the terminal's width.

    Args:
        command: a click command or group; its `help` is replaced.
        width: columns of the terminal; None asks it.
    """
    if width is None:
        import shutil

        width = shutil.get_terminal_size().columns
    if command.help and getattr(command, "rich_markup_mode", None) is not None:
        command.help = laid_out(command.help, width - 2)  # one column of margin on both sides
    for below in getattr(command, "commands", {}).values():
        lay_out(below, width)


def laid_out(text: str, width: int) -> str:
    """A help text with each paragraph on one line, for the terminal to break where it is full.

    Paragraphs after the mark of verbatim keep their lines; a command among them that is too long
    goes on in the next line after a backslash, so that it can still be copied.

    Args:
        text: paragraphs between empty lines.
        width: columns to fill.
    """
    first, *others = inspect.cleandoc(text).split("\n\n")
    joined = first.replace("\n", " ") + "\n"
    for number, paragraph in enumerate(others):
        if number == 0 or not paragraph.startswith(VERBATIM):
            joined += "\n"
        if paragraph.startswith(VERBATIM):
            lines = paragraph.removeprefix(VERBATIM).strip("\n").splitlines()
            # The line of the mark is printed empty: it parts the paragraphs, one empty line is
            # enough. Typer would take the indentation away where it is not there.
            joined += VERBATIM + "\n" + "\n".join(folded(line, width) for line in lines) + "\n"
        else:
            joined += paragraph.replace("\n", " ") + "\n"
    return joined.rstrip("\n")


def folded(line: str, width: int) -> str:
    """A command that goes on in further lines before its options, where it is too long.

    Args:
        line: a shell command, indented.
        width: columns to fill.
    """
    if len(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    words = re.findall(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""", line)
    parts: list[str] = []
    for word in words:
        if parts and not re.match(r"--?[a-z]", word):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    lines = [indent + parts[0]]
    for part in parts[1:]:
        if len(f"{lines[-1]} {part} \\") <= width:
            lines[-1] += f" {part}"
        else:
            lines[-1] += " \\"
            lines.append(f"{indent}    {part}")
    return "\n".join(lines)
