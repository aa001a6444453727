"""Inert stand-ins for the few harmless classes that checkpoints of others hold beside tensors.

PyTorch's safe reader calls these in place of the classes that a file names: a NumPy number becomes
a Python number here, an argparse.Namespace a dict, and no code of NumPy, of Lightning or of the
file is run. What is not listed is refused.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from typing import Any


class Record:
    """Whatever it is called with, built with or filled with, it keeps and does nothing."""

    plain: Any = None

    def __new__(cls, *arguments: Any) -> Record:
        """Keep what the class would have been made from."""
        made = super().__new__(cls)
        made.plain = arguments[0] if len(arguments) == 1 else arguments
        return made

    def __init__(self, *arguments: Any) -> None:
        del arguments

    def __setstate__(self, state: Any) -> None:
        self.plain = state

    @property
    def plain_value(self) -> Any:
        """What it holds, as plain values."""
        state = self.plain
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], dict):
            state = state[0]
        if isinstance(state, dict) and "_content" in state:  # OmegaConf's containers
            return state["_content"]
        if isinstance(state, dict) and "_val" in state:  # and its leaves
            return state["_val"]
        return state if state is not None else ""


class Fields:
    """A dict of another package, such as Lightning's hyperparameters: an ordered dict instead."""

    def __new__(cls, *arguments: Any) -> OrderedDict[Any, Any]:  # type: ignore[misc]
        """An empty one, which the reader fills."""
        del arguments
        return OrderedDict()


class PathText(Record):
    """A path, as text; no file of that name is looked at."""

    def __new__(cls, *parts: Any) -> PathText:
        """Join the parts."""
        made = super().__new__(cls)
        joined = "/".join(str(part) for part in parts)
        made.plain = joined[1:] if joined.startswith("//") else joined
        return made  # type: ignore[return-value]


class NumberKind(Record):
    """A NumPy dtype: its letter and size, such as "f8", and its byte order."""

    order = "<"

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "="):
            self.order = ">" if state[1] == ">" else "<"

    @property
    def code(self) -> str:
        """Such as "f8"; "?" where it is nothing that counts."""
        name = self.plain[0] if isinstance(self.plain, tuple) and self.plain else self.plain
        return name if isinstance(name, str) else "?"

    @property
    def plain_value(self) -> Any:
        """Its code."""
        return self.code


CODES = {
    "f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "i2": "h", "i1": "b",
    "u8": "Q", "u4": "I", "u2": "H", "u1": "B", "b1": "?",
}  # fmt: skip
"""NumPy's letters, and those of Python's struct."""


class Number(Record):
    """A NumPy number, read by Python's struct."""

    def __new__(cls, kind: Any = None, data: Any = None, *rest: Any) -> Number:
        """Decode it; what is no plain number is told as text."""
        del rest
        made = super().__new__(cls)
        made.plain = _decoded(kind, data)
        return made  # type: ignore[return-value]


def _decoded(kind: Any, data: Any) -> Any:
    if isinstance(data, str):  # bytes, as protocol 2 writes them where no codec is named
        data = data.encode("latin-1", "replace")
    if not isinstance(kind, NumberKind) or not isinstance(data, bytes):
        return "a NumPy value"
    letter = CODES.get(kind.code)
    if letter is None or len(data) != struct.calcsize(f"<{letter}"):
        return f"a NumPy value of kind {kind.code[:20]}"
    return struct.unpack(f"{kind.order}{letter}", data)[0]


class Array(Record):
    """A NumPy array: its shape and kind; its numbers are not read."""

    @property
    def plain_value(self) -> Any:
        """Such as "array 624 u4"."""
        state = self.plain
        if not isinstance(state, tuple) or len(state) < 3 or not isinstance(state[1], tuple):
            return "array"
        shape = " x ".join(str(size)[:20] for size in state[1][:8])
        code = state[2].code[:20] if isinstance(state[2], NumberKind) else "?"
        return f"array {shape or 'of one number'} {code}"


def array(*arguments: Any) -> Array:
    """Stands for NumPy's own function that makes an array before it is filled."""
    del arguments
    return Array()


STAND_INS: dict[str, Any] = {
    "numpy.dtype": NumberKind,
    "numpy.ndarray": Array,
    "numpy.core.multiarray.scalar": Number,
    "numpy._core.multiarray.scalar": Number,
    "numpy.core.multiarray._reconstruct": array,
    "numpy._core.multiarray._reconstruct": array,
    "argparse.Namespace": Record,
    "types.SimpleNamespace": Record,
    "pathlib.Path": PathText,
    "pathlib.PosixPath": PathText,
    "pathlib.WindowsPath": PathText,
    "pathlib.PurePosixPath": PathText,
    "pathlib.PureWindowsPath": PathText,
    "pathlib._local.PosixPath": PathText,
    "pathlib._local.WindowsPath": PathText,
    "collections.defaultdict": Fields,
    "builtins.dict": Fields,
    "builtins.list": Record,
    "builtins.str": Record,
    "builtins.int": Record,
    "builtins.float": Record,
    "typing.Any": Record,
    "datetime.datetime": Record,
    "datetime.date": Record,
    "datetime.timedelta": Record,
    "pytorch_lightning.utilities.parsing.AttributeDict": Fields,
    "lightning.pytorch.utilities.parsing.AttributeDict": Fields,
    "lightning_fabric.utilities.data.AttributeDict": Fields,
    "lightning.fabric.utilities.data.AttributeDict": Fields,
    "easydict.EasyDict": Fields,
    "omegaconf.dictconfig.DictConfig": Record,
    "omegaconf.listconfig.ListConfig": Record,
    "omegaconf.base.ContainerMetadata": Record,
    "omegaconf.base.Metadata": Record,
    "omegaconf.nodes.AnyNode": Record,
    "omegaconf.nodes.StringNode": Record,
    "omegaconf.nodes.IntegerNode": Record,
    "omegaconf.nodes.FloatNode": Record,
    "omegaconf.nodes.BooleanNode": Record,
}
"""Name in a file -> what stands in for it."""
