"""Judging melody models: one in depth (`ModelTester`), several side by side (`ModelComparison`)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import numpy as np
from torch import nn

from chromasonic import files
from chromasonic.errors import EvaluationError
from chromasonic.evaluation.bands import BANDS, band_of
from chromasonic.evaluation.dynamic import score_dynamically
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.likelihood import StreamScores, score_streams
from chromasonic.evaluation.memorization import memorization_of
from chromasonic.evaluation.reference import default_reference, reference_of
from chromasonic.evaluation.statistics import PairedTest, compare_paired, holm
from chromasonic.evaluation.typicality import Reference
from chromasonic.melody_generation.comparison_plot import plot_comparison
from chromasonic.melody_generation.comparison_table import comparison_table
from chromasonic.melody_generation.judging import TestSettings, judge_model, judge_tunes
from chromasonic.melody_generation.likelihood import (
    MELODY_CLASSES,
    likelihood_figures,
    perplexity_score,
    pitch_sums,
)
from chromasonic.melody_generation.tokens import encode_all
from chromasonic.music.tune import Tune

__all__ = ["ModelComparison", "ModelTester", "TestSettings"]

TestData = Sequence[Sequence[int]] | Sequence[Tune]
HUMAN_TUNES = 100
"""As many test tunes at most, evenly chosen, are judged beside the model's own."""

TERMS = ("accuracy", "perplexity_score", "diversity", "coherence", "musicality")
"""What the overall score is the plain mean of; each is 0 to 1, higher is better."""


@dataclass(frozen=True, kw_only=True)
class _Material:
    """Test data in the form that is scored."""

    streams: list[list[int]]
    expanded: list[list[int]]
    tunes: tuple[Tune, ...]
    skipped: dict[str, int]


class ModelTester:
    """Judges one model.

    Args:
        model: any module from token ids (B, T) to logits (B, T, W), W at least the vocabulary.
        model_name: how to call it.
        settings: how it is judged.
        reference_tunes: human tunes for coherence and musicality that the test data does not
            hold; None takes public-domain folk tunes.
        reference_name: what they are, such as "nottingham, train".
        training_tunes: the tunes that the model learned from, for memorization; may be empty.
    """

    def __init__(
        self,
        model: nn.Module,
        model_name: str = "model",
        *,
        settings: TestSettings | None = None,
        reference_tunes: Sequence[Tune] | Reference | None = None,
        reference_name: str = "tunes given by the caller",
        training_tunes: Sequence[Tune] = (),
    ) -> None:
        self.model = model
        self.model_name = model_name
        self.settings = settings or TestSettings()
        self.reference = _reference(reference_tunes, reference_name)
        self.training_tunes = tuple(training_tunes)
        self.generated: list[Tune] = []

    def run_comprehensive_test(
        self, test_data: TestData, save_dir: files.PathLike | None = None
    ) -> dict[str, Any]:
        """Every figure of the model; saved as `NAME_test_results.json` where a folder is given.

        Args:
            test_data: token streams, or tunes (then repeats are taken as written, and the figures
                with repeats played out stand under `expanded`).
            save_dir: folder to save in.

        Returns:
            `accuracy` (next-pitch, durations given), `perplexity` (of pitches), `diversity`,
            `coherence`, `musicality`, `overall_score`; the other figures of
            `likelihood.likelihood_figures` by name; `figures` with n, interval, unit and reason of
            each; `bands`; `reasons` of what is undefined; `reference`; `human` (the same figures of
            the test tunes themselves); `memorization`; `generated`; `per_tune`.

        Raises:
            EvaluationError: there is nothing to test on, or the model cannot be scored.
        """
        material = _material(test_data, expanded=self.settings.expanded)
        scores = score_streams(self.model, material.streams, MELODY_CLASSES)
        figures = likelihood_figures(scores, seed=self.settings.seed)
        judgement, self.generated = judge_model(
            self.model, self.settings, self.reference, self.training_tunes
        )
        figures.update(judgement.figures)
        figures = {
            "accuracy": figures["pitch_accuracy"],
            "perplexity": figures["pitch_perplexity"],
            **figures,
        }
        results: dict[str, Any] = {"model": self.model_name, "n_tunes": len(material.streams)}
        results.update({name: figure.value for name, figure in figures.items()})
        results["perplexity_score"] = perplexity_score(results["perplexity"])
        results["overall_score"] = float(np.mean([results[term] for term in TERMS]))
        results["bands"] = {name: band_of(name, results[name]) for name in BANDS}
        results["reasons"] = _reasons(figures)
        results["figures"] = {name: figure.to_dict() for name, figure in figures.items()}
        results["reference"] = self.reference.facts.to_dict()
        results["generated"] = {
            "count": len(self.generated),
            "bars": self.settings.generated_bars,
            "temperature": self.settings.temperature,
            "seed": self.settings.seed,
            **judgement.details,
        }
        results["human"] = _human(material, self.reference, self.settings.seed)
        results["memorization"] = self._memorization(judgement.details, material)
        results["skipped"] = material.skipped
        results["per_tune"] = _per_tune(scores)
        results.update(self._other_rows(material))
        if save_dir is not None:
            name = re.sub(r"[^\w.-]+", "_", self.model_name) or "model"
            files.write_json(Path(save_dir) / f"{name}_test_results.json", results)
        return results

    def _memorization(self, details: dict[str, Any], material: _Material) -> dict[str, Any] | None:
        """The model's tunes and the human test tunes, held against the training tunes."""
        generated = details.pop("memorization", None)
        if generated is None:
            return None
        human = None
        if material.tunes:
            human = memorization_of(material.tunes, self.training_tunes).to_dict()
        return {
            "generated": generated,
            "human": human,
            "training_tunes": len(self.training_tunes),
        }

    def _other_rows(self, material: _Material) -> dict[str, Any]:
        """The likelihoods that are another row: repeats played out, and dynamic evaluation."""
        rows: dict[str, Any] = {}
        if material.expanded:
            scores = score_streams(self.model, material.expanded, MELODY_CLASSES)
            rows["expanded"] = _row(scores, self.settings.seed)
        if self.settings.dynamic is not None and any(
            weight.requires_grad for weight in self.model.parameters()
        ):
            scores = score_dynamically(
                self.model, material.streams, MELODY_CLASSES, self.settings.dynamic
            )
            rows["dynamic"] = _row(scores, self.settings.seed)
        return rows


