"""What the desk does for the Gesture page: what was recognized when, and what it plays."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chromasonic.errors import ChromasonicError, ConfigError, FormatError
from chromasonic.studio.desk.report import Report
from chromasonic.studio.gesture.reading import RECORDING
from chromasonic.studio.shelf import Shelf

if TYPE_CHECKING:
    from chromasonic.gesture.mapping import Mapping
    from chromasonic.gesture.models import GestureModel
    from chromasonic.gesture.playing import GestureMusic
    from chromasonic.gesture.spotting import Spotting
    from chromasonic.music.movement import Movement

KIND = "gesture"
MOST_POINTS, CLASSES, MOST_NOTES, MOST_CONTROLS = 8000, 6, 4000, 4000
GAP_SECONDS = 0.35
"""Answers farther apart than this do not belong to one movement."""
HEARD_SECONDS = 300.0
"""So much of a recording is made to sound; the MIDI is whole."""
WAV_SECONDS = 120.0
"""Up to here the sound is kept as .wav, above as .mp3."""


def recognize(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Find gestures in a recording, play them, keep it all: {"piece": id}."""
    from chromasonic.formats.fitting_skeletons import fitted
    from chromasonic.gesture.playing import play

    shelf = Shelf(Path(params["shelf"]))
    recording = shelf.get(params["recording"])
    report(0.05, "Opening the model")
    model = gesture_model(params["model"])
    movement = _movement(shelf, recording.id)
    try:
        movement = fitted(movement, model.skeleton)
    except FormatError as error:
        raise FormatError(
            f"This model reads other recordings: those of the skeleton '{model.skeleton.name}'. "
            f"Choose another model, or train one on recordings like this one. ({error})"
        ) from error
    mapping, text, rows = _mapping(params, model)
    report(0.25, "Looking for gestures")
    spotting = _spotted(model, movement, params["certainty"])
    report(0.6, "Playing them")
    try:
        music = play(mapping, movement, spotting)
    except ChromasonicError as error:
        raise ConfigError(f"What gestures play: {error}") from error
    report(0.7, "Making it sound")
    files = _sound(music, movement)
    piece = shelf.keep(
        KIND,
        recording.title,
        {
            "recording": recording.id,
            "wishes": {
                name: params[name]
                for name in ("model", "certainty", "rows", "text", "key", "tempo")
            },
            "rows": rows,
            "mapping": text,
            "events": [_event(one) for one in music.events] + _unknown(spotting),
            "seconds": max(movement.seconds, music.seconds),
            "heard": HEARD_SECONDS,
            "made_up": bool((model.info.get("data") or {}).get("is_synthetic")),
        },
        {
            "course.json": json.dumps(_course(model, spotting, music)),
            "mapping.toml": text,
            "music.mid": music.midi(title=recording.title),
            **files,
        },
    )
    last = params.get("replaces")
    if last and _is_of(shelf, last, recording.id):
        shelf.remove(last)
    return {"piece": piece.id}


