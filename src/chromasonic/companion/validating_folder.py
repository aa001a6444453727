"""Which files a validation looks at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chromasonic.companion.spec import SPECS
from chromasonic.errors import UsageError
from chromasonic.export.spec import ModelSpec

SHORT_NAMES = {name.partition("_")[0]: name for name in SPECS}
"""emotion, melody, harmony, dynamics, groove."""

START = b'{"in_shape"'
"""Of every .json that an export writes."""


def files_of(path: Path) -> list[Path]:
    """The file itself; of a folder every exported file in it.

    These are all .onnx files, the .json files of the five companion models, and every other .json
    that begins as an export does. A plugin loads the five companions' .json together: where one is
    there, or nothing at all, those that are missing are listed, too.
    """
    if not path.is_dir():
        return [path]
    models = [path / f"{name}.json" for name in SPECS]
    others = [
        file
        for file in sorted(path.glob("*.json"))
        if file not in models and _begins_as_an_export(file)
    ]
    others += sorted(file for file in path.glob("*.onnx") if file.is_file())
    needs_models = any(file.exists() for file in models) or not others
    return [*(models if needs_models else ()), *others]


def _begins_as_an_export(path: Path) -> bool:
    try:
        if not path.is_file():  # opening a pipe would wait for its writer
            return False
        with path.open("rb") as file:
            return file.read(len(START)) == START
    except OSError:
        return False


def one_model(name: str, paths: Sequence[Path]) -> ModelSpec:
    """The spec that `--model` names for the one file.

    Raises:
        UsageError: there is no such model, or there are several files, or a folder.
    """
    spec = SPECS.get(SHORT_NAMES.get(name, name))
    if spec is None:
        raise UsageError(
            f"--model is '{name}', which is no companion model; allowed: {', '.join(SHORT_NAMES)}."
        )
    otherwise = "or leave it out: then the name of each file says what it must hold."
    if len(paths) != 1:
        raise UsageError(
            f"--model goes with one file, and {len(paths)} were given. Give one, {otherwise}"
        )
    if paths[0].is_dir():
        raise UsageError(
            f"--model goes with one file, and {paths[0]} is a folder. Give a file in it, "
            f"{otherwise}"
        )
    return spec
