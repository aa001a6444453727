"""Gesture models as training leaves them: described in checkpoints, loaded from them, asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from chromasonic.config import from_dict, to_dict
from chromasonic.errors import CheckpointError, ChromasonicError, DataError
from chromasonic.files import PathLike
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import clean, feature_names
from chromasonic.gesture.graph import adjacency_of
from chromasonic.gesture.motion import Motion
from chromasonic.gesture.network import GestureNetwork
from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.statistics import Statistics, statistics_by_name, whose
from chromasonic.gesture.task import Reader, at_last_frame
from chromasonic.music.movement import Movement, Skeleton
from chromasonic.registry.reference import located
from chromasonic.training.checkpoint import load_checkpoint, load_weights
from chromasonic.training.examples import FEATURES, MASK, collate
from chromasonic.training.saving import Layout
from chromasonic.training.state import find_checkpoint

if TYPE_CHECKING:
    from chromasonic.gesture.streaming_model import ModelStream

TASK = NAME = "gesture"

LAYOUT = Layout(checkpoint_name="{what}_model.pth")
"""The specification's names: best_model.pth, final_model.pth; and latest_model.pth to resume."""

AT_ONCE, FRAMES_AT_ONCE = 64, 20_000
"""Movements that are judged together, and their frames, each counted as long as the longest."""


@dataclass(frozen=True, kw_only=True)
class GestureModel:
    """A network with all that it needs to read a recording.

    Attributes:
        network: in evaluation mode, on the CPU.
        classes: names of the gestures, in the order of the network's outputs.
        skeleton: of the recordings that it reads.
        reader: makes features of a cleaned recording.
        motion: how fast its gestures are; None where nothing moved, or nobody counted.
        checkpoint: the file it came from; None for one that was just trained.
        info: what the checkpoint says of the training: data, settings, epoch, metrics.
    """

    network: GestureNetwork
    classes: tuple[str, ...]
    skeleton: Skeleton
    reader: Reader
    motion: Motion | None = None
    checkpoint: Path | None = None
    info: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_causal(self) -> bool:
        """Whether it says something at each frame, from what came before alone."""
        return self.network.config.causal

    @property
    def rate_hz(self) -> float:
        """Frames a second that the network reads."""
        return self.reader.config.rate_hz

    @property
    def normalizes_performers(self) -> bool:
        """Whether it wants to know where a performer's landmarks usually are."""
        return self.reader.config.asks_who

    def with_performers(self, movements: Iterable[Movement]) -> GestureModel:
        """The same model, acquainted with some performers by their recordings, without labels.

        Args:
            movements: each with its `performer`; who is known already is learned anew.
        """
        config = self.reader.config
        cleaned = (clean(self.checked(movement), config) for movement in movements)
        known = statistics_by_name(cleaned, config)
        performers = {**self.reader.performers, **known}
        return replace(self, reader=replace(self.reader, performers=performers))

    def knows(self, movement: Movement) -> bool:
        """Whether there are statistics to scale a movement by: of its performer, or session."""
        return whose(movement, self.reader.config) in self.reader.performers

    def checked(self, movement: Movement) -> Movement:
        """The movement, if it is of the model's skeleton.

        Raises:
            DataError: it is of another; says what is wanted and what came.
        """
        ours, theirs = self.skeleton, movement.skeleton
        if (ours.nodes, ours.channels) == (theirs.nodes, theirs.channels):
            return movement
        lacking = [node for node in ours.nodes if node not in theirs.node_numbers]
        what = (
            f"it lacks {', '.join(lacking[:5])}{' and more' if len(lacking) > 5 else ''}"
            if lacking
            else f"its nodes are {_few(theirs.nodes)} with {_few(theirs.channels)}"
        )
        raise DataError(
            f"The recording {movement.id} is of the skeleton '{theirs.name}'; the model reads "
            f"'{ours.name}': {_few(ours.nodes)}, each with {_few(ours.channels)}; {what}. Give a "
            "recording of that skeleton, or train a model on recordings like this one."
        )

    def features(self, movement: Movement) -> np.ndarray:
        """(T, N, F) float32: what the network reads of a recording.

        A performer of whom nothing is known is taken to be at home in this recording itself.

        Raises:
            DataError: the recording is of another skeleton.
        """
        cleaned = clean(self.checked(movement), self.reader.config)
        stranger = self.normalizes_performers and not self.knows(movement)
        own = Statistics.of_frames([cleaned.frames]) if stranger else None
        return self.reader.read(cleaned, own)

    def probabilities(self, movement: Movement) -> np.ndarray:
        """(K,) of the classes; of a causal network (T, K), at each frame of the model's rate.

        Raises:
            DataError: the recording is of another skeleton.
        """
        features = torch.from_numpy(self.features(movement))[None]
        with torch.inference_mode():
            return self.network(features).softmax(-1)[0].numpy()

    def stream(self, rate_hz: float, *, performer: str = "") -> ModelStream:
        """The model as one that hears frames as they come; it must be causal.

        Args:
            rate_hz: frames a second that will come.
            performer: who moves; only a model that normalizes performers asks for it.

        Raises:
            UsageError: the model looks at whole movements, or does not know the performer.
        """
        from chromasonic.gesture.streaming_model import ModelStream

        return ModelStream(self, rate_hz, performer=performer)

    def probabilities_of(self, movements: Sequence[Movement]) -> np.ndarray:
        """(B, K) of many recordings; a causal network is asked at each one's last frame.

        Raises:
            DataError: a recording is of another skeleton.
        """
        found = np.zeros((len(movements), len(self.classes)), np.float32)
        for numbers in _batches([len(movement) for movement in movements]):
            items = [self.features(movements[number]) for number in numbers]
            batch = collate(
                [{FEATURES: item, MASK: np.ones(len(item), np.float32)} for item in items]
            )
            mask = batch[MASK].bool()
            with torch.inference_mode():
                logits = self.network(batch[FEATURES], mask)
                logits = at_last_frame(logits, mask) if logits.ndim == 3 else logits
                found[numbers] = logits.softmax(-1).numpy()
        return found


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of recordings of about one length, so that a long one makes no batch of long ones."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: lengths[number]):
        if batch and (len(batch) == AT_ONCE or (len(batch) + 1) * lengths[number] > FRAMES_AT_ONCE):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def describe(model: GestureModel) -> dict[str, Any]:
    """What a checkpoint says of its model: all that is needed to build and use it again."""
    config = model.network.config
    values = {
        "classes": list(model.classes),
        "skeleton": _plain(to_dict(model.skeleton)),
        "features": to_dict(model.reader.config),
        "performers": {name: s.to_dict() for name, s in model.reader.performers.items()},
        "standardization": model.reader.standardization.to_dict(),
        "motion": model.motion.to_dict() if model.motion else None,
    }
    meaning = json.dumps([values["classes"], values["skeleton"], values["features"]])
    digest = hashlib.sha256(meaning.encode()).hexdigest()[:12]
    return {
        "task": TASK,
        "name": NAME,
        "model": {
            "kind": TASK,
            "config": {
                **to_dict(config),
                "nodes": model.network.nodes,
                "features": model.network.features,
                "classes": model.network.classes,
            },
        },
        "vocabulary": (
            f"{len(model.classes)} classes, {len(model.skeleton.nodes)} nodes of "
            f"'{model.skeleton.name}', {model.network.features} features, {digest}"
        ),
        "gesture": values,
    }