def classes(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """A model's gestures, what they play at first, and what else there is to play."""
    from chromasonic.gesture.simple_mapping import BEATS, KINDS, MOODS, first_rows

    report(0.2, "Opening the model")
    model = gesture_model(params["model"])
    return {
        "classes": list(model.classes),
        "rows": [asdict(row) for row in first_rows(model.classes)],
        "kinds": list(KINDS),
        "values": {"beat": list(BEATS), "mood": list(MOODS)},
        "skeleton": model.skeleton.name,
    }


@lru_cache(maxsize=4)
def gesture_model(name: str) -> GestureModel:
    """A trained model, kept in memory."""
    from chromasonic.gesture.models import load_gesture
    from chromasonic.registry.reference import located

    return load_gesture(located(Path(name), of="gesture"))


def _movement(shelf: Shelf, piece_id: str) -> Movement:
    from chromasonic.formats.landmarks_npz import read_npz

    if shelf.get(piece_id).kind != RECORDING:
        raise ConfigError(f"The piece {piece_id} is no recording.")
    return read_npz(shelf.path(piece_id, "movement.npz"))


def _mapping(
    params: dict[str, Any], model: GestureModel
) -> tuple[Mapping, str, list[dict[str, str]] | None]:
    """The mapping that was asked for, its text, and its rows where it was made of such."""
    from chromasonic.gesture.simple_mapping import MappingRow, first_rows, mapping_text
    from chromasonic.studio.gesture.mapping_text import safe_mapping

    if params["text"]:
        mapping = safe_mapping(params["text"])
        mapping.check(model.classes, model.skeleton)
        return mapping, params["text"], None
    known = {one["gesture"]: one for one in params["rows"] or ()}
    rows = [MappingRow(**known.get(row.gesture, asdict(row))) for row in first_rows(model.classes)]
    text = mapping_text(rows, model.skeleton, key=params["key"], tempo_bpm=params["tempo"])
    mapping = safe_mapping(text)
    mapping.check(model.classes, model.skeleton)
    return mapping, text, [asdict(row) for row in rows]


def _spotted(model: GestureModel, movement: Movement, certainty: float) -> Spotting:
    """What is in a recording; one movement in which nothing is found is judged as a whole."""
    from chromasonic.gesture.recognizing import recognize as recognized
    from chromasonic.gesture.spotting import Spotting, spot
    from chromasonic.gesture.spotting_config import SpottingConfig
    from chromasonic.gesture.spotting_events import UNKNOWN, GestureEvent

    usual = SpottingConfig()
    config = SpottingConfig(
        certainty=certainty, release=certainty * usual.release / usual.certainty
    )
    if model.motion is not None:
        found = spot(model, movement, config)
        if found.known or len(found.takes) > 1:
            return found
        efforts = found.efforts
    else:
        efforts = np.zeros(len(movement))
    answer = recognized(model, movement, top=len(model.classes))
    chances = dict(answer.ranking)
    is_known = answer.certainty >= certainty
    event = GestureEvent(
        label=answer.label if is_known else UNKNOWN,
        certainty=answer.certainty,
        start=0.0,
        recognized=movement.seconds,
        end=movement.seconds,
        nearest=answer.label,
    )
    return Spotting(
        events=(event,),
        takes=(),
        efforts=efforts,
        times=np.array([movement.seconds]),
        chances=np.array([[chances[name] for name in model.classes]]),
        rate_hz=movement.rate_hz,
    )


def _sound(music: GestureMusic, movement: Movement) -> dict[str, bytes]:
    """The sound of what is played, from the recording's start; nothing where no note is."""
    from chromasonic.formats.audio import RATE_HZ, Sound, audio_bytes
    from chromasonic.formats.drum_audio import render_midi

    if not any(note.start < HEARD_SECONDS for note in music.notes):
        return {}
    sound = render_midi(music.midi(), source="This music", most_seconds=HEARD_SECONDS)
    lacking = round(min(movement.seconds, HEARD_SECONDS) * RATE_HZ) - len(sound.samples)
    if lacking > 0:
        sound = Sound(np.pad(sound.samples, (0, lacking)), sound.rate)
    ending = ".wav" if sound.duration_s <= WAV_SECONDS else ".mp3"
    return {f"music{ending}": audio_bytes(sound, ending)}


def _event(one: Any) -> dict[str, Any]:
    return {**one.event.to_dict(), "played": round(one.time, 4), "did": list(one.did)}


def _unknown(spotting: Spotting) -> list[dict[str, Any]]:
    return [
        {**event.to_dict(), "played": None, "did": []}
        for event in spotting.events
        if not event.is_known
    ]


def _course(model: GestureModel, spotting: Spotting, music: GestureMusic) -> dict[str, Any]:
    """What the page draws in time, in so few points that any length can be drawn."""
    efforts = spotting.efforts
    step = max(1, -(-len(efforts) // MOST_POINTS))
    padded = np.pad(efforts, (0, -len(efforts) % step), constant_values=0)
    answers = len(spotting.times)
    every = max(1, -(-answers // MOST_POINTS))
    shown = _shown_classes(model, spotting)
    return {
        "efforts": padded.reshape(-1, step).max(axis=1).round(3).tolist(),
        "effort_seconds": step / spotting.rate_hz,
        "times": spotting.times[::every].round(3).tolist(),
        "classes": [model.classes[number] for number in shown],
        "chances": [spotting.chances[::every, number].round(3).tolist() for number in shown],
        "is_causal": model.is_causal,
        "gap": max(GAP_SECONDS, 2.5 * every / (model.rate_hz or spotting.rate_hz)),
        "notes": [
            [round(note.start, 3), round(note.end, 3), note.pitch, note.velocity, note.channel]
            for note in music.notes[:MOST_NOTES]
        ],
        "controls": [
            [round(one.time, 3), one.controller, one.value, one.channel]
            for one in music.controls[:: max(1, -(-len(music.controls) // MOST_CONTROLS))]
        ],
    }


def _shown_classes(model: GestureModel, spotting: Spotting) -> list[int]:
    """The classes whose certainty is drawn: those that were recognized, then the likeliest."""
    known = {event.nearest for event in spotting.events}
    found = [number for number, name in enumerate(model.classes) if name in known]
    if len(spotting.times):
        for number in np.argsort(-spotting.chances.max(axis=0), kind="stable").tolist():
            if len(found) >= CLASSES:
                break
            if number not in found and spotting.chances[:, number].max() > 0.3:
                found.append(number)
    return found[: 2 * CLASSES]


def _is_of(shelf: Shelf, piece_id: str, recording: str) -> bool:
    """Whether a piece is what the same recording played before."""
    try:
        piece = shelf.get(piece_id)
    except ChromasonicError:
        return False
    return piece.kind == KIND and piece.data.get("recording") == recording
