"""One melody model judged in depth."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from chromasonic.evaluation.typicality import Reference
from chromasonic.melody_generation.judging import TestSettings, judge_model, judge_tunes
from chromasonic.melody_generation.likelihood import (
    MELODY_CLASSES,
    likelihood_figures,
    perplexity_score,
    pitch_sums,
)
from chromasonic.melody_generation.tokens import encode_all
from chromasonic.music.tune import Tune

OnProgress = Callable[[str, int, int], None]
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
        on_progress: called with (what is done, how far, out of how many).
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
        on_progress: OnProgress | None = None,
    ) -> None:
        self.on_progress = on_progress or _say_nothing
        self.model = model
        self.model_name = model_name
        self.settings = settings or TestSettings()
        self.reference = chosen_reference(reference_tunes, reference_name)
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
        scores = score_streams(
            self.model, material.streams, MELODY_CLASSES, on_progress=self._stage("predicting")
        )
        figures = likelihood_figures(scores, seed=self.settings.seed)
        self.on_progress(f"{self.model_name}: writing tunes", 0, self.settings.generated_tunes)
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

    def _stage(self, what: str) -> Callable[[int, int], None]:
        """Progress of one stage, told with the model's name."""
        return lambda done, total: self.on_progress(f"{self.model_name}: {what}", done, total)

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
            scores = score_streams(
                self.model, material.expanded, MELODY_CLASSES, on_progress=self._stage("expanded")
            )
            rows["expanded"] = _row(scores, self.settings.seed)
        if self.settings.dynamic is not None and any(
            weight.requires_grad for weight in self.model.parameters()
        ):
            scores = score_dynamically(
                self.model,
                material.streams,
                MELODY_CLASSES,
                self.settings.dynamic,
                on_progress=self._stage("adapting"),
            )
            rows["dynamic"] = _row(scores, self.settings.seed)
        return rows


def _say_nothing(what: str, done: int, total: int) -> None:
    del what, done, total


def chosen_reference(given: Sequence[Tune] | Reference | None, name: str) -> Reference:
    """The reference that was given, made of the tunes that were given, or the default."""
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
