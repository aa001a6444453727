"""Any pieces as a few flat arrays, and back: exact, fast, and no code in the file.

Values are taken apart by columns: of a thousand performances there is one column of ids, one of all
onsets end to end, one of all pitches. What is no array is one JSON tree; arrays stand beside it in
a NumPy .npz archive that is never unpickled. What can be packed: frozen dataclasses of str, int,
float, bool, None, tuples, frozensets, dicts, NumPy arrays and such dataclasses. Values come back
equal, of the same types, and without the class's own checks, which they passed before they were
stored; NumPy scalars come back as Python's.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from types import MemberDescriptorType
from typing import IO, Any

import numpy as np
import numpy.typing as npt

PACKING_VERSION = 1
"""Goes up whenever the arrays change their meaning: caches are keyed by it."""

TREE = "tree"
INT64 = np.iinfo(np.int64)
FEW = 16
"""Shorter columns of numbers stand in the tree itself."""


def pack(value: Any, file: IO[bytes]) -> None:
    """Write a value to a file as a NumPy .npz archive, whose parts carry checksums.

    Args:
        value: a frozen dataclass or any other value that can be packed.
        file: open for writing; must be able to seek.

    Raises:
        TypeError: something in it cannot be packed; names its type.
    """
    packer = _Packer()
    tree = packer.column([value])
    text = np.frombuffer(json.dumps(tree).encode(), np.uint8)
    np.savez(file, allow_pickle=False, **{TREE: text}, **packer.arrays)


def unpack(file: IO[bytes]) -> Any:
    """What `pack` was given.

    Raises:
        ValueError: the file is damaged, or was written for other classes than there are now.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        tree = json.loads(arrays[TREE].tobytes())
        (value,) = _Unpacker(arrays).column(tree)
    except Exception as error:  # whatever damage does to the archive, it is damaged
        raise ValueError(f"damaged cache: {error}") from error
    return value


class _Packer:
    """Takes columns of values apart; the arrays that it meets are in `arrays`."""

    def __init__(self) -> None:
        self.arrays: dict[str, npt.NDArray[Any]] = {}

    def column(self, values: Sequence[Any]) -> dict[str, Any]:
        """The tree of a column: values of one kind, or a mixture of several."""
        if len(values) > 1 and _is_one_object(values):
            return {"k": "same", "n": len(values), "of": self.column(values[:1])}
        kinds = [_kind(value) for value in values]
        distinct = list(dict.fromkeys(kinds))
        if len(distinct) == 1:
            return self._pure(distinct[0], values)
        if not distinct:
            return {"k": "json", "v": []}
        numbers = {kind: number for number, kind in enumerate(distinct)}
        return {
            "k": "mixed",
            "which": self._numbers([numbers[kind] for kind in kinds]),
            "of": [
                self._pure(kind, [v for v, k in zip(values, kinds, strict=True) if k == kind])
                for kind in distinct
            ],
        }

    def _pure(self, kind: tuple[Any, ...], values: Sequence[Any]) -> dict[str, Any]:
        if kind[0] == "class":
            cls = kind[1]
            fields = [field.name for field in dataclasses.fields(cls)]
            return {
                "k": "class",
                "class": f"{cls.__module__}:{cls.__qualname__}",
                "n": len(values),
                "fields": {
                    name: self.column([getattr(value, name) for value in values]) for name in fields
                },
            }
        if kind[0] == "array":
            return self._arrays(values)
        if kind[0] == "tuple":
            return {
                "k": "tuple",
                "lengths": self._numbers([len(value) for value in values]),
                "of": self.column([item for value in values for item in value]),
            }
        if kind[0] == "frozenset":
            return {"k": "frozenset", "of": self.column([_in_order(value) for value in values])}
        if kind[0] == "dict":
            return {
                "k": "dict",
                "keys": self.column([tuple(value) for value in values]),
                "values": self.column([tuple(value.values()) for value in values]),
            }
        if kind[0] == "number" and len(values) > FEW:
            return {"k": "number", "array": self._store(np.array(values, kind[1]))}
        return {"k": "json", "v": [_plain(value) for value in values]}

    def _numbers(self, values: list[int]) -> Any:
        """Counts and places: in the tree where they are few."""
        return values if len(values) <= FEW else self._store(np.array(values, np.int64))

    def _arrays(self, values: Sequence[npt.NDArray[Any]]) -> dict[str, Any]:
        """Arrays of one type and number of axes, end to end, and their shapes."""
        joined = np.concatenate([value.reshape(-1) for value in values])
        shapes = np.array([value.shape for value in values], np.int64).reshape(len(values), -1)
        # Joining turns the bytes of numbers into this machine's order; the old one is kept in mind.
        place = self._store(joined)[0], values[0].dtype.str
        return {"k": "array", "array": place, "shapes": self._store(shapes)}

    def _store(self, values: npt.NDArray[Any]) -> list[str]:
        """Put an array aside, in the smallest type that holds its whole numbers: name, type."""
        name = f"a{len(self.arrays)}"
        small = values
        if values.dtype.kind in "iu" and values.size:
            smallest = np.result_type(
                np.min_scalar_type(values.min()), np.min_scalar_type(values.max())
            )
            if smallest.kind in "iu" and smallest.itemsize < values.dtype.itemsize:
                small = values.astype(smallest)
        self.arrays[name] = small
        return [name, values.dtype.str]


