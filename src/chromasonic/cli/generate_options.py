"""The options of `chromasonic generate`: how they read, and what they ask for as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

# --- which model -------------------------------------------------------------------------------

ModelPath = Annotated[
    Path | None,
    typer.Argument(
        metavar="MODEL",
        show_default=False,
        help="A model that ships (folk), a run directory, a checkpoint (.pt) or NAME@VERSION; "
        "of companion models too. Left out: folk.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(help="lstm, transformer or markov, where the run directory has several."),
]
Companion = Annotated[
    Path | None,
    typer.Option(help="A MelodyTransformer (its output folder or checkpoint), for MODEL."),
]
Device = Annotated[
    str, typer.Option(help="cpu, cuda, cuda:N, mps or auto; for one tune the CPU is fast.")
]

# --- what tunes --------------------------------------------------------------------------------

Count = Annotated[int, typer.Option(help="How many tunes.")]
Bars = Annotated[int, typer.Option(help="Length in bars.")]
Key = Annotated[str | None, typer.Option(help="Such as 'D major'; left out: the model's choice.")]
MetreText = Annotated[str | None, typer.Option(help="Such as 6/8; left out: the model's choice.")]
Opening = Annotated[
    str | None,
    typer.Option(
        help="What each tune begins with: ABC text such as 'GABc dedB', or a file "
        "(.abc .mid .musicxml). A file brings its key and metre."
    ),
]

# --- how they are drawn ------------------------------------------------------------------------

Temperature = Annotated[
    float, typer.Option(help="Above 0: 1 is as learned, lower is safer, higher bolder.")
]
TopK = Annotated[int | None, typer.Option(help="Draw among so many of the likeliest tokens only.")]
TopP = Annotated[
    float, typer.Option(help="Draw among the likeliest tokens that hold this share; 1 is all.")
]
Endings = Annotated[
    int | None,
    typer.Option(
        help="Endings to try for each tune, of which one is drawn by how likely the model would "
        "end there; 1 takes what comes. Left out: 32."
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same tunes.")]

# --- in what mood ------------------------------------------------------------------------------

Valence = Annotated[
    float | None,
    typer.Option(help="Mood, from -1 (sad) to 1 (glad); with --arousal or alone."),
]
Arousal = Annotated[float | None, typer.Option(help="Mood, from -1 (calm) to 1 (excited).")]
FromImage = Annotated[
    Path | None,
    typer.Option(
        "--from-image",
        help="A picture (.png .jpg .webp .gif), whose colours set mood, mode and tempo.",
    ),
]

# --- where they go -----------------------------------------------------------------------------

Output = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        help="File to write: .mid .abc .musicxml .wav .mp3 .svg or .png by its ending; "
        "repeat it for more formats. Several tunes become tune-1.mid, tune-2.mid, ...",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the options ask for, whichever kind of model writes; see above."""

    bars: int
    key: str | None
    metre: str | None
    temperature: float
    top_k: int | None
    top_p: float
    count: int
    seed: int
    device: str
