"""What takes long to begin, for the tests of one folder: a browser, a studio, a Ray cluster.

It is begun once in a test process, and ends when that process goes on to the tests of another
folder: what idles beside them takes memory, and of the processor more than one would think.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar

Begun = TypeVar("Begun")

_begun: dict[Callable[[], Any], Any] = {}
_endings = ExitStack()


def shared(begin: Callable[[], AbstractContextManager[Begun]]) -> Begun:
    """What `begin` begins; the second to ask gets what the first one got."""
    if begin not in _begun:
        _begun[begin] = _endings.enter_context(begin())
    return _begun[begin]  # type: ignore[no-any-return]


def end_shared() -> None:
    """End it all, what was begun last first."""
    _begun.clear()
    _endings.close()