class _Unpacker:
    """Puts columns of values together again."""

    def __init__(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        self.arrays = arrays

    def column(self, tree: dict[str, Any]) -> list[Any]:
        """The values of a column."""
        return self.readers[tree["k"]](self, tree)

    def _json(self, tree: dict[str, Any]) -> list[Any]:
        return list(tree["v"])

    def _number(self, tree: dict[str, Any]) -> list[Any]:
        return self._stored(tree["array"]).tolist()

    def _mixed(self, tree: dict[str, Any]) -> list[Any]:
        columns = [iter(self.column(part)) for part in tree["of"]]
        return [next(columns[number]) for number in self._counts(tree["which"])]

    def _class(self, tree: dict[str, Any]) -> list[Any]:
        cls = _class_of(tree["class"])
        if [field.name for field in dataclasses.fields(cls)] != list(tree["fields"]):
            raise ValueError(f"{tree['class']} has other fields now")
        values = [object.__new__(cls) for _ in range(tree["n"])]
        for name, part in tree["fields"].items():
            put = _setter(cls, name)
            for value, item in zip(values, self.column(part), strict=True):
                put(value, item)
        return values

    def _same(self, tree: dict[str, Any]) -> list[Any]:
        return self.column(tree["of"]) * tree["n"]

    def _tuple(self, tree: dict[str, Any]) -> list[Any]:
        flat = self.column(tree["of"])
        ends = accumulate(self._counts(tree["lengths"]), initial=0)
        return [tuple(flat[start:end]) for start, end in pairwise(ends)]

    def _frozenset(self, tree: dict[str, Any]) -> list[Any]:
        return [frozenset(items) for items in self.column(tree["of"])]

    def _dict(self, tree: dict[str, Any]) -> list[Any]:
        pairs = zip(self.column(tree["keys"]), self.column(tree["values"]), strict=True)
        return [dict(zip(keys, values, strict=True)) for keys, values in pairs]

    def _array(self, tree: dict[str, Any]) -> list[Any]:
        joined = self._stored(tree["array"])
        shapes = self._stored(tree["shapes"])
        ends = [0, *np.cumsum(shapes.prod(axis=1)).tolist()]
        if shapes.shape[1] == 1:  # by far the most frequent, and worth the shorter way
            return [joined[start:end] for start, end in pairwise(ends)]
        return [
            joined[start:end].reshape(shape)
            for (start, end), shape in zip(pairwise(ends), shapes.tolist(), strict=True)
        ]

    readers: dict[str, Callable[[_Unpacker, dict[str, Any]], list[Any]]] = {  # noqa: RUF012
        "json": _json,
        "number": _number,
        "mixed": _mixed,
        "class": _class,
        "same": _same,
        "tuple": _tuple,
        "frozenset": _frozenset,
        "dict": _dict,
        "array": _array,
    }

    def _counts(self, values: Any) -> list[int]:
        """What `_Packer._numbers` was given."""
        if values and isinstance(values[0], str):
            return self._stored(values).tolist()
        return values

    def _stored(self, place: list[str]) -> npt.NDArray[Any]:
        name, dtype = place
        return self.arrays[name].astype(np.dtype(dtype), copy=False)


def _kind(value: Any) -> tuple[Any, ...]:
    """What a value is, so that values of one kind can make a column.

    Raises:
        TypeError: it cannot be packed.
    """
    cls = type(value)
    if cls is str or value is None or cls is bool:
        return ("json",)
    if cls is int:
        return ("number", "<i8") if INT64.min <= value <= INT64.max else ("json",)
    if cls is float:
        return ("number", "<f8")
    if cls in (tuple, frozenset, dict):
        return (cls.__name__,)
    if cls is np.ndarray and value.dtype.kind in "biufcSUmM":
        return ("array", value.dtype.str, value.ndim)
    if isinstance(value, np.generic) and isinstance(value.item(), (bool, int, float, str)):
        return ("json",)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return ("class", cls)
    raise TypeError(
        f"A {cls.__module__}.{cls.__qualname__} cannot be stored in the cache of corpora; allowed "
        "in pieces are dataclasses, str, int, float, bool, None, tuples, frozensets, dicts and "
        "NumPy arrays."
    )


def _is_one_object(values: Sequence[Any]) -> bool:
    """Whether all are one and the same dataclass's object (the skeleton of all movements): it is
    stored once, and is one object again when it comes back."""
    first = values[0]
    return dataclasses.is_dataclass(first) and all(value is first for value in values)


def _in_order(values: frozenset[Any]) -> tuple[Any, ...]:
    """The items of a set, in one order wherever they have one: equal values, equal files."""
    try:
        return tuple(sorted(values))
    except TypeError:
        return tuple(values)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _class_of(name: str) -> type[Any]:
    """A dataclass by module and name; only this package's modules are ever imported for it.

    Raises:
        ValueError: there is no such dataclass.
    """
    module_name, _, path = name.partition(":")
    module = sys.modules.get(module_name)
    if module is None and module_name.startswith("chromasonic."):
        module = importlib.import_module(module_name)
    found: Any = module
    for part in path.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise ValueError(f"there is no dataclass {name}")
    return found


def _setter(cls: type[Any], name: str) -> Callable[[Any, Any], None]:
    """Sets a field of a frozen dataclass: straight into its slot where it has one."""
    slot = getattr(cls, name, None)
    if isinstance(slot, MemberDescriptorType):
        return slot.__set__

    def into_dict(value: Any, item: Any) -> None:
        value.__dict__[name] = item

    return into_dict
