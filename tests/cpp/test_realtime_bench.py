"""chromasonic-realtime-bench measures what it says; how fast anything is, is not tested."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chromasonic.companion.spec import SPECS

PRECISIONS = ("float32", "float16", "int8")


def bench(built: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [built / "chromasonic-realtime-bench", *map(str, words)], capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def report(built: Path, exported_models: Path, folder: Path) -> Any:
    words = ("--steps", 40, "--rounds", 4, "--cold", 2, "--json", folder / "report.json")
    done = bench(built, exported_models, *words, "--samples", folder / "samples")
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "report.json").read_text())


def rows(report: Any, inputs: str) -> dict[str, Any]:
    return {row["engine"]: row for row in report["engines"] if row["inputs"] == inputs}


def test_each_precision_is_timed_on_the_worst_case_and_on_the_files(report: Any):
    for inputs in ("dense", "real"):
        assert {f"native {precision}" for precision in PRECISIONS} <= rows(report, inputs).keys()
    for row in report["engines"]:
        assert row["models"].keys() == SPECS.keys()
        assert len(row["ratio_of_rounds"]) == 4
        for found in (row["all"], row["cold"], *row["models"].values()):
            assert 0 < found["min"] <= found["median"] <= found["p99"] <= found["p99.9"]
            assert found["p99.9"] <= found["max"]


def test_the_limit_reads_each_float32_weight_once(report: Any):
    parameters = sum(spec.exported_parameters for spec in SPECS.values())
    assert report["limit"]["bytes"] == 4 * parameters
    assert report["limit"]["warm_gb_per_s"] > 0


def test_bytes_are_those_of_the_precision(report: Any):
    dense = rows(report, "dense")
    full = report["limit"]["bytes"]
    assert full <= dense["native float32"]["bytes"] < 1.01 * full
    assert 0.5 * full < dense["native float16"]["bytes"] < 0.51 * full
    assert 0.25 * full < dense["native int8"]["bytes"] < 0.27 * full


def test_golden_errors_grow_as_bits_fall(report: Any):
    real = rows(report, "real")
    for name in SPECS:
        errors = [
            real[f"native {precision}"]["models"][name]["golden_error"] for precision in PRECISIONS
        ]
        assert errors[0] < 1e-5
        assert errors[0] < errors[1] < errors[2] < 0.1


def test_samples_are_what_the_figures_are_of(report: Any, folder: Path):
    row = rows(report, "dense")["native int8"]
    samples = np.fromfile(folder / "samples/native int8 dense.f32", "<f4").reshape(-1, 6)
    assert len(samples) == 40
    assert row["all"]["max"] == pytest.approx(samples[:, -1].max(), abs=1e-3)
    assert np.all(samples[:, :5].sum(axis=1) <= samples[:, 5] * 1.01)


def test_help_names_every_option(built: Path):
    for word in ("--help", "-h"):
        done = bench(built, word)
        assert (done.returncode, done.stderr) == (0, "")
        for option in (
            "MODELS", "--steps", "--rounds", "--cold", "--features", "--samples", "--json",
            "--engine", "--help",
        ):  # fmt: skip
            assert option in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 100


def test_it_says_how_far_it_is_and_what_is_timed_without_models(built: Path):
    done = bench(built, "--steps", 4, "--rounds", 2, "--cold", 1, "--engine", "int8")
    assert done.returncode == 0
    assert "No MODELS are named: only made-up weights are timed" in done.stderr
    assert "engines: 1, steps of each: 4, rounds: 2" in done.stderr
    assert "round 2 of 2, about 0 s left" in done.stderr
    assert "left" not in done.stdout


def test_misuse_and_missing_files_are_told_by_name(built: Path, tmp_path: Path):
    unknown = bench(built, "--stepz", 3)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "--stepz is no option; there are --steps" in unknown.stderr
    assert bench(built, "--steps", "many").returncode == 2
    assert bench(built, "--engine", "abacus").returncode == 2
    assert "--steps needs a value" in bench(built, "--steps").stderr
    assert "two folders are named" in bench(built, tmp_path, tmp_path).stderr
    assert "-x is no option" in bench(built, "-x").stderr
    nowhere = bench(built, tmp_path / "nowhere")
    assert nowhere.returncode == 1
    assert "nowhere: no such folder" in nowhere.stderr
    missing = bench(built, tmp_path)
    assert missing.returncode == 1
    assert "emotion_recognizer.json" in missing.stderr
