"""A prepared corpus on the disk: token streams in shards, with a manifest. This page reads it.

    manifest.json    what it is, where it came from, settings, counts, what was refused and why
    refused.csv      every file and tune that was left out, with its reason
    shards/tunes-00000-of-00013.npz ...

A shard is an uncompressed NumPy archive: `tokens` (all streams, one after the other), `lengths` (of
each), `keys` and `groups` (32 bytes each: hashes of a tune's content and of its group of
near-duplicates) and `words` (JSON: ids, metres). Tunes stand in the order of their groups' hashes,
which is as good as chance: any shard is a fair sample.

Which part a tune is in is decided on reading, by its group's hash and the seed (`data.split`).
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chromasonic import files
from chromasonic.data.corpus import Manifest
from chromasonic.data.progress import Progress
from chromasonic.data.split import Split, make_split
from chromasonic.errors import CorpusError

FORMAT = "chromasonic-prepared-1"
MANIFEST = "manifest.json"
SHARDS = "shards"
REFUSED = "refused.csv"

Stream = NDArray[np.unsignedinteger]


@dataclass(frozen=True, kw_only=True, eq=False)
class ShardContent:
    """What a shard holds.

    Attributes:
        streams: token ids of each tune; views of one array, one or two bytes a token.
        ids: of the tunes.
        metres: at their starts.
        keys: hash of each tune's content.
        group_keys: hash of its group of near-duplicates.
    """

    streams: Sequence[Stream]
    ids: Sequence[str]
    metres: Sequence[str]
    keys: Sequence[str]
    group_keys: Sequence[str]


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedCorpus:
    """A prepared corpus in memory: about one byte a token, and 300 bytes a tune.

    Attributes:
        folder: where it lies.
        facts: its `manifest.json`.
        streams: token ids of each tune.
        ids: of the tunes.
        split: which tune is in which part.
    """

    folder: Path
    facts: dict[str, Any]
    streams: Sequence[Stream]
    ids: Sequence[str]
    split: Split

    @property
    def manifest(self) -> Manifest:
        """Licence, source and counts, as of any corpus."""
        facts = self.facts
        refused = sum(entry["count"] for entry in facts["refused"].values())
        about = ("name", "title", "licence", "licence_url", "citation", "url", "weights_may_ship")
        return Manifest(
            **{name: facts[name] for name in about},
            found_at=str(self.folder),
            found_by="prepared",
            fingerprint=facts["fingerprint"],
            counts=facts["counts"],
            remarks=(f"{refused:,} files or tunes were refused: see {REFUSED}.",) * bool(refused),
        )


def is_prepared(path: files.PathLike) -> bool:
    """Whether a path is the folder of a prepared corpus (or of one that was begun)."""
    return (Path(path) / MANIFEST).is_file() or (Path(path) / ".work" / "plan.json").is_file()


def read_manifest(folder: files.PathLike) -> dict[str, Any]:
    """The `manifest.json` of a prepared corpus.

    Raises:
        CorpusError: there is none, or it is none of ours.
    """
    path = Path(folder) / MANIFEST
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CorpusError(
            f"{folder} holds no prepared corpus: {MANIFEST} is not there. If its preparation was "
            f"broken off, go on with it: chromasonic data prepare SOURCE -o {folder} --resume."
        ) from error
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path} cannot be read: {error}. Prepare the corpus again.") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise CorpusError(
            f"{path} is no manifest of a prepared corpus: its format must be '{FORMAT}'. "
            "Prepare the corpus again with this version."
        )
    return facts


def load_prepared(
    folder: files.PathLike,
    *,
    vocabulary: str,
    seed: int = 0,
    split_file: files.PathLike | None = None,
    on_progress: Progress | None = None,
) -> PreparedCorpus:
    """Read a prepared corpus.

    Args:
        folder: as `chromasonic data prepare` left it.
        vocabulary: signature of the vocabulary that its token ids must be of.
        seed: of the split.
        split_file: a split to use instead of the one by hash.
        on_progress: told how it goes.

    Raises:
        CorpusError: it is not whole, changed since, or of another vocabulary.
    """
    folder = Path(folder)
    facts = read_manifest(folder)
    if facts["vocabulary"] != vocabulary:
        raise CorpusError(
            f"{folder} was tokenized with the vocabulary {facts['vocabulary']}, this version has "
            f"{vocabulary}: its ids mean something else. Prepare the corpus again."
        )
    streams: list[Stream] = []
    ids: list[str] = []
    group_keys: list[str] = []
    for number, shard in enumerate(facts["shards"]):
        if on_progress is not None:
            on_progress(f"reading {folder.name}", number, len(facts["shards"]))
        content = _checked_shard(folder / SHARDS / shard["name"], shard["sha256"])
        streams += content.streams
        ids += content.ids
        group_keys += content.group_keys
    if split_file is None:
        split = make_split(ids, group_keys, seed=seed)
    else:
        split = Split.load(split_file)
        split.checked_against(ids, where=f"The split file {split_file}")
    return PreparedCorpus(folder=folder, facts=facts, streams=streams, ids=ids, split=split)


def _checked_shard(path: Path, sha256: str) -> ShardContent:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(
            f"Cannot read the shard {path}: {error.strerror}. Prepare the corpus again."
        ) from error
    if files.sha256_of_bytes(data) != sha256:
        raise CorpusError(
            f"The shard {path} is not what the manifest says (its SHA-256 differs): it was changed "
            "or damaged. Prepare the corpus again."
        )
    return read_shard(data)


def read_shard(data: bytes) -> ShardContent:
    """What the bytes of a shard hold.

    Raises:
        CorpusError: they are damaged.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        words = json.loads(arrays["words"].tobytes())
        ends = np.cumsum(arrays["lengths"], dtype=np.int64)
        streams = np.split(arrays["tokens"], ends[:-1]) if len(ends) else []
        return ShardContent(
            streams=streams,
            ids=words["ids"],
            metres=words["metres"],
            keys=[row.tobytes().hex() for row in arrays["keys"]],
            group_keys=[row.tobytes().hex() for row in arrays["groups"]],
        )
    except Exception as error:  # whatever damage does to the archive, it is damaged
        raise CorpusError(f"A shard is damaged: {error}. Prepare the corpus again.") from error


def pack_shard(content: ShardContent) -> bytes:
    """The bytes of a shard: the same for the same tunes."""
    file = io.BytesIO()
    words = {"ids": list(content.ids), "metres": list(content.metres)}
    np.savez(
        file,
        tokens=np.concatenate(content.streams),
        lengths=np.array([len(stream) for stream in content.streams], np.int32),
        keys=_rows(content.keys),
        groups=_rows(content.group_keys),
        words=np.frombuffer(json.dumps(words, ensure_ascii=False).encode(), np.uint8),
    )
    return file.getvalue()


def _rows(keys: Sequence[str]) -> NDArray[np.uint8]:
    """(N, 32) the bytes of hexadecimal hashes."""
    return np.frombuffer(bytes.fromhex("".join(keys)), np.uint8).reshape(-1, 32)
