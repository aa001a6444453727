"""`chromasonic generate`: new tunes from a trained model, in any format by the file's ending."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.errors import UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.melody_generation.generation import GenerationSettings
    from chromasonic.music.tune import Tune


def generate(
    model_path: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A run directory, or a checkpoint (.pt).")
    ],
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
    device: Annotated[
        str, typer.Option(help="cpu, cuda, cuda:N, mps or auto; for one tune the CPU is fast.")
    ] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write new tunes with a trained model.

    Every bar is full, and a tune has exactly the length asked for. Without --output the tunes are
    printed as ABC.

    Examples:

    \b
      chromasonic generate runs/first
      chromasonic generate runs/first --key "D major" --metre 6/8 --output jig.mid --output jig.svg
      chromasonic generate runs/first --count 10 --bars 32 --temperature 0.9 --output tunes/tune.wav
      chromasonic generate runs/first --opening "GABc dedB" --key G --seed 3
    """
    outputs = output or []
    _check_outputs(outputs)
    # Heavy modules come in after the arguments that can be judged without them.
    from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
    from chromasonic.melody_generation.models import load_model
    from chromasonic.training.device import choose_device

    settings = GenerationSettings(
        bars=bars, key=key, metre=metre, temperature=temperature, top_k=top_k, top_p=top_p
    )
    where = choose_device(device)
    loaded = load_model(model_path, kind=model)
    tunes = generate_tunes(
        loaded.model.to(where),
        count,
        settings=settings,
        seed=seed,
        opening=_read_opening(opening) if opening is not None else None,
    )
    files = _save(tunes, outputs)
    if as_json:
        typer.echo(json_text(_document(loaded.kind, settings, seed, tunes, files)))
    elif outputs:
        for path in (path for paths in files for path in paths):
            typer.echo(str(path))
    else:
        typer.echo("\n".join(_abc_book(tunes)), nl=False)


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


def _save(tunes: list[Tune], outputs: list[Path]) -> list[list[Path]]:
    """Write each tune to each output; the paths by tune."""
    if not outputs:
        return [[] for _ in tunes]
    from chromasonic.formats.tunes import save_tune

    return [
        [save_tune(tune, _numbered(path, number, len(tunes))) for path in outputs]
        for number, tune in enumerate(tunes, start=1)
    ]


def _numbered(path: Path, number: int, count: int) -> Path:
    """tune.mid for a single tune, else tune-1.mid, tune-2.mid, ..."""
    return path if count == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _abc_book(tunes: list[Tune]) -> list[str]:
    """The tunes in ABC, each with a number of its own in the book."""
    from chromasonic.formats.abc import write_abc

    return [
        write_abc(tune).replace("X:1\n", f"X:{number}\n", 1)
        for number, tune in enumerate(tunes, start=1)
    ]


def _document(
    kind: str, settings: GenerationSettings, seed: int, tunes: list[Tune], files: list[list[Path]]
) -> dict[str, Any]:
    """What --json prints."""
    return {
        "model": kind,
        "seed": seed,
        "settings": {
            "bars": settings.bars,
            "key": None if settings.key is None else str(settings.key),
            "metre": None if settings.metre is None else str(settings.metre),
            "temperature": settings.temperature,
            "top_k": settings.top_k,
            "top_p": settings.top_p,
        },
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
