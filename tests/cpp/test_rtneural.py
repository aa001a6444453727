"""RTNeural: ModelT headers compile, prove their files and refuse wrong ones; so does the adapter.

Everything runs on a small stand-in of RTNeural's interface, and again on RTNeural itself where
CHROMASONIC_RTNEURAL_DIR names a checkout.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from building import LIMIT_SECONDS, ROOT, build
from small_models import exported_text

from chromasonic.companion.spec import SPECS
from chromasonic.export.document import TOLERANCE
from chromasonic.export.model_header import write_model_headers
from chromasonic.export.spec import Layer, ModelSpec

HERE = Path(__file__).parent
STAND_IN = HERE / "rtneural_stand_in"
REAL = os.environ.get("CHROMASONIC_RTNEURAL_DIR", "")

RUNTIMES = [
    pytest.param("stand-in", id="stand-in"),
    *(pytest.param(name, id=name) for name in ("stl", "eigen") if REAL),
]

SMALL = ModelSpec(
    name="small", title="Small", inputs=3,
    layers=(
        Layer(kind="dense", size=5, activation="tanh"),
        Layer(kind="dense", size=5, activation="sigmoid"),
        Layer(kind="lstm", size=4),
        Layer(kind="dense", size=4, activation="softmax"),
    ),
    parameters=(3 + 1) * 5 + (5 + 1) * 5 + 4 * 4 * (5 + 4 + 2) + (4 + 1) * 4,
    state="carry", step="each test",
)  # fmt: skip
"""Square matrices, an LSTM, and the activations that the five models use little or not."""


@pytest.fixture(scope="module", params=RUNTIMES)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """modelt_program with the headers of the five models and the small one, on a runtime."""
    folder = tmp_path_factory.mktemp("modelt")
    specs = [*SPECS.values(), SMALL]
    headers = write_model_headers(specs, folder)
    (folder / "each_model.hpp").write_text(
        "".join(f"#include <{path.name}>\n" for path in headers)
        + f"#define EACH_MODEL(TRY) {' '.join(f'TRY({spec.name})' for spec in specs)}\n"
    )
    return compiled(HERE / "modelt_program.cpp", folder, request.param)


def compiled(source: Path, headers: Path, runtime: str) -> Path:
    """The program of one source and generated headers, compiled without a warning."""
    compiler = shutil.which("c++")
    assert compiler, "c++ is missing: run 'make cpp-tools', which says how to get it"
    strict = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")
    program = headers / "program"
    done = subprocess.run(
        [compiler, "-std=c++17", "-O1", *strict, f"-I{headers}", *options_of(runtime), source,
         "-o", program],
        capture_output=True, text=True, timeout=LIMIT_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return program


def options_of(runtime: str) -> list[str]:
    """Where the runtime is, and how it is told to compute."""
    if runtime == "stand-in":
        return ["-isystem", str(STAND_IN)]
    options = ["-isystem", REAL, "-DRTNEURAL_DEFAULT_ALIGNMENT=16"]
    if runtime == "eigen":
        bundled = Path(REAL, "modules", "Eigen")
        eigen = bundled if (bundled / "Eigen").is_dir() else Path("/usr/include/eigen3")
        options += ["-isystem", str(eigen), "-DRTNEURAL_USE_EIGEN=1"]
    return options


def answers(program: Path, *files: tuple[str, Path]) -> list[str]:
    """What the program says of each (name, file)."""
    words = [str(word) for pair in files for word in pair]
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    lines = done.stdout.splitlines()
    assert len(lines) == len(files)
    return lines


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    """The small model's file as a value, its golden outputs from NumPy."""
    value: dict[str, Any] = json.loads(exported_text(SMALL))
    return value


def test_each_exported_file_passes_the_self_test_of_its_header(
    program: Path, exported_models: Path
) -> None:
    lines = answers(program, *((name, exported_models / f"{name}.json") for name in SPECS))
    for name, line in zip(SPECS, lines, strict=True):
        word, number = line.split(" ", 1)
        assert word == "passed", (name, line)
        assert 0 < float(number) < TOLERANCE, (name, line)


def test_the_small_model_passes_too(program: Path, small: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(small))
    (line,) = answers(program, ("small", path))
    assert line.startswith("passed")


