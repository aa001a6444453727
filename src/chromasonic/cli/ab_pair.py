"""`chromasonic ab pair`: clips that versions write and play themselves, ready for `ab create`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from chromasonic.errors import UsageError
from chromasonic.files import json_text


def pair(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="A B...",
            help="Melody models (NAME, NAME@VERSION, paths), or agent:NAME, or drummer:MODEL.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A new folder; gets A/, B/, ... with the clips.")
    ],
    items: Annotated[int, typer.Option(help="How many pairs: 1 to 60; of drums 1 to 40.")] = 12,
    bars: Annotated[
        int | None,
        typer.Option(
            help="Length of each, 2 to 32; of drums 2 or 4.", show_default="8; of drums 4"
        ),
    ] = None,
    key: Annotated[str | None, typer.Option(help="Left out: various.")] = None,
    metre: Annotated[str | None, typer.Option(help="Left out: various.")] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Of all versions.", show_default="1")
    ] = None,
    looseness: Annotated[
        float | None, typer.Option(help="Chance in what drummers play.", show_default="0")
    ] = None,
    program: Annotated[
        int | None, typer.Option(help="General MIDI instrument; left out: flute, or organ.")
    ] = None,
    loudness: Annotated[float, typer.Option(help="Of every clip, in LUFS.")] = -20.0,
    anchor: Annotated[
        str | None,
        typer.Option(
            help="A corpus of held-out tunes to stand beside (folk-pd); for agents: bach; for "
            "drummers: groove-midi, whose bars are struck then."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the first pair.")] = 1,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="WAV of 24 bits instead of MP3.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Let versions write and play the same tasks: same key, metre, length, seed and loudness.

    Agents that harmonize (agent:hybrid, agent:exact, agent:advanced, or agent:NAME:MODELS) set the
    same chorale tunes for four voices. Drummers (drummer:groove, drummer:RUN, drummer:straight for
    what a sequencer plays) strike the same hits.

    Examples:

    \b
      chromasonic ab pair folk folk-markov --output clips --anchor folk-pd
      chromasonic ab create taste folk folk-markov --clips clips --anchor "tunes by people"
      chromasonic ab pair agent:hybrid agent:exact --output voices --anchor bach
      chromasonic ab pair drummer:groove drummer:straight --output drums --anchor groove-midi
    """
    from chromasonic.abtest.counted import counted
    from chromasonic.abtest.loudness import Level
    from chromasonic.abtest.pair_kinds import PAIR_KINDS
    from chromasonic.abtest.pinning import check_different, pinned
    from chromasonic.abtest.version_kinds import kind_of

    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"{output} is there already. Name a new folder, or empty it.")
    if len(models) < 2:
        raise UsageError(f"One version was named, {models[0]}; two or more are compared. Add one.")
    kind = PAIR_KINDS[kind_of(models)]
    arms = pinned(models)
    check_different(arms)
    by_label = {arm.label: model for arm, model in zip(arms, models, strict=True)}
    asked = {
        "bars": bars, "key": key, "metre": metre, "temperature": temperature,
        "looseness": looseness, "program": program,
    }  # fmt: skip
    task = kind.task(
        items=items, seed=seed, is_lossless=lossless, level=Level(loudness_lufs=loudness),
        **_of_kind(asked, kind.task),
    )  # fmt: skip

    def say(_share: float, words: str) -> None:
        typer.echo(words, err=True)

    names = kind.write(by_label, output, task, anchor=anchor, on_progress=say)
    labels = [*by_label, *(["anchor"] if anchor else [])]
    if as_json:
        typer.echo(json_text({"folder": output, "labels": labels, "items": names}))
        return
    typer.echo(f"Written: {output} ({counted(len(names), 'pair')}: {', '.join(labels)}).")
    with_anchor = f' --anchor "{kind.anchor_words}"' if anchor else ""
    typer.echo(f"Next: chromasonic ab create NAME {' '.join(models)} --clips {output}{with_anchor}")


def _of_kind(asked: dict[str, Any], task: type) -> dict[str, Any]:
    """What was asked for, all of it something that such pairs have."""
    given = {name: value for name, value in asked.items() if value is not None}
    known = {one.name for one in fields(task)}
    if strange := sorted(given.keys() - known):
        raise UsageError(
            f"--{strange[0]} means nothing for these versions; allowed: "
            f"{', '.join(f'--{name}' for name in asked if name in known)}."
        )
    return given
