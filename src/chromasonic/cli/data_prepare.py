"""`chromasonic data prepare`: a big corpus of music files made ready for training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.data import AsJson, Folder, data_app, on_bar
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.scaling.preparing import Preparation

EXAMPLES_SHOWN = 2
REFUSED = "refused.csv"


@data_app.command("prepare")
def prepare_corpus(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder or an archive of MIDI, ABC or MusicXML files; or a corpus by name, such "
            "as lakh."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the prepared corpus.")],
    engine: Annotated[
        str, typer.Option(help="local, or ray (Ray Data; needs the extra 'scale').")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="Of a Ray cluster; left out, one is started on this machine."),
    ] = None,
    workers: Annotated[int, typer.Option(help="How many files are parsed at once.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what was broken off in the folder.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the prepared corpus that lies there.")
    ] = False,
    min_notes: Annotated[int | None, typer.Option(help="Notes that a tune must have.")] = None,
    max_notes: Annotated[int | None, typer.Option(help="Notes that it may have.")] = None,
    min_pitches: Annotated[
        int | None, typer.Option(help="Different pitches that it must have.")
    ] = None,
    metre: Annotated[
        list[str] | None,
        typer.Option(help="A metre that it may be in, such as 4/4; give it several times."),
    ] = None,
    on_grid: Annotated[
        float | None,
        typer.Option(
            help="Share of a MIDI melody's onsets that must lie on its beats' sixteenths or "
            "triplets; 0 takes what was played without a click, too."
        ),
    ] = None,
    seconds_per_file: Annotated[
        float | None, typer.Option(help="Processor time that one file may take.")
    ] = None,
    memory_mb: Annotated[int | None, typer.Option(help="Memory that one file may take.")] = None,
    block_files: Annotated[
        int | None, typer.Option(help="Files of one piece of work; the result is the same.")
    ] = None,
    shard_tunes: Annotated[int | None, typer.Option(help="Tunes of a shard at most.")] = None,
    licence: Annotated[
        str, typer.Option(help="Of the files of a folder or an archive, for the models' cards.")
    ] = "",
    title: Annotated[str, typer.Option(help="How a folder or an archive is called.")] = "",
    data_dir: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Parse, filter and tokenize the files of a corpus into shards that training reads.

    What is refused is counted by its reason. The result has the same bytes whatever the engine, the
    workers and the machine; what was broken off goes on with --resume.

    Examples:

    \b
      chromasonic data prepare lakh --output corpora/lakh --workers 8
      chromasonic data prepare lmd_full.tar.gz -o corpora/lakh --workers 8 --resume
      chromasonic data prepare my-midi-files -o corpora/mine --metre 4/4 --min-notes 32
      chromasonic data prepare lakh -o /shared/lakh --engine ray --address 10.0.0.1:6379
      chromasonic train melody --dataset corpora/mine --model lstm --output runs/mine
    """
    from chromasonic.scaling.preparing import PrepareSettings, prepare

    named = {
        "min_notes": min_notes, "max_notes": max_notes, "min_pitches": min_pitches,
        "metres": tuple(metre) if metre else None, "on_grid": on_grid,
        "seconds_per_file": seconds_per_file, "memory_mb": memory_mb,
        "block_files": block_files, "shard_tunes": shard_tunes,
    }  # fmt: skip
    given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    with on_bar() as on_progress:
        done = prepare(
            source,
            output,
            settings=PrepareSettings(**given),
            engine=engine,
            workers=workers,
            address=address,
            resume=resume,
            overwrite=overwrite,
            data_dir=data_dir,
            licence=licence,
            title=title,
            on_progress=on_progress,
        )
    if as_json:
        typer.echo(json_text(done.to_dict()))
        return
    _print(done)


def describe_prepared(folder: Path, as_json: bool) -> None:
    """Say what a prepared corpus holds."""
    from chromasonic.data.prepared import read_manifest

    facts = read_manifest(folder)
    if as_json:
        typer.echo(json_text({"found": True, "folder": str(folder), **facts}))
        return
    _print_facts(facts)


def _print(done: Preparation) -> None:
    _print_facts(done.facts)
    if done.blocks:
        typer.echo(f"{'Time':<13}{_time(done)}")
    else:
        typer.echo(f"{'':<13}It was there already, made by the same settings from the same files.")
    typer.echo(f"\nTrain on it: chromasonic train melody --dataset {done.folder}")


def _print_facts(facts: dict[str, Any]) -> None:
    counts = facts["counts"]
    refused = sum(entry["count"] for entry in facts["refused"].values())
    lines = {
        "Corpus": f"{facts['title']} (licence: {facts['licence']})",
        "Files": f"{counts['files']:,} ({counts['bytes_read'] / 1e6:,.1f} MB read)",
        "Kept": f"{counts['tunes']:,} tunes ({counts['distinct_tunes']:,} apart from "
        f"near-duplicates), {counts['notes']:,} notes, {counts['tokens']:,} tokens",
        "Refused": f"{refused:,} files or tunes" + (", by reason:" if refused else ""),
    }
    for title, text in lines.items():
        typer.echo(f"{title:<13}{text}")
    for reason, entry in facts["refused"].items():
        typer.echo(f"{entry['count']:>9,}  {reason}")
        for example in entry["examples"][:EXAMPLES_SHOWN]:
            detail = f": {example['detail']}" if example["detail"] else ""
            typer.echo(f"{'':>13}{example['file']}{detail}")
    if refused:
        typer.echo(f"{'':<13}({REFUSED} lists them all)")
    size = sum(shard["size_bytes"] for shard in facts["shards"])
    typer.echo(f"{'Shards':<13}{len(facts['shards'])}, {size / 1e6:,.1f} MB")
    typer.echo(f"{'Fingerprint':<13}{facts['fingerprint']}")


def _time(done: Preparation) -> str:
    kept = f", {done.blocks_kept} of {done.blocks} blocks by a former run" * bool(done.blocks_kept)
    files = done.facts["counts"]["files"]
    rate = files / max(done.seconds, 1e-9)
    speed = f", {rate:,.{0 if rate >= 10 else 1}f} files a second" * (not done.blocks_kept)
    workers = "1 worker" if done.workers == 1 else f"{done.workers} workers"
    return f"{done.seconds:,.1f} s with {workers}, {done.engine}{speed}{kept}"