def transposed(rows: list[list[float]]) -> list[list[float]]:
    return [list(column) for column in zip(*rows, strict=True)]


def spoil_square(value: dict[str, Any]) -> None:
    value["layers"][1]["weights"][0] = transposed(value["layers"][1]["weights"][0])


def spoil_gates(value: dict[str, Any]) -> None:
    for rows in value["layers"][2]["weights"][:2]:
        for row in rows:
            row[:8] = row[4:8] + row[:4]


def spoil_bias(value: dict[str, Any]) -> None:
    bias = value["layers"][2]["weights"][2]
    value["layers"][2]["weights"][2] = [number / 2 for number in bias]


def spoil_activation(value: dict[str, Any]) -> None:
    value["layers"][1]["activation"] = "tanh"


SPOILED: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no in_shape": (lambda v: v.pop("in_shape"), 'without "in_shape"'),
    "another in_shape": (lambda v: v["in_shape"].__setitem__(2, 4), "in_shape[2] is 4; wanted: 3"),
    "in_shape of four": (
        lambda v: v.__setitem__("in_shape", [None, 1, 1, 3]), "in_shape is an array of 4",
    ),
    "in_shape a text": (lambda v: v.__setitem__("in_shape", "3"), 'in_shape is "3"'),
    "untransposed": (
        lambda v: v["layers"][0]["weights"].__setitem__(
            0, transposed(v["layers"][0]["weights"][0])),
        "layers[0].weights[0] is an array of 5; wanted: an array of 3",
    ),
    "untransposed and square": (spoil_square, "the weights are not those"),
    "a row is missing": (
        lambda v: v["layers"][2]["weights"][1].pop(),
        "layers[2].weights[1] is an array of 3; wanted: an array of 4",
    ),
    "one of two biases": (spoil_bias, "the weights are not those"),
    "half a bias": (
        lambda v: v["layers"][2]["weights"].__setitem__(2, [0.0] * 8),
        "layers[2].weights[2] is an array of 8; wanted: an array of 16",
    ),
    "gates in another order": (spoil_gates, "the weights are not those"),
    "unknown activation": (
        lambda v: v["layers"][0].__setitem__("activation", "gelu"),
        'layers[0].activation is "gelu"; wanted: "tanh"',
    ),
    "mis-cased activation": (
        lambda v: v["layers"][0].__setitem__("activation", "Tanh"),
        'layers[0].activation is "Tanh"; wanted: "tanh"',
    ),
    "another activation": (
        spoil_activation, 'layers[1].activation is "tanh"; wanted: "sigmoid"',
    ),
    "unknown layer": (
        lambda v: v["layers"].insert(
            1, {"type": "layernorm", "shape": [None, None, 5], "activation": "", "weights": []}),
        "layers is an array of 5; wanted: an array of 4",
    ),
    "unknown layer in a place": (
        lambda v: v["layers"][0].__setitem__("type", "layernorm"),
        'layers[0].type is "layernorm"; wanted: "dense"',
    ),
    "wrong shape": (
        lambda v: v["layers"][0].__setitem__("shape", [None, None, 6]),
        "layers[0].shape[2] is 6; wanted: 5",
    ),
    "a layer is missing": (
        lambda v: v["layers"].pop(), "layers is an array of 3; wanted: an array of 4",
    ),
    "no weights": (lambda v: v["layers"][3].pop("weights"), 'layers[3] is without "weights"'),
    "a text among the weights": (
        lambda v: v["layers"][0]["weights"][0][1].__setitem__(2, "1"),
        'layers[0].weights[0][1][2] is "1"; wanted: a finite 32-bit number',
    ),
    "beyond float32": (
        lambda v: v["layers"][0]["weights"][1].__setitem__(0, 1e39),
        "layers[0].weights[1][0] is 1e+39; wanted: a finite 32-bit number",
    ),
    "another model's file": (
        lambda v: v["metadata"].__setitem__("name", "other"), 'metadata.name is "other"',
    ),
    "another format": (
        lambda v: v["metadata"].__setitem__("format", 2), "metadata.format is 2; wanted: 1",
    ),
    "a tolerance that lets anything pass": (
        lambda v: v["metadata"].__setitem__("tolerance", 1), "metadata.tolerance is 1",
    ),
    "no golden vectors": (lambda v: v["metadata"].pop("golden"), 'without "golden"'),
    "golden outputs of another size": (
        lambda v: v["metadata"]["golden"]["outputs"][5].pop(),
        "metadata.golden.outputs[5] is an array of 3; wanted: an array of 4",
    ),
    "resets out of order": (
        lambda v: v["metadata"]["golden"].__setitem__("reset_before", [0, 9, 9]), "reset_before",
    ),
    "no layers at all": (lambda v: v.__setitem__("layers", None), "layers is null"),
}  # fmt: skip
"""What is done to the small model's file, and what its header must say."""


