"""What the desk does for the Compose page, in a child process that keeps its models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic.studio.compose.titles import plain_title
from chromasonic.studio.compose.versions import KIND
from chromasonic.studio.desk.report import Report
from chromasonic.studio.shelf import Piece, Shelf

if TYPE_CHECKING:
    from chromasonic.companion.melody_steering import Steering
    from chromasonic.melody_generation.progress import WritingProgress
    from chromasonic.music.key import Key
    from chromasonic.music.tune import Bar, Tune

WRITING_FROM, ENGRAVING_FROM = 0.1, 0.8
"""Shares of the job that are done when a tune is begun, and when it is written."""

NAMES = {"lstm": "LSTM", "transformer": "Transformer", "markov": "Markov model"}


@lru_cache(maxsize=4)
def _model(name: str) -> Any:
    """A melody model by its reference, kept in memory."""
    from chromasonic.melody_generation.models import load_model

    return load_model(Path(name))


@dataclass(frozen=True, kw_only=True)
class Made:
    """A tune, how strongly it is played (None: as usual), and the kind of model that wrote it."""

    tune: Tune
    velocity: float | None
    kind: str


def compose(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Write tunes and keep them: {"piece": id of the first, "pieces": [ids]}.

    Args:
        params: see `routes.Wishes`; "opening" is a tune's document or None; "shelf" a folder.
        report: hears how far it is.
    """
    report(0.05, "Opening the model")
    made = _steered(params, report) if _is_companion(params["model"]) else _written(params, report)
    pieces = []
    for number, one in enumerate(made):
        report(ENGRAVING_FROM + (1 - ENGRAVING_FROM) * number / len(made), "Engraving")
        title = plain_title(params, one.tune, number)
        data: dict[str, Any] = {
            "wishes": _wishes(params),
            "by": NAMES.get(one.kind, "MelodyTransformer"),
        }
        data |= {"batch": params["batch"], "place": number}
        pieces.append(_keep(params, replace(one.tune, title=title), data, one.velocity))
    return {"piece": pieces[0].id, "pieces": [piece.id for piece in pieces]}