class ModelComparison:
    """Judges several models on the same tunes, and tests whether they differ.

    Args:
        settings: how each is judged.
        reference_tunes: as for `ModelTester`.
        reference_name: as for `ModelTester`.
        training_tunes: as for `ModelTester`.
    """

    def __init__(
        self,
        settings: TestSettings | None = None,
        *,
        reference_tunes: Sequence[Tune] | Reference | None = None,
        reference_name: str = "tunes given by the caller",
        training_tunes: Sequence[Tune] = (),
    ) -> None:
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
        reference = _reference(self.reference_tunes, self.reference_name)
        by_model: dict[str, dict[str, Any]] = {}
        for name, model in models.items():
            tester = ModelTester(
                model,
                name,
                settings=self.settings,
                reference_tunes=reference,
                training_tunes=self.training_tunes,
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


def _reference(given: Sequence[Tune] | Reference | None, name: str) -> Reference:
    if isinstance(given, Reference):
        return given
    return default_reference() if given is None else reference_of(given, name=name)


def _material(test_data: TestData, *, expanded: bool) -> _Material:
    data = list(test_data)
    tunes = tuple(item for item in data if isinstance(item, Tune))
    if len(tunes) < len(data) or not data:
        if tunes:
            raise EvaluationError("The test data mixes tunes and token streams; give one kind.")
        streams = [[int(token) for token in cast(Sequence[int], stream)] for stream in data]
        return _Material(streams=streams, expanded=[], tunes=(), skipped={})
    encoded = encode_all(tunes)
    if not encoded.sequences:
        reasons = ", ".join(f"{count} {reason}" for reason, count in encoded.skipped.items())
        raise EvaluationError(
            f"None of the {len(tunes)} test tunes fits the vocabulary ({reasons}). "
            "There is nothing to evaluate on; give other tunes."
        )
    kept = set(encoded.ids)
    usable = tuple(tune for tune in tunes if tune.id in kept)
    played = encode_all(tune.expanded() for tune in usable).sequences if expanded else []
    return _Material(
        streams=encoded.sequences, expanded=played, tunes=usable, skipped=encoded.skipped
    )


def _human(material: _Material, reference: Reference, seed: int) -> dict[str, Any] | None:
    """The same figures of the human test tunes, as far as tunes were given: what to aim at."""
    if not material.tunes:
        return None
    step = max(1.0, len(material.tunes) / HUMAN_TUNES)
    count = min(HUMAN_TUNES, len(material.tunes))
    tunes = [material.tunes[int(place * step)] for place in range(count)]
    figures = judge_tunes(tunes, reference, seed=seed).figures
    return {
        **{name: figure.value for name, figure in figures.items()},
        "figures": {name: figure.to_dict() for name, figure in figures.items()},
    }


def _row(scores: StreamScores, seed: int) -> dict[str, Any]:
    figures = likelihood_figures(scores, seed=seed)
    return {
        **{name: figure.value for name, figure in figures.items()},
        "figures": {name: figure.to_dict() for name, figure in figures.items()},
        "per_tune": _per_tune(scores),
    }


def _per_tune(scores: StreamScores) -> dict[str, list[float]]:
    bits, notes = pitch_sums(scores)
    return {
        "pitch_bits": bits.tolist(),
        "notes": notes.tolist(),
        "pitches_right": scores.of("pitch").correct[:, 0].tolist(),
    }


def _reasons(figures: Mapping[str, Figure]) -> dict[str, str]:
    reasons = {name: figure.reason for name, figure in figures.items() if not figure.is_defined}
    missing = [term for term in TERMS if term.removesuffix("_score") in reasons]
    if missing:
        reasons["overall_score"] = f"undefined, as {', '.join(missing)} is"
    return reasons


def _best(by_model: Mapping[str, dict[str, Any]]) -> str | None:
    bits = {
        name: results["pitch_bits_per_note"]
        for name, results in by_model.items()
        if not math.isnan(results["pitch_bits_per_note"])
    }
    return min(bits, key=lambda name: bits[name]) if bits else None
