"""`chromasonic generate`: new tunes from a trained model, in any format by the file's ending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from chromasonic.cli import generate_options as option
from chromasonic.cli.generate_mood import (
    ChosenMood,
    chosen_mood,
    mood_document,
    mood_writer,
    tell_picture,
    tunes_in_mood,
)
from chromasonic.cli.generate_steered import (
    is_companion,
    save,
    settings_document,
    steered_melodies,
)
from chromasonic.cli.numbered import numbered
from chromasonic.errors import UsageError
from chromasonic.files import json_text
from chromasonic.registry.reference import check_task, located
from chromasonic.registry.shipped import default_model

if TYPE_CHECKING:
    from chromasonic.companion.melody_steering import SteeredMelody
    from chromasonic.melody_generation.generation import GenerationSettings
    from chromasonic.music.tune import Tune


def generate(
    model_path: option.ModelPath = None,
    output: option.Output = None,
    count: option.Count = 1,
    bars: option.Bars = 16,
    key: option.Key = None,
    metre: option.MetreText = None,
    temperature: option.Temperature = 1.0,
    top_k: option.TopK = None,
    top_p: option.TopP = 1.0,
    endings: option.Endings = None,
    seed: option.Seed = 0,
    opening: option.Opening = None,
    model: option.Model = None,
    companion: option.Companion = None,
    valence: option.Valence = None,
    arousal: option.Arousal = None,
    from_image: option.FromImage = None,
    device: option.Device = "cpu",
    as_json: option.AsJson = False,
) -> None:
    """Write new tunes with a trained model.

    Every bar is full, and a tune has exactly the length asked for. Without --output the tunes are
    printed as ABC. A mood, by --valence and --arousal or by the colours of a picture, sets the mode
    (where no key is given), tempo, register, density and loudness.

    Examples:

    \b
      chromasonic generate
      chromasonic generate folk --bars 32 --seed 7 --output tune.mp3
      chromasonic generate runs/first --key "D major" --metre 6/8 --output jig.mid --output jig.svg
      chromasonic generate runs/first --count 10 --bars 32 --temperature 0.9 --output tunes/tune.wav
      chromasonic generate runs/first --opening "GABc dedB" --key G --seed 3
      chromasonic generate folk@champion --bars 8
      chromasonic generate --from-image sunset.jpg -o tune.mid
      chromasonic generate --valence -0.7 --arousal -0.4 -o sad.mp3
      chromasonic generate --companion trained_models --valence 0.8 --arousal -0.5 -o tune.mid
    """
    outputs = output or []
    _check_outputs(outputs)
    mood = chosen_mood(valence, arousal, from_image)
    given = _one_model(model_path, companion)
    path = located(given)
    wishes = option.Wishes(
        bars=bars,
        key=key,
        metre=metre,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        count=count,
        seed=seed,
        device=device,
    )
    if companion is not None or is_companion(path):
        meaningless = {"--opening": opening, "--model": model, "--endings": endings}
        _refuse(meaningless, "a MelodyTransformer")
        made = _by_companion(path, wishes, mood)
    else:
        wanted = "a melody model, or companion models with a melody_transformer"
        check_task(path, "melody", called=given, wanted=wanted)
        made = _by_streams(path, wishes, mood, model=model, endings=endings, opening=opening)
    files = _save(made.tunes, outputs, made.write)
    _tell(made, seed, files, as_json, mood)


@dataclass(frozen=True, kw_only=True)
class _Made:
    """Tunes and what is told of them.

    Attributes:
        kind: of the model that wrote them.
        settings: that they were written with, for --json.
        tunes: in order.
        write: writes one of them to a file; None: as any tune is written.
    """

    kind: str
    settings: dict[str, Any]
    tunes: list[Tune]
    write: Callable[[Tune, Path], Path] | None


def _by_companion(path: Path, wishes: option.Wishes, mood: ChosenMood | None) -> _Made:
    """Tunes of a MelodyTransformer, which learned valence and arousal."""
    melodies = steered_melodies(path, wishes, mood)
    return _Made(
        kind="melody_transformer",
        settings=settings_document(wishes, mood),
        tunes=[melody.tune for melody in melodies],
        write=_steered_writer(melodies),
    )


def _by_streams(
    path: Path,
    wishes: option.Wishes,
    mood: ChosenMood | None,
    *,
    model: str | None,
    endings: int | None,
    opening: str | None,
) -> _Made:
    """Tunes of a model of token streams."""
    # Heavy modules come in after the arguments that can be judged without them.
    from chromasonic.melody_generation.generation import GenerationSettings
    from chromasonic.melody_generation.models import load_model
    from chromasonic.training.device import choose_device

    settings = GenerationSettings(
        bars=wishes.bars,
        key=wishes.key,
        metre=wishes.metre,
        temperature=wishes.temperature,
        top_k=wishes.top_k,
        top_p=wishes.top_p,
        endings=GenerationSettings.endings if endings is None else endings,
    )
    where = choose_device(wishes.device)
    loaded = load_model(path, kind=model)
    tunes = tunes_in_mood(
        loaded.model.to(where),
        wishes.count,
        mood=mood,
        settings=settings,
        seed=wishes.seed,
        opening=_read_opening(opening) if opening is not None else None,
    )
    told = _told_settings(settings)
    return _Made(kind=loaded.kind, settings=told, tunes=tunes, write=mood_writer(mood))


def _one_model(model_path: Path | None, companion: Path | None) -> Path:
    """The one path that was given, as MODEL or by --companion; else the model that ships."""
    given = [path for path in (model_path, companion) if path is not None]
    if len(given) > 1:
        raise UsageError(
            "Two models were given: name one, as MODEL (a run directory or a checkpoint) or by "
            "--companion."
        )
    return given[0] if given else default_model("melody").folder


def _refuse(options: Mapping[str, object], kind: str) -> None:
    """Say that an option means nothing to a kind of model, rather than pass over it."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise UsageError(f"{' and '.join(given)} cannot be used with {kind}. Leave it out.")