def reroll(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Write one bar of a piece anew and keep the result as a piece of its own.

    Args:
        params: "piece", "bar" (from 1), "seed", "shelf".
        report: hears how far it is.

    Returns:
        {"piece": id}.
    """
    from chromasonic.formats.tune_document import tune_of_document

    shelf = Shelf(Path(params["shelf"]))
    parent = shelf.get(params["piece"])
    tune = tune_of_document(parent.data["tune"], id=parent.id)
    wishes = parent.data["wishes"]
    report(0.1, "Opening the model")
    anew = _bar_steered if _is_companion(wishes["model"]) else _bar_written
    new = anew(params, report, wishes, tune, _earlier(shelf, parent, params["bar"]))
    report(0.6, "Engraving")
    data = {
        **parent.data,
        "parent": parent.id,
        "root": parent.data.get("root", parent.id),
        "bar": params["bar"] - _has_upbeat(tune),
    }
    piece = _keep({**params, **wishes}, new, data, parent.data.get("velocity"))
    return {"piece": piece.id}


def _bar_written(
    params: dict[str, Any], report: Report, wishes: dict[str, Any], tune: Tune, avoid: list[Bar]
) -> Tune:
    """The tune with a bar anew by a model of token streams."""
    from chromasonic.melody_generation.mood import lean_of
    from chromasonic.melody_generation.rerolling import RerollSettings, reroll_bar
    from chromasonic.music.mood_cues import cues_of

    model = _model(wishes["model"]).model
    mood = wishes.get("valence") is not None and wishes.get("arousal") is not None
    settings = RerollSettings(
        temperature=wishes["temperature"],
        lean_V=lean_of(cues_of(wishes["valence"], wishes["arousal"])) if mood else None,
    )
    report(0.3, f"Bar {params['bar']} anew")
    return reroll_bar(
        model, tune, params["bar"], seed=params["seed"], settings=settings, avoid=avoid
    )


def _bar_steered(
    params: dict[str, Any], report: Report, wishes: dict[str, Any], tune: Tune, avoid: list[Bar]
) -> Tune:
    """The tune with a bar anew by the MelodyTransformer that wrote it."""
    from chromasonic.companion.melody_rerolling import reroll_steered_bar
    from chromasonic.companion.models import load_companion

    network = load_companion(_located(wishes["model"]), "melody_transformer").network
    report(0.3, f"Bar {params['bar']} anew")
    return reroll_steered_bar(
        network, tune, params["bar"], _steering(wishes), seed=params["seed"], avoid=avoid
    )


def _earlier(shelf: Shelf, piece: Piece, number: int) -> list[Bar]:
    """What stood in a bar in the versions before a piece."""
    from chromasonic.errors import UsageError
    from chromasonic.formats.tune_document import tune_of_document

    bars: list[Bar] = []
    parent = piece.data.get("parent")
    while parent and len(bars) < 50:
        try:
            older = shelf.get(parent)
        except UsageError:  # it was taken away
            break
        bars.append(tune_of_document(older.data["tune"]).bars[number - 1])
        parent = older.data.get("parent")
    return bars


def _written(params: dict[str, Any], report: Report) -> list[Made]:
    """Tunes of a model of token streams."""
    from chromasonic.formats.tune_document import tune_of_document
    from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
    from chromasonic.melody_generation.mood import generate_in_mood

    loaded = _model(params["model"])
    opening = params.get("opening")
    settings = GenerationSettings(
        bars=params["bars"],
        key=None if opening else params["key"],
        mode=None if opening else params["mode"],
        metre=None if opening else params["metre"],
        temperature=params["temperature"],
    )
    given: dict[str, Any] = {
        "settings": settings,
        "seed": params["seed"],
        "opening": tune_of_document(opening) if opening else None,
    }
    given["on_progress"] = lambda now: report(*_told(now))
    report(WRITING_FROM, "Writing")
    velocity = None
    if params["valence"] is None:
        tunes = generate_tunes(loaded.model, params["count"], **given)
    else:
        place = {name: params[name] for name in ("valence", "arousal")}
        moods = generate_in_mood(loaded.model, params["count"], **place, **given)
        tunes, velocity = [one.tune for one in moods], moods[0].cues.velocity
    if params["tempo"] is not None:
        tunes = [replace(tune, tempo_bpm=params["tempo"]) for tune in tunes]
    return [Made(tune=tune, velocity=velocity, kind=loaded.kind) for tune in tunes]


def _told(now: WritingProgress) -> tuple[float, str]:
    """The share of the job that is done, and what is being written."""
    return WRITING_FROM + (ENGRAVING_FROM - WRITING_FROM) * now.share, f"Writing: {now}"


def _steered(params: dict[str, Any], report: Report) -> list[Made]:
    """Melodies of a MelodyTransformer, which learned valence and arousal."""
    from chromasonic.companion.melody_steering import steer
    from chromasonic.companion.models import load_companion
    from chromasonic.errors import UsageError

    if params.get("opening"):
        raise UsageError(
            "A MelodyTransformer cannot go on from an opening. Take another model, or clear the "
            "opening."
        )
    wanted = _steering(params)
    network = load_companion(_located(params["model"]), "melody_transformer").network
    melodies = []
    for number in range(params["count"]):
        done = WRITING_FROM + (ENGRAVING_FROM - WRITING_FROM) * number / params["count"]
        report(done, f"Writing: tune {number + 1} of {params['count']}")
        melodies.append(steer(network, wanted, seed=params["seed"], number=number + 1))
    tempo = {"tempo_bpm": params["tempo"]} if params["tempo"] is not None else {}
    return [
        Made(tune=replace(one.tune, **tempo), velocity=one.velocity, kind="melody_transformer")
        for one in melodies
    ]


def _steering(params: dict[str, Any]) -> Steering:
    """What a MelodyTransformer is asked for."""
    from chromasonic.companion.melody_steering import COMMON_TIME, Steering
    from chromasonic.melody_generation.opening import parse_metre
    from chromasonic.music.key_text import parse_key

    return Steering(
        valence=params["valence"] or 0.0,
        arousal=params["arousal"] or 0.0,
        bars=params["bars"],
        key=parse_key(params["key"]) if params["key"] else _tonic_c(params["mode"]),
        metre=parse_metre(params["metre"]) if params["metre"] else COMMON_TIME,
        temperature=params["temperature"],
    )


def _tonic_c(mode: str | None) -> Key | None:
    """The key of a mode alone."""
    from chromasonic.music.key import Key

    return Key("C", mode) if mode else None


def _has_upbeat(tune: Tune) -> bool:
    """Whether the first bar is shorter than a full one: it is not counted as a bar."""
    return len(tune.bars) > 1 and not tune.bars[0].is_full


def _located(name: str) -> Path:
    from chromasonic.registry.reference import located

    return located(Path(name))


@lru_cache(maxsize=32)
def _is_companion(name: str) -> bool:
    """Whether a model is a companion's MelodyTransformer."""
    place = _located(name)
    word = "melody_transformer_*.pt"
    if place.is_dir():
        return any(place.glob(word)) or any(place.glob(f"checkpoints/{word}"))
    return place.match(word)


def _wishes(params: dict[str, Any]) -> dict[str, Any]:
    """What was asked for, to be shown and asked for again."""
    kept = {
        name: value for name, value in params.items() if name not in ("shelf", "opening", "batch")
    }
    return {**kept, "opening": params.get("opening_text")}


def _mood(params: dict[str, Any]) -> str | None:
    """What the mood that was asked for is called."""
    from chromasonic.music.emotion_words import word_for

    if params.get("valence") is None or params.get("arousal") is None:
        return None
    return word_for(params["valence"], params["arousal"])


def _keep(
    params: dict[str, Any], tune: Tune, data: dict[str, Any], velocity: float | None
) -> Piece:
    """Put a tune on the shelf with all its files."""
    import tempfile

    from chromasonic.formats.midi import write_midi
    from chromasonic.formats.tune_document import tune_document
    from chromasonic.studio.rendering import tune_files

    contents = tune_files(tune)
    if velocity is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = write_midi(tune, Path(folder) / "tune.mid", velocity=velocity)
            contents["tune.mid"] = path.read_bytes()
    told = {
        "key": str(tune.key),
        "metre": str(tune.metre),
        "tempo": tune.tempo_bpm,
        "bars": len(tune.bars),
        "full_bars": len(tune.bars) - _has_upbeat(tune),
        "notes": sum(1 for _ in tune.sounding()),
        "velocity": velocity,
        "mood": _mood(params),
        "tune": tune_document(tune),
    }
    return Shelf(Path(params["shelf"])).keep(KIND, tune.title, {**data, **told}, contents)