def test_every_wrong_file_is_refused_by_name_before_it_plays(
    program: Path, small: dict[str, Any], tmp_path: Path
) -> None:
    files = []
    for number, (spoil, _) in enumerate(SPOILED.values()):
        value = copy.deepcopy(small)
        spoil(value)
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(value))
        files.append(("small", path))
    lines = answers(program, *files)
    for (what, (_, wanted)), line in zip(SPOILED.items(), lines, strict=True):
        assert line.startswith("refused "), (what, line)
        assert wanted in line, (what, line)
        assert ".json: " in line, (what, line)


def test_what_is_no_json_is_refused(program: Path, small: dict[str, Any], tmp_path: Path) -> None:
    text = json.dumps(small)
    weird = {
        "cut": text[: len(text) // 2],
        "empty": "",
        "nan": text.replace("[[", "[[NaN,", 1),
        "1e400": text.replace("[[", "[[1e400,", 1),
        "deep": "[" * 100_000,
        "null": "null",
    }
    for name, content in weird.items():
        (tmp_path / f"{name}.json").write_text(content)
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    names = [*weird, "absent", "folder", "pipe"]
    lines = answers(program, *(("small", tmp_path / f"{name}.json") for name in names))
    assert all(line.startswith("refused ") for line in lines), lines
    told = dict(zip(names, lines, strict=True))
    for name, why in {
        "cut": "it is cut off or no JSON, at byte ",
        "1e400": "it holds a number that is too large for any float",
        "absent": "there is no such file",
        "folder": "it is a folder",
        "pipe": "it is a pipe or a device",
    }.items():
        assert why in told[name]
        assert told[name].endswith("; give the small.json that chromasonic export wrote.")


def test_the_program_of_the_documentation_runs(exported_models: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "rtneural.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```cpp\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "program.cpp").write_text(source)
    write_model_headers([SPECS["groove_predictor"]], tmp_path)
    program = compiled(tmp_path / "program.cpp", tmp_path, "eigen" if REAL else "stand-in")
    done = subprocess.run(
        [program, exported_models / "groove_predictor.json"],
        capture_output=True, text=True, timeout=LIMIT_SECONDS,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("farthest: ")


def test_the_adapter_computes_the_five_models(exported_models: Path) -> None:
    options = [f"-DCHROMASONIC_RTNEURAL_DIR={REAL or STAND_IN}", "-DCHROMASONIC_TOOLS=OFF"]
    if not REAL:
        options.append("-DCHROMASONIC_RTNEURAL_BACKEND=stl")
    name = "rtneural" if REAL else "rtneural-stand-in"
    folder = build(name, targets=("rtneural_test",), options=tuple(options))
    done = subprocess.run(
        [folder / "rtneural_test"], capture_output=True, text=True, timeout=LIMIT_SECONDS,
        env={**os.environ, "CHROMASONIC_MODELS": str(exported_models)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    assert "0 failed" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-DCHROMASONIC_RTNEURAL_DIR={empty}"], "which is no RTNeural checkout"),
        (
            [f"-DCHROMASONIC_RTNEURAL_DIR={STAND_IN}", "-DCHROMASONIC_RTNEURAL_BACKEND=mkl"],
            "allowed: eigen (the default), stl, xsimd",
        ),
    ],
    ids=["a folder that is no checkout", "an unknown backend"],
)
def test_cmake_refuses_in_plain_words(options: list[str], said: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = subprocess.run(
        ["cmake", "-S", ROOT / "cpp", "-B", tmp_path / "build",
         *(option.format(empty=empty) for option in options)],
        capture_output=True, text=True, timeout=LIMIT_SECONDS,
    )  # fmt: skip
    assert done.returncode != 0
    assert said in " ".join(done.stderr.split())
