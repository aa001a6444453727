"""Melody models judged side by side, and tested for whether they differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from torch import nn

from chromasonic import files
from chromasonic.errors import EvaluationError
from chromasonic.evaluation.statistics import PairedTest, compare_paired, holm
from chromasonic.evaluation.typicality import Reference
from chromasonic.melody_generation.comparison_plot import plot_comparison
from chromasonic.melody_generation.comparison_table import comparison_table
from chromasonic.melody_generation.judging import TestSettings
from chromasonic.melody_generation.tester import (
    ModelTester,
    OnProgress,
    TestData,
    chosen_reference,
)
from chromasonic.music.tune import Tune


class ModelComparison:
    """Judges several models on the same tunes, and tests whether they differ.

    Args:
        settings: how each is judged.
        reference_tunes: as for `ModelTester`.
        reference_name: as for `ModelTester`.
        training_tunes: as for `ModelTester`.
        on_progress: as for `ModelTester`.
    """

    def __init__(
        self,
        settings: TestSettings | None = None,
        *,
        reference_tunes: Sequence[Tune] | Reference | None = None,
        reference_name: str = "tunes given by the caller",
        training_tunes: Sequence[Tune] = (),
        on_progress: OnProgress | None = None,
    ) -> None:
        self.on_progress = on_progress
        self.settings = settings or TestSettings()
        self.reference_tunes = reference_tunes
        self.reference_name = reference_name
        self.training_tunes = tuple(training_tunes)
        self.generated: dict[str, list[Tune]] = {}

    def compare_models(
        self,
        models: Mapping[str, nn.Module],
        test_data: TestData,
        save_dir: files.PathLike | None = None,
    ) -> dict[str, Any]:
        """Judge all models on the same data.

        Args:
            models: name to model.
            test_data: as for `ModelTester.run_comprehensive_test`.
            save_dir: folder for `model_comparison.json` and `model_comparison.png`.

        Returns:
            `models` (name to the results of `ModelTester`), `paired_tests` (pitch bits a note,
            tune by tune, Holm-adjusted), `best` (fewest pitch bits a note), `table` (text),
            `human`, `reference`, `n_tunes`, `files`.

        Raises:
            EvaluationError: there is no model, nothing to test on, or a model cannot be scored.
        """
        if not models:
            raise EvaluationError("There is no model to compare; give at least one.")
        reference = chosen_reference(self.reference_tunes, self.reference_name)
        by_model: dict[str, dict[str, Any]] = {}
        for name, model in models.items():
            tester = ModelTester(
                model,
                name,
                settings=self.settings,
                reference_tunes=reference,
                training_tunes=self.training_tunes,
                on_progress=self.on_progress,
            )
            by_model[name] = tester.run_comprehensive_test(test_data)
            self.generated[name] = tester.generated
        tests = paired_tests(by_model, seed=self.settings.seed)
        results: dict[str, Any] = {
            "n_tunes": next(iter(by_model.values()))["n_tunes"],
            "reference": reference.facts.to_dict(),
            "human": next(iter(by_model.values()))["human"],
            "best": _best(by_model),
            "models": by_model,
            "paired_tests": [test.to_dict() for test in tests],
        }
        results["table"] = comparison_table(results)
        results["files"] = {}
        if save_dir is not None:
            picture = Path(save_dir) / "model_comparison.png"
            document = Path(save_dir) / "model_comparison.json"
            results["files"] = {"plot": str(picture), "json": str(document)}
            plot_comparison(results, picture)
            files.write_json(document, results)
        return results


def paired_tests(by_model: Mapping[str, dict[str, Any]], *, seed: int = 0) -> list[PairedTest]:
    """Tests of every pair of models on the bits of each tune's pitches, Holm-adjusted.

    A model with an infinite or undefined likelihood is in no pair.
    """
    usable = {
        name: results["per_tune"]
        for name, results in by_model.items()
        if math.isfinite(results["pitch_bits_per_note"])
    }
    tests = [
        compare_paired(
            usable[first]["pitch_bits"],
            usable[second]["pitch_bits"],
            usable[first]["notes"],
            names=(first, second),
            unit="bits a note",
            seed=seed,
        )
        for first, second in combinations(usable, 2)
    ]
    adjusted = holm([test.p_value for test in tests])
    return [replace(test, p_adjusted=p) for test, p in zip(tests, adjusted, strict=True)]


def _best(by_model: Mapping[str, dict[str, Any]]) -> str | None:
    bits = {
        name: results["pitch_bits_per_note"]
        for name, results in by_model.items()
        if not math.isnan(results["pitch_bits_per_note"])
    }
    return min(bits, key=lambda name: bits[name]) if bits else None
