"""The results of gesture models: every figure of the network and its baselines, as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chromasonic.companion.companion import Row
from chromasonic.companion.table import row_to_dict
from chromasonic.evaluation.classification import Floats, f1_by_class
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import PairedTest
from chromasonic.gesture.confusion import Mistake, mistakes
from chromasonic.gesture.results_runs import JudgedRun
from chromasonic.training.run_directory import environment

RESULTS_VERSION = 1
NETWORK, TOGETHER = "network", "networks of all seeds together"

PROTOCOLS = {
    "seen": "performers seen",
    "unseen": "performer unseen",
    "official": "official split",
}


@dataclass(frozen=True, kw_only=True)
class GestureResults:
    """What was found of the folds and seeds of one training.

    Attributes:
        runs: fold to its runs, by seed.
        manifest: of the corpus, as `Manifest.to_dict` gives it.
        classes: names of the K classes.
        parameters: numbers that the network learns.
        rows: network, baselines and published figures, in the order of the table.
        by_seed: the network's accuracy for each seed, a mean over folds.
        over_performers: the network's mean accuracy with Student's interval over the folds; None
            where there is one fold.
        by_performer: performer to (method to accuracy), for the network and the trees.
        confusion: the network's answers (columns) to each class (rows), a mean over seeds.
        paired: the network beside each baseline on the same recordings.
        sizes: recordings in the test part of each fold.
        remarks: what the reader should know.
    """

    runs: Mapping[str, Sequence[JudgedRun]]
    manifest: Mapping[str, Any]
    classes: tuple[str, ...]
    parameters: int
    rows: tuple[Row, ...]
    by_seed: tuple[float, ...]
    over_performers: Figure | None
    by_performer: Mapping[str, Mapping[str, Figure]]
    confusion: Floats
    paired: tuple[PairedTest, ...]
    sizes: Mapping[str, int]
    remarks: tuple[str, ...] = field(default=())

    @property
    def first(self) -> JudgedRun:
        """One of the runs, for what they share."""
        return next(iter(self.runs.values()))[0]

    @property
    def protocol(self) -> str:
        """By which the corpus was divided."""
        return self.first.recipe.data.protocol

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of all runs, each once."""
        return tuple(sorted({run.seed for runs in self.runs.values() for run in runs}))

    @property
    def corpus(self) -> str:
        """By name."""
        return str(self.manifest["name"])

    @property
    def title(self) -> str:
        """Corpus and protocol in words."""
        return f"{self.corpus}, {PROTOCOLS[self.protocol]}"

    @property
    def network(self) -> Row:
        """The network's row."""
        return next(row for row in self.rows if row.method == NETWORK)

    @property
    def f1(self) -> dict[str, float]:
        """F1 of each class over all folds, the lowest first; NaN where one does not occur."""
        values = dict(zip(self.classes, f1_by_class(self.confusion).tolist(), strict=True))
        return dict(sorted(values.items(), key=lambda item: (item[1] != item[1], item[1])))

    @property
    def mistakes(self) -> list[Mistake]:
        """The most frequent mistakes."""
        return mistakes(self.confusion, self.classes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "format_version": RESULTS_VERSION,
            **environment(),
            "part": "test",
            "corpus": self.corpus,
            "fingerprint": self.manifest["fingerprint"],
            "protocol": self.protocol,
            "checkpoint": self.first.checkpoint.name,
            "folds": dict(self.sizes),
            "seeds": list(self.seeds),
            "runs": [
                {"checkpoint": str(run.checkpoint), "fold": run.fold, "seed": run.seed}
                for runs in self.runs.values()
                for run in runs
            ],
            "settings": self.first.settings,
            "classes": list(self.classes),
            "parameters": self.parameters,
            "rows": [row_to_dict(row) for row in self.rows],
            "accuracy_by_seed": list(self.by_seed),
            "accuracy_over_performers": self.over_performers.to_dict()
            if self.over_performers
            else None,
            "accuracy_by_performer": {
                name: {method: figure.to_dict() for method, figure in methods.items()}
                for name, methods in self.by_performer.items()
            },
            "paired": [{**test.to_dict(), "sentence": paired_sentence(test)}
                       for test in self.paired],
            "f1_by_class": self.f1,
            "confusion": self.confusion.tolist(),
            "remarks": list(self.remarks),
        }  # fmt: skip


def gain_of(test: PairedTest) -> Figure:
    """By how much the network's accuracy lies above the baseline's, with its interval."""
    errors = test.difference
    return Figure(
        value=-errors.value, n=errors.n, low=-errors.high, high=-errors.low, unit=errors.unit
    )


def paired_sentence(test: PairedTest) -> str:
    """In plain words, in percentage points."""
    gain = gain_of(test)
    value, low, high = (100 * end for end in (gain.value, gain.low, gain.high))
    points = f"{value:+.1f} points of accuracy [{low:+.1f}, {high:+.1f}]"
    if test.is_significant and gain.low > 0:
        word = "above"
    elif test.is_significant and gain.high < 0:
        word = "BELOW"
    else:
        word = "not told apart from"
    return (
        f"{word} {test.second}: {points}, paired over {test.n:,} units (p = {test.p_adjusted:.2g})"
    )
