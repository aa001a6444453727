"""Is an exported file what it claims to be? A list of named checks, each with what was found.

RTNeural's parser takes many a wrong file and computes something else, or crashes; this is the
guard before it. See docs/validate.md for what each check means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic.errors import ExportError
from chromasonic.export import checks
from chromasonic.export.document import Document
from chromasonic.export.json_limits import DocumentError, Limits
from chromasonic.export.metadata_reading import metadata_of
from chromasonic.export.reading import parse_value, read_bytes, structure_of
from chromasonic.export.spec import ModelSpec
from chromasonic.files import PathLike

STRUCTURE = ("file", "format", "layers", "shapes", "activations", "finite")
"""What must hold before anything else can be looked at; in this order."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: of the check.
        passed: True, False, or None: not looked at.
        detail: what was found; of what failed also where, and what is allowed.
    """

    name: str
    passed: bool | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What was found in one file.

    Attributes:
        path: the file.
        checks: in order.
    """

    path: Path
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        """What failed."""
        return tuple(check for check in self.checks if check.passed is False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "path": str(self.path).encode("utf-8", "backslashreplace").decode(),
            "passed": self.passed,
            "checks": [
                {"name": check.name, "passed": check.passed, "detail": check.detail}
                for check in self.checks
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What was read of a file, and the checks so far.

    Attributes:
        path: the file.
        document: None if its structure cannot be read; without metadata if those cannot.
        checks: of the structure and the metadata.
    """

    path: Path
    document: Document | None
    checks: tuple[Check, ...]


def validate_file(
    path: PathLike,
    spec: ModelSpec | None = None,
    *,
    with_golden: bool = True,
    compare_file_name: bool = True,
    limits: Limits | None = None,
) -> Validation:
    """Look at an RTNeural file from all sides; a wrong file is a failed check, never an error.

    Args:
        path: the file.
        spec: what it should be; None: only what it says of itself is compared.
        with_golden: whether metadata and golden vectors must be there; without them nothing shows
            that the file computes what was trained.
        compare_file_name: whether the file must be called as its model.
        limits: how much it may hold.
    """
    examined = examine(path, with_golden=with_golden, limits=limits)
    return Validation(
        path=examined.path,
        checks=examined.checks
        + further_checks(examined, spec, compare_file_name=compare_file_name),
    )


def examine(path: PathLike, *, with_golden: bool = True, limits: Limits | None = None) -> Examined:
    """Read a file, its structure first, then its metadata."""
    path = Path(path)
    stage = "file"
    try:
        data = read_bytes(path, limits=limits)
        stage = "format"
        value = parse_value(data, limits=limits)
        inputs, layers = structure_of(value)
    except ExportError as error:
        if isinstance(error, DocumentError) and stage != "file":
            stage = error.check
        return Examined(path=path, document=None, checks=_stopped(stage, str(error)))
    except MemoryError:
        return Examined(path=path, document=None, checks=_stopped(stage, "too little memory"))
    document = Document(inputs=inputs, layers=layers)
    found = tuple(
        Check(name=name, passed=True, detail=detail)
        for name, detail in checks.structure_details(document, len(data))
    )
    if "metadata" not in value:
        missing = Check(
            name="metadata",
            passed=False if with_golden else None,
            detail="not there, so nothing shows what it was trained on and that it computes what "
            "was trained" + ("; a file of another program: --no-golden" if with_golden else ""),
        )
        return Examined(path=path, document=document, checks=(*found, missing))
    try:
        metadata = metadata_of(value["metadata"], inputs, layers[-1].size)
    except DocumentError as error:
        wrong = Check(name="metadata", passed=False, detail=str(error))
        return Examined(path=path, document=document, checks=(*found, wrong))
    document = Document(inputs=inputs, layers=layers, metadata=metadata)
    passed, detail = checks.metadata(document, metadata)
    told = Check(name="metadata", passed=passed, detail=detail)
    return Examined(path=path, document=document, checks=(*found, told))


def further_checks(
    examined: Examined, spec: ModelSpec | None, *, compare_file_name: bool = True
) -> tuple[Check, ...]:
    """What can be said of a model that could be read."""
    document = examined.document
    if document is None:
        return ()

    def run() -> Iterator[tuple[str, checks.Finding]]:
        if spec is not None:
            yield "model", checks.model(document, spec)
        yield "parameters", checks.parameters(document, spec)
        metadata = document.metadata
        if metadata is not None:
            name = examined.path.stem if compare_file_name else None
            yield "name", checks.name(metadata, spec, name)
            yield "weight hash", checks.hash_of_weights(document, metadata)
            yield "golden inputs", checks.golden_inputs(document, metadata)
            yield "golden outputs", checks.golden_outputs(document, metadata)
            if document.layers[-1].activation == "softmax":
                yield "distribution", checks.distribution(metadata.golden)
            if any(layer.activation == "softmax" for layer in document.layers):
                yield "softmax", checks.softmax(document, metadata.golden)
        yield "round trip", checks.round_trip(document)

    return tuple(Check(name=name, passed=passed, detail=detail) for name, (passed, detail) in run())


def _stopped(stage: str, why: str) -> tuple[Check, ...]:
    """The checks of a file that cannot be read: one failed, the others are not checked."""
    names = STRUCTURE if stage in STRUCTURE else (*STRUCTURE, stage)
    return tuple(
        Check(name=name, passed=False, detail=why)
        if name == stage
        else Check(
            name=name,
            passed=True if name == "file" else None,
            detail="could be read" if name == "file" else f"see {stage}",
        )
        for name in names
    )
