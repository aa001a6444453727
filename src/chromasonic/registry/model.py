"""A trained model as a task describes it: what it is, learned from what, and which files it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class CorpusUsed:
    """A corpus that a model learned from.

    Attributes:
        name: as `chromasonic data list` has it; or the folder of own recordings.
        title: as people call it.
        licence: a short name or sentence.
        licence_url: where it can be read.
        citation: how to cite it.
        url: where it comes from.
        fingerprint: of what was loaded; "" where there is none.
        weights_may_ship: whether a model trained on it may be given away with any purpose.
    """

    name: str
    title: str = ""
    licence: str = ""
    licence_url: str = ""
    citation: str = ""
    url: str = ""
    fingerprint: str = ""
    weights_may_ship: bool = False


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What is known of a trained model without loading it; plain values, as a version keeps them.

    Attributes:
        task: melody, companion, harmonizer or gesture.
        kind: within the task: lstm, groove_predictor, advanced, compact, ...
        title: a short line for people.
        parameters: numbers that the network learns; None where that is no measure.
        corpora: what it learned from.
        seed: of the training.
        validation: metric to value, or to a `Figure` as a dict where it has an interval.
        validated_on: how much `validation` was measured on, and how it was chosen: "108 tunes".
        headline: the metric of `validation` that is named first.
        recipe: every setting, resolved, such as the same command takes.
        command: the command line that trained it.
        code: version, commit, Python, platform, libraries, date.
        run: name of the run directory that it came from.
        tracked_run: id of the run in the tracking store; "" where it was not tracked.
        parent: what its weights began from: NAME@VERSION, a path, or "".
        parent_weights: SHA-256 of the checkpoint that they were taken from; or "".
    """

    task: str
    kind: str
    title: str = ""
    parameters: int | None = None
    corpora: tuple[CorpusUsed, ...] = ()
    seed: int | None = None
    validation: Mapping[str, Any] = field(default_factory=dict)
    validated_on: str = ""
    headline: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    code: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""
    tracked_run: str = ""
    parent: str = ""
    parent_weights: str = ""

    @property
    def parameters_said(self) -> str:
        """How many numbers the network learns, for people; "" where that is no measure."""
        if self.parameters:
            return f"{self.parameters:,}"
        if self.task == "harmonizer" or self.kind == "markov":  # they count, or look up
            return ""
        return "unknown: they were not counted when it was registered"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A model that lies on the disk.

    Attributes:
        facts: what is known of it.
        files: name in a version's folder to where it lies now. The folder is laid out as a run
            directory of this one model, so that whatever loads a run loads a version.
        texts: name in a version's folder to what is written there (run.json of this model alone).
    """

    facts: ModelFacts
    files: Mapping[str, Path]
    texts: Mapping[str, str] = field(default_factory=dict)
