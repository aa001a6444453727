"""The hybrid's model file: two networks as half-precision numbers, and what they are for.

A NumPy archive (.npz) without pickled objects: `beats/NAME` and `sixteenths/NAME` are weights,
`facts` is a JSON text with format, trust, and a checksum of the weights.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import CheckpointError
from chromasonic.files import sha256_of_bytes, write_bytes
from chromasonic.harmonization.models_directory import train_again
from chromasonic.harmonization.prior import Prior, check_weights

FORMAT = 1
PARTS = ("beats", "sixteenths")
LARGEST_BYTES = 50_000_000

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HybridModel:
    """What a model file holds.

    Attributes:
        beats: the prior for harmonizing; of first order.
        sixteenths: the prior of the likelihood protocol; None where it was not trained.
        trust: see `HybridAgent`.
        facts: what is said of the training, plain values.
    """

    beats: Prior
    sixteenths: Prior | None
    trust: float
    facts: dict[str, Any] = field(default_factory=dict)


def rounded(prior: Prior) -> Prior:
    """A prior with its weights rounded to half precision, as they stand in a file."""
    return Prior(
        {name: w.astype(np.float16).astype(np.float32) for name, w in prior.weights.items()}
    )


def write_hybrid(path: Path, model: HybridModel) -> Path:
    """Write a model file whole; weights are rounded to half precision.

    Raises:
        StorageError: it cannot be written.
    """
    arrays = {
        f"{part}/{name}": np.asarray(values, np.float16)
        for part in PARTS
        if (prior := getattr(model, part)) is not None
        for name, values in sorted(prior.weights.items())
    }
    facts = {
        **model.facts,
        "format": FORMAT,
        "trust": model.trust,
        "sha256": _checksum(arrays),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, facts=np.array(json.dumps(facts)), **arrays)  # type: ignore[arg-type]
    return write_bytes(path, buffer.getvalue())


def read_hybrid(path: Path) -> HybridModel:
    """Read a model file.

    Raises:
        CheckpointError: it is absent, damaged, edited, or of another format.
    """
    path = Path(path)
    again = train_again("hybrid", path.parent)
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise CheckpointError(f"{path} is larger than any hybrid model. {again}")
        with zipfile.ZipFile(path):
            pass  # else NumPy would take a single array, or speak of pickles
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        facts = json.loads(str(arrays.pop("facts")[()]))
    except OSError as error:
        raise CheckpointError(f"Cannot read {path}: {error.strerror or error}. {again}") from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        # What NumPy says of it would be of no help: it speaks of pickles, or of one missing name.
        raise CheckpointError(
            f"{path} is no hybrid model, or damaged: not every array in it can be read. {again}"
        ) from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        found = facts.get("format") if isinstance(facts, dict) else type(facts).__name__
        raise CheckpointError(f"{path} has format {found!r}; {FORMAT} is known. {again}")
    if facts.get("sha256") != _checksum(arrays):
        raise CheckpointError(
            f"The weights in {path} are not those that were written: their checksum differs. "
            f"{again}"
        )
    trust = facts.get("trust")
    if isinstance(trust, bool) or not isinstance(trust, (int, float)) or not 0 <= trust < math.inf:
        raise CheckpointError(
            f"{path}: trust is {trust!r}; a number of 0 or more is wanted. {again}"
        )
    beats, sixteenths = (_prior(arrays, part, path) for part in PARTS)
    if beats is None or beats.memory:
        raise CheckpointError(f"{path} has no network of first order for beats. {again}")
    return HybridModel(beats=beats, sixteenths=sixteenths, trust=float(trust), facts=facts)


def _prior(arrays: Mapping[str, npt.NDArray[Any]], part: str, path: Path) -> Prior | None:
    weights = {
        name.removeprefix(f"{part}/"): np.ascontiguousarray(values, np.float32)
        for name, values in arrays.items()
        if name.startswith(f"{part}/")
    }
    if not weights:
        return None
    check_weights(weights, source=f"{path} ({part})")
    return Prior(weights)


def _checksum(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    parts = [
        f"{name} {values.dtype.str} {values.shape}\n".encode() + values.tobytes()
        for name, values in sorted(arrays.items())
    ]
    return sha256_of_bytes(b"".join(parts))
