"""Which tunes are for training, validation and test.

A split is a list of ids, so that it can be stored, read and given by hand. One that is made here
goes by the tunes' content, not by their place: the hash of a group of near-duplicates, with the
seed, is a number between 0 and 1, and 0.8 and 0.9 are the borders. So it does not move when files
are read in another order, and tunes that are added leave the others where they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from chromasonic import files
from chromasonic.errors import CorpusError

FORMAT = "chromasonic-split-1"
TRAIN_BORDER = 0.8
VALIDATION_BORDER = 0.9


@dataclass(frozen=True)
class Split:
    """Ids of the tunes of each part; no id is in two parts."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        ids = [*self.train, *self.validation, *self.test]
        double = len(ids) - len(set(ids))
        if double:
            seen: set[str] = set()
            first = next(id for id in ids if id in seen or seen.add(id))  # type: ignore[func-returns-value]
            raise CorpusError(
                f"The split names {double} tune(s) twice, such as '{first}'. "
                "A tune belongs to one part only: take the other mention out."
            )

    def part(self, name: str) -> tuple[str, ...]:
        """The ids of "train", "validation" or "test"."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]

    @property
    def sizes(self) -> dict[str, int]:
        """Part to how many tunes it has."""
        return {name: len(self.part(name)) for name in ("train", "validation", "test")}

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON, as `save` writes them."""
        return {
            "format": FORMAT,
            "train": list(self.train),
            "validation": list(self.validation),
            "test": list(self.test),
        }

    def save(self, path: files.PathLike) -> Path:
        """Write the split as JSON, whole."""
        return files.write_json(path, self.to_dict())

    @classmethod
    def load(cls, path: files.PathLike) -> Split:
        """Read a split that `save` wrote, or a JSON object of three lists made by hand.

        Raises:
            CorpusError: the file cannot be read, is no split, or names a tune twice.
        """
        try:
            value = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise CorpusError(f"Cannot read the split file {path}: {error.strerror}.") from error
        except ValueError as error:
            raise CorpusError(f"The split file {path} is no JSON: {error}.") from error
        names = ("train", "validation", "test")
        if not isinstance(value, dict) or any(
            not isinstance(value.get(name), list)
            or not all(isinstance(id, str) for id in value[name])
            for name in names
        ):
            raise CorpusError(
                f"The split file {path} is no split: a JSON object with the lists "
                f"{', '.join(names)} of tune ids is wanted."
            )
        return cls(*(tuple(value[name]) for name in names))

    def checked_against(self, ids: Collection[str], *, where: str) -> Split:
        """This split, if it names only tunes that are there.

        Raises:
            CorpusError: some ids are unknown; says how many and names the first.
        """
        known = set(ids)
        named = [*self.train, *self.validation, *self.test]
        unknown = [id for id in named if id not in known]
        if unknown:
            raise CorpusError(
                f"{where} names {len(unknown)} of {len(named)} tune(s) that the corpus does not "
                f"have, such as '{unknown[0]}'. Its ids look like '{next(iter(ids), '')}': check "
                "that the split was made for this corpus."
            )
        return self


def make_split(
    ids: Sequence[str],
    group_keys: Sequence[str],
    *,
    seed: int = 0,
    listed: Split | None = None,
) -> Split:
    """Split tunes about 80 : 10 : 10, keeping each group together.

    Args:
        ids: tune ids.
        group_keys: for each tune the content key of its group of near-duplicates.
        seed: another number, another split.
        listed: places that are already given, for some ids; a group with a listed tune goes with
            it, so tunes that are added cannot stand beside their copies in another part.

    Returns:
        The parts, each in the order of `ids`.
    """
    places = {key: number_of(key, seed) for key in dict.fromkeys(group_keys)}
    parts = {key: _part_of(number) for key, number in places.items()}
    _fill_empty_parts(parts, places)
    given = {id: name for name in PARTS for id in listed.part(name)} if listed else {}
    for id, key in zip(ids, group_keys, strict=True):
        if id in given:
            parts[key] = given[id]
    chosen: dict[str, list[str]] = {name: [] for name in PARTS}
    for id, key in zip(ids, group_keys, strict=True):
        chosen[given.get(id, parts[key])].append(id)
    return Split(*(tuple(chosen[name]) for name in PARTS))


PARTS = ("train", "validation", "test")


def part_of_work(key: str, seed: int = 0) -> str:
    """The part that the key of a work alone decides: where `make_split` puts it if it is in no
    listing and no part would stay empty. For corpora too large to be listed first."""
    return _part_of(number_of(key, seed))


def number_of(key: str, seed: int) -> float:
    """A number from 0 up to 1 that a key and the seed decide alone."""
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _part_of(number: float) -> str:
    if number < TRAIN_BORDER:
        return "train"
    return "validation" if number < VALIDATION_BORDER else "test"


def _fill_empty_parts(parts: dict[str, str], places: dict[str, float]) -> None:
    """Give a part that chance left empty the group nearest to its middle (tiny corpora)."""
    if len(parts) < 3:
        return
    for name, middle in (("validation", 0.85), ("test", 0.95), ("train", 0.4)):
        if name in parts.values():
            continue
        counts = {other: sum(part == other for part in parts.values()) for other in PARTS}
        movable = [key for key, part in parts.items() if counts[part] > 1]
        parts[min(movable, key=lambda key: (abs(places[key] - middle), key))] = name