def _tell(
    made: _Made, seed: int, files: list[list[Path]], as_json: bool, mood: ChosenMood | None
) -> None:
    """Print the document, the paths that were written, or the tunes; what a picture said first."""
    if mood is not None and not as_json:
        tell_picture(mood)
    if as_json:
        document = _document(made, seed, files)
        typer.echo(json_text(document | mood_document(mood)))
    elif any(files):
        for path in (path for paths in files for path in paths):
            typer.echo(str(path))
    else:
        typer.echo("\n".join(_abc_book(made.tunes)), nl=False)


def _steered_writer(melodies: list[SteeredMelody]) -> Callable[[Tune, Path], Path]:
    """Writes the tune of a melody with what the melody says of its strength."""
    by_id = {melody.tune.id: melody for melody in melodies}
    return lambda tune, path: save(by_id[tune.id], path)


def _check_outputs(outputs: list[Path]) -> None:
    """Refuse an ending that nothing writes before any work is done."""
    if outputs:
        from chromasonic.formats.tunes import check_ending

        for path in outputs:
            check_ending(path)


def _read_opening(opening: str) -> Tune | str:
    """The tune of a file, or the ABC text itself."""
    from chromasonic.formats.tunes import READERS, load_tune

    path = Path(opening)
    is_one_line = "\n" not in opening and len(opening) < 1_000
    if is_one_line and path.suffix.lower() in READERS:
        if not path.is_file():
            raise UsageError(
                f"The opening {opening} is no file. Give a file that is there, or ABC text."
            )
        return load_tune(path)
    return opening


def _save(
    tunes: list[Tune],
    outputs: list[Path],
    write: Callable[[Tune, Path], Path] | None = None,
) -> list[list[Path]]:
    """Write each tune to each output; the paths by tune."""
    if not outputs:
        return [[] for _ in tunes]
    from chromasonic.formats.tunes import save_tune

    write = write or save_tune
    return [
        [write(tune, numbered(path, number, len(tunes))) for path in outputs]
        for number, tune in enumerate(tunes, start=1)
    ]


def _abc_book(tunes: list[Tune]) -> list[str]:
    """The tunes in ABC, each with a number of its own in the book."""
    from chromasonic.formats.abc import write_abc

    return [
        write_abc(tune).replace("X:1\n", f"X:{number}\n", 1)
        for number, tune in enumerate(tunes, start=1)
    ]


def _told_settings(settings: GenerationSettings) -> dict[str, Any]:
    """What --json says of the settings of a melody model."""
    return {
        "bars": settings.bars,
        "key": None if settings.key is None else str(settings.key),
        "metre": None if settings.metre is None else str(settings.metre),
        "temperature": settings.temperature,
        "top_k": settings.top_k,
        "top_p": settings.top_p,
        "endings": settings.endings,
    }


def _document(made: _Made, seed: int, files: list[list[Path]]) -> dict[str, Any]:
    """What --json prints."""
    return {
        "model": made.kind,
        "seed": seed,
        "settings": made.settings,
        "tunes": [
            {
                "id": tune.id,
                "title": tune.title,
                "key": str(tune.key),
                "metre": str(tune.metre),
                "bars": len(tune.bars),
                "notes": sum(1 for _ in tune.sounding()),
                "abc": text,
                "files": paths,
            }
            for tune, text, paths in zip(made.tunes, _abc_book(made.tunes), files, strict=True)
        ],
    }
