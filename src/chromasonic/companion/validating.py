"""Are exported companion models what they claim to be, and what was trained?

To the checks of any exported file come the table of models, the page of features, and, where the
training lies beside the file, its best checkpoint: a file that is right in itself may still be the
export of an older training.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chromasonic.companion.features import INPUTS, OUTPUTS
from chromasonic.companion.spec import SPECS
from chromasonic.companion.validating_folder import files_of, one_model
from chromasonic.companion.validating_onnx import validate_companion_onnx
from chromasonic.companion.validating_training import checkpoint, not_compared, run_beside
from chromasonic.errors import UsageError
from chromasonic.export.spec import Block, ModelSpec
from chromasonic.export.validation import Check, Validation, examine, further_checks
from chromasonic.files import PathLike
from chromasonic.registry.reference import is_version_folder, located, reference_in


def validate_companions(
    paths: Sequence[PathLike],
    *,
    name: str | None = None,
    against: PathLike | None = None,
    with_golden: bool = True,
) -> tuple[Validation, ...]:
    """Look at files, and at all exported files of folders.

    Args:
        paths: of .json and .onnx files, and of folders (see `validating_folder.files_of`);
            NAME@VERSION is such a folder.
        name: the model that the one file must hold, however it is called; without, what it is
            called decides.
        against: an output folder of a training, or its checkpoints: the files must compute what
            the best checkpoints there compute. Without, the checkpoints beside a file are taken.
        with_golden: whether metadata and golden vectors must be there.

    Returns:
        One validation a file, and one for each file that is missing.

    Raises:
        UsageError: there is no such model; or `name` comes with several files or a folder.
    """
    given = [place for path in paths for place in _places(path)]
    spec = None if name is None else one_model(name, [place for place, _ in given])
    found: list[Validation] = []
    run = None if against is None else located(against)
    for path, version in given:
        for file in files_of(path):
            found.append(
                validate_companion(file, spec, against=run or version, with_golden=with_golden)
            )
    return tuple(found)


def _places(given: PathLike) -> list[tuple[Path, Path | None]]:
    """A path; of a registered version its exported files: it may hold some of the five alone.

    Returns:
        Each with the version that it must equal, if there is one.

    Raises:
        UsageError: it is a version of which nothing was exported.
    """
    path = located(given)
    if not is_version_folder(path):
        return [(path, None)]
    own = [file for name in SPECS if (file := path / f"{name}.json").is_file()]
    own += _registered_exports(given)
    if not own:
        raise UsageError(
            f"Nothing was exported of {given} yet, and exported files are what is validated. "
            f"Write them, proven: chromasonic models export {given} --output FOLDER."
        )
    return [(file, path if file.stem in SPECS else None) for file in own]


def _registered_exports(given: PathLike) -> list[Path]:
    """What was exported of a version, as the registry keeps it."""
    reference = reference_in(given)
    if reference is None:
        return []
    from chromasonic.registry.versions import existing_models

    models = existing_models()
    return [
        models.export_folder(reference, export.format) / name
        for export in models.get(reference).exports
        for name in sorted(export.files)
        if name.endswith((".json", ".onnx"))
    ]


def validate_companion(
    path: PathLike,
    spec: ModelSpec | None = None,
    *,
    against: PathLike | None = None,
    with_golden: bool = True,
) -> Validation:
    """Look at one file from all sides.

    Args:
        path: a .json or .onnx file.
        spec: what it should be, however it is called; None: what its name says, or, where that
            names no model, what it says of itself.
        against: as in `validate_companions`.
        with_golden: whether metadata and golden vectors must be there.
    """
    path = Path(path)
    compare_file_name = spec is None
    if path.suffix.lower() == ".onnx":
        return validate_companion_onnx(path, spec or SPECS.get(path.stem), against=against)
    if compare_file_name and not path.exists():
        return Validation(path=path, checks=(_missing(path),))
    examined = examine(path, with_golden=with_golden)
    document = examined.document
    metadata = document.metadata if document is not None else None
    if spec is None:
        spec = SPECS.get(path.stem) or SPECS.get(metadata.name if metadata is not None else "")
    checks = [
        *examined.checks,
        *further_checks(examined, spec, compare_file_name=compare_file_name),
    ]
    if document is not None:
        if metadata is not None and spec is not None:
            checks.append(feature_page(metadata.inputs, metadata.outputs, spec.name))
        is_that_model = all(check.passed for check in checks if check.name == "model")
        run = None if spec is None else run_beside(path, spec, against)
        if spec is not None and run is not None and is_that_model:
            checks.append(checkpoint(document, spec, run))
        else:
            checks.append(not_compared(spec, against, run))
    return Validation(path=path, checks=tuple(checks))


def _missing(path: Path) -> Check:
    what = f"{SPECS[path.stem].title} is missing" if path.stem in SPECS else "there is no such file"
    detail = f"{what}; write it with chromasonic export RUN"
    here = [path.with_name(f"{name}.json") for name in SPECS]
    if path.stem in SPECS and (alone := [file for file in here if file.exists()]):
        detail += f", or check what is there alone: chromasonic validate {alone[0]}"
    return Check(name="file", passed=False, detail=detail)


def feature_page(inputs: tuple[Block, ...], outputs: tuple[Block, ...], name: str) -> Check:
    """That the numbers mean what this version's features mean."""
    reworded = 0
    pages = (("inputs", inputs, INPUTS[name]), ("outputs", outputs, OUTPUTS[name]))
    for what, found, wanted in pages:
        if (theirs := _told(found)) != _told(wanted):
            return Check(
                name="feature page",
                passed=False,
                detail=f"its {what} are {theirs!a}; this version's are {_told(wanted)}",
            )
        reworded += sum(a.meaning != b.meaning for a, b in zip(found, wanted, strict=True))
    told = f"{len(inputs)} + {len(outputs)} blocks as in this version"
    if reworded:
        told += f"; {reworded} described in other words"
    return Check(name="feature page", passed=True, detail=told)


def _told(page: tuple[Block, ...]) -> str:
    return ", ".join(f"{block.name} {block.size}" for block in page)
