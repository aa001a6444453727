"""`chromasonic generate`: new tunes from a trained model, in any format by the file's ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.generate_steered import (
    Wishes,
    is_companion,
    save,
    settings_document,
    steered_melodies,
)
from chromasonic.cli.numbered import numbered
from chromasonic.errors import UsageError
from chromasonic.files import json_text
from chromasonic.registry.reference import check_task, located

if TYPE_CHECKING:
    from chromasonic.companion.melody_steering import SteeredMelody
    from chromasonic.melody_generation.generation import GenerationSettings
    from chromasonic.music.tune import Tune


def generate(
    model_path: Annotated[
        Path | None,
        typer.Argument(
            metavar="MODEL",
            show_default=False,
            help="A run directory, a checkpoint (.pt) or NAME@VERSION; of companion models too.",
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .mid .abc .musicxml .wav .mp3 .svg or .png by its ending; "
            "repeat it for more formats. Several tunes become tune-1.mid, tune-2.mid, ...",
        ),
    ] = None,
    count: Annotated[int, typer.Option(help="How many tunes.")] = 1,
    bars: Annotated[int, typer.Option(help="Length in bars.")] = 16,
    key: Annotated[
        str | None, typer.Option(help="Such as 'D major'; left out: the model's choice.")
    ] = None,
    metre: Annotated[
        str | None, typer.Option(help="Such as 6/8; left out: the model's choice.")
    ] = None,
    temperature: Annotated[
        float, typer.Option(help="Above 0: 1 is as learned, lower is safer, higher bolder.")
    ] = 1.0,
    top_k: Annotated[
        int | None, typer.Option(help="Draw among so many of the likeliest tokens only.")
    ] = None,
    top_p: Annotated[
        float, typer.Option(help="Draw among the likeliest tokens that hold this share; 1 is all.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same tunes.")] = 0,
    opening: Annotated[
        str | None,
        typer.Option(
            help="What each tune begins with: ABC text such as 'GABc dedB', or a file "
            "(.abc .mid .musicxml). A file brings its key and metre."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="lstm, transformer or markov, where the run directory has several."),
    ] = None,
    companion: Annotated[
        Path | None,
        typer.Option(help="A MelodyTransformer (its output folder or checkpoint), for MODEL."),
    ] = None,
    valence: Annotated[
        float | None,
        typer.Option(help="With a MelodyTransformer: from -1 (sad) to 1 (glad)."),
    ] = None,
    arousal: Annotated[
        float | None,
        typer.Option(help="With a MelodyTransformer: from -1 (calm) to 1 (excited)."),
    ] = None,
    device: Annotated[
        str, typer.Option(help="cpu, cuda, cuda:N, mps or auto; for one tune the CPU is fast.")
    ] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write new tunes with a trained model.

    Every bar is full, and a tune has exactly the length asked for. Without --output the tunes are
    printed as ABC. A MelodyTransformer is steered by --valence and --arousal.

    Examples:

    \b
      chromasonic generate runs/first
      chromasonic generate runs/first --key "D major" --metre 6/8 --output jig.mid --output jig.svg
      chromasonic generate runs/first --count 10 --bars 32 --temperature 0.9 --output tunes/tune.wav
      chromasonic generate runs/first --opening "GABc dedB" --key G --seed 3
      chromasonic generate folk@champion --bars 8
      chromasonic generate --companion trained_models --valence 0.8 --arousal -0.5 -o tune.mid
    """
    outputs = output or []
    _check_outputs(outputs)
    given = _one_model(model_path, companion)
    path = located(given)
    if companion is not None or is_companion(path):
        _refuse({"--opening": opening, "--model": model}, "a MelodyTransformer")
        wishes = Wishes(
            valence=valence or 0.0,
            arousal=arousal or 0.0,
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
        melodies = steered_melodies(path, wishes)
        written = _save([melody.tune for melody in melodies], outputs, _steered_writer(melodies))
        settings_told = settings_document(wishes)
        _tell(
            "melody_transformer",
            settings_told,
            seed,
            [melody.tune for melody in melodies],
            written,
            as_json,
        )
        return
    wanted = "a melody model, or companion models with a melody_transformer"
    check_task(path, "melody", called=given, wanted=wanted)
    _refuse({"--valence": valence, "--arousal": arousal}, "a melody model of a run directory")
    # Heavy modules come in after the arguments that can be judged without them.
    from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
    from chromasonic.melody_generation.models import load_model
    from chromasonic.training.device import choose_device

    settings = GenerationSettings(
        bars=bars, key=key, metre=metre, temperature=temperature, top_k=top_k, top_p=top_p
    )
    where = choose_device(device)
    loaded = load_model(path, kind=model)
    tunes = generate_tunes(
        loaded.model.to(where),
        count,
        settings=settings,
        seed=seed,
        opening=_read_opening(opening) if opening is not None else None,
    )
    _tell(loaded.kind, _told_settings(settings), seed, tunes, _save(tunes, outputs), as_json)


def _one_model(model_path: Path | None, companion: Path | None) -> Path:
    """The one path that was given, as MODEL or by --companion."""
    given = [path for path in (model_path, companion) if path is not None]
    if len(given) != 1:
        what = "Two models were given" if given else "No model was given"
        raise UsageError(
            f"{what}: name one, as MODEL (a run directory or a checkpoint) or by --companion."
        )
    return given[0]


def _refuse(options: dict[str, object], kind: str) -> None:
    """Say that an option means nothing to a kind of model, rather than pass over it."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise UsageError(f"{' and '.join(given)} cannot be used with {kind}. Leave it out.")


def _tell(
    kind: str,
    settings: dict[str, Any],
    seed: int,
    tunes: list[Tune],
    files: list[list[Path]],
    as_json: bool,
) -> None:
    """Print the document, the paths that were written, or the tunes."""
    if as_json:
        typer.echo(json_text(_document(kind, settings, seed, tunes, files)))
    elif any(files):
        for path in (path for paths in files for path in paths):
            typer.echo(str(path))
    else:
        typer.echo("\n".join(_abc_book(tunes)), nl=False)


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
    }


def _document(
    kind: str,
    settings: dict[str, Any],
    seed: int,
    tunes: list[Tune],
    files: list[list[Path]],
) -> dict[str, Any]:
    """What --json prints."""
    return {
        "model": kind,
        "seed": seed,
        "settings": settings,
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
            for tune, text, paths in zip(tunes, _abc_book(tunes), files, strict=True)
        ],
    }