def build(
    config: NetworkConfig, skeleton: Skeleton, classes: Sequence[str], features: FeatureConfig
) -> GestureNetwork:
    """A network with random weights."""
    return GestureNetwork(
        config,
        adjacency=adjacency_of(skeleton, config.self_weight),
        features=len(feature_names(features, skeleton)),
        classes=len(classes),
    )


def load_gesture(path: PathLike) -> GestureModel:
    """A trained gesture model from a checkpoint, a run directory (its best one), or the registry.

    Args:
        path: of either; or NAME@VERSION or NAME@ALIAS.

    Raises:
        CheckpointError: there is none, or it is damaged, or of something else.
        RegistryError: no such version is registered, or its files were changed.
    """
    file = find_checkpoint(located(path, of="gesture"))
    content = load_checkpoint(file)
    info = content.get("config")
    if not isinstance(info, dict) or info.get("task") != TASK or "gesture" not in info:
        kind = info.get("task") if isinstance(info, dict) else None
        raise CheckpointError(
            f"{file} is no gesture model{f' but one of the task {kind}' if kind else ''}. Give a "
            "run of 'chromasonic train gesture', or its best_model.pth; 'chromasonic inspect' "
            "says what a checkpoint holds."
        )
    try:
        model = _model_in(info)
    except (KeyError, TypeError, ValueError, AttributeError, ChromasonicError) as error:
        raise CheckpointError(
            f"{file} says of its model what cannot be ({error}). It was changed after training; "
            "use another checkpoint of the run."
        ) from error
    load_weights(model.network, content, source=file)
    model.network.eval()
    info = {**info, "epoch": content.get("epoch"), "metrics": content.get("metrics")}
    return replace(model, checkpoint=file, info=info)


def _model_in(info: Mapping[str, Any]) -> GestureModel:
    values = info["gesture"]
    skeleton = _skeleton(values["skeleton"])
    sizes = {
        name: value
        for name, value in info["model"]["config"].items()
        if name not in ("nodes", "features", "classes")
    }
    config = from_dict(NetworkConfig, sizes, where="checkpoint")
    features = from_dict(FeatureConfig, values["features"], where="checkpoint")
    classes = tuple(map(str, values["classes"]))
    reader = Reader(
        config=features,
        performers={
            name: Statistics.from_dict(item) for name, item in values["performers"].items()
        },
        standardization=Statistics.from_dict(values["standardization"]),
    )
    return GestureModel(
        network=build(config, skeleton, classes, features),
        classes=classes,
        skeleton=skeleton,
        reader=reader,
        motion=_motion(values.get("motion"), skeleton),
    )


def _motion(values: Any, skeleton: Skeleton) -> Motion | None:
    return Motion.from_dict(values, skeleton) if values and "rest" in values else None


def _skeleton(values: Mapping[str, Any]) -> Skeleton:
    return Skeleton(
        name=str(values["name"]),
        nodes=tuple(map(str, values["nodes"])),
        edges=tuple((int(a), int(b)) for a, b in values["edges"]),
        channels=tuple(map(str, values["channels"])),
        axes=tuple(map(int, values["axes"])),
    )


def _plain(values: Any) -> Any:
    """The same with lists for tuples: what JSON and checkpoints give back."""
    if isinstance(values, dict):
        return {name: _plain(value) for name, value in values.items()}
    if isinstance(values, (list, tuple)):
        return [_plain(value) for value in values]
    return values


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
