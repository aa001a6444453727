"""Markdown written from text of strangers: nothing in it can become a heading, a link or HTML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit


def one_line(text: object) -> str:
    """Text on one line: breaks become spaces; signs that nobody sees or that turn a line go."""
    spaced = re.sub(r"\s+", " ", str(text))
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs")).strip()


def escaped(text: object) -> str:
    """Text as it is read, whatever marks of Markdown or HTML are in it."""
    line = one_line(text)
    line = re.sub(r"([\\`*_\[\]|~])", r"\\\1", line)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"^([#=]|[+-](?=[\s+-]|$))", r"\\\1", line)
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", line)


def code(text: object) -> str:
    """Text as code within a line."""
    line = one_line(text)
    longest = max(map(len, re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def fenced(text: str, language: str = "") -> str:
    """Lines of code, closed by a fence that is not in them."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def link(text: object, url: str) -> str:
    """A link to a page of the web; the text alone where the address is none."""
    parts = urlsplit(one_line(url))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return escaped(text)
    return f"[{escaped(text)}](<{quote(parts.geturl(), safe=':/?#@!$&+,;=%~')}>)"


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()
) -> str:
    """A table of cells that are Markdown already.

    Args:
        headings: of the columns.
        rows: a cell a column.
        right: columns of numbers, by index.
    """
    rule = ["---:" if column in right else "---" for column in range(len(headings))]
    lines = [headings, rule, *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(cell: str) -> str:
    """A stroke ends a cell even within code, unless a backslash stands before it."""
    return re.sub(r"(?<!\\)\|", r"\\|", cell)
