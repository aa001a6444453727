"""`chromasonic data`: which corpora there are, what is in them, and getting them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from chromasonic.errors import DataError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.data import Corpus, CorpusFacts
    from chromasonic.data.progress import Progress

DATA_HELP = """List, describe, fetch and prepare corpora.

Examples:

\b
  chromasonic data list
  chromasonic data info folk-pd
"""

data_app = typer.Typer(no_args_is_help=True, help=DATA_HELP)

MOVEMENTS = "movements"

Name = Annotated[str, typer.Argument(help="A corpus of 'chromasonic data list'.")]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="A folder with the corpus in it or in a sub-folder of its name. Left out: the folder "
        "that CHROMASONIC_DATA names, then the cache.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

SKIPPED_SHOWN = 10
NOT_SHOWN = (
    "make", "make_pieces", "reader", "reader_version", "is_cached", "collections", "archives",
    "index", "package", "package_folder", "count", "pieces",
)  # fmt: skip
"""Fields of `CorpusFacts` that are functions, inner matters, or shown in another form."""


@data_app.command("list")
def list_corpora(data_dir: Folder = None, as_json: AsJson = False) -> None:
    """Say which corpora there are, and which are on this machine.

    Examples:

    \b
      chromasonic data list
      chromasonic data list --json
    """
    from chromasonic.data import CORPORA
    from chromasonic.registry.licences import terms_of_corpus

    found = list(CORPORA.values())
    rows = [{**_facts(facts), "where": _where(facts, data_dir)} for facts in found]
    if as_json:
        typer.echo(json_text(rows))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("NAME", no_wrap=True)
    table.add_column("PIECES", justify="right", no_wrap=True)
    table.add_column("WEIGHTS MAY SHIP", no_wrap=True)
    table.add_column("HERE", no_wrap=True)
    table.add_column("WHAT IT IS")
    for facts, row in zip(found, rows, strict=True):
        may_ship = terms_of_corpus(facts).ships
        here = row["where"] or "no"
        pieces = f"{row['pieces']:,} {row['noun']}"
        table.add_row(row["name"], pieces, may_ship, here, row["summary"])
    Console(width=None if Console().is_terminal else 120).print(table)


@data_app.command("info")
def info(
    name: Annotated[
        str,
        typer.Argument(
            help="A corpus of 'chromasonic data list', or a folder of recordings or of a prepared "
            "corpus."
        ),
    ],
    data_dir: Folder = None,
    split_file: Annotated[
        Path | None, typer.Option(help="A split (JSON) to use instead of the corpus's own.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the split, and of made tunes.")] = 0,
    allow_partial: Annotated[
        bool,
        typer.Option("--allow-partial", help="Take what is there of a corpus that lacks files."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Describe a corpus: licence, source, counts, split, and what could not be read and why.

    A corpus that is not on this machine is described without being fetched. A folder is read as
    recordings of your own movements: FOLDER/LABEL/RECORDING.

    Examples:

    \b
      chromasonic data info nottingham
      chromasonic data info folk --json
      chromasonic data info nottingham --data-dir ~/corpora
      chromasonic data info maestro --allow-partial
      chromasonic data info synthetic-gestures
    """
    from chromasonic.data import CORPORA, facts_of, load, resolve_auto
    from chromasonic.data.locate import locate
    from chromasonic.data.prepared import is_prepared

    if name not in CORPORA and is_prepared(name):
        from chromasonic.cli.data_prepare import describe_prepared

        describe_prepared(Path(name), as_json)
        return
    if name not in CORPORA and Path(name).is_dir():
        _describe_recordings(Path(name), as_json)
        return
    if name == "auto":
        name = resolve_auto(data_dir=data_dir, download=False).name
    facts = facts_of(name)
    try:
        if facts.kind != "generated":
            locate(facts, data_dir=data_dir, download=False)
    except DataError as error:
        if data_dir is not None:
            raise
        if as_json:
            typer.echo(json_text({**_facts(facts), "found": False, "why": str(error)}))
            return
        _print_facts(facts)
        typer.echo(f"\n{error}")
        return
    with on_bar() as on_progress:
        corpus = load(
            name,
            data_dir=data_dir,
            split_file=split_file,
            seed=seed,
            allow_partial=allow_partial,
            download=False,
            on_progress=on_progress,
        )
    if as_json:
        found = {"found": True, "split": corpus.split.sizes, **corpus.manifest.to_dict()}
        typer.echo(json_text({**_facts(facts), **found, **_summary(corpus, facts.noun)}))
        return
    _print_facts(facts)
    _print_corpus(corpus, facts.noun)


def _describe_recordings(folder: Path, as_json: bool) -> None:
    """What a folder of recordings of one's own holds."""
    from chromasonic.gesture.recordings import corpus_of

    with on_bar() as on_progress:
        corpus = corpus_of(folder, on_progress=on_progress)
    if as_json:
        found = {"found": True, "split": corpus.split.sizes, **corpus.manifest.to_dict()}
        typer.echo(json_text({**found, **_summary(corpus, MOVEMENTS)}))
        return
    typer.echo(f"{folder}: {corpus.manifest.title}\n")
    _print_corpus(corpus, MOVEMENTS)


@data_app.command("fetch")
def fetch(name: Name, data_dir: Folder = None, as_json: AsJson = False) -> None:
    """Get a corpus onto this machine: download it, check every file, unpack it.

    With --data-dir it is put there, else into the cache. A corpus that is there already is not
    fetched again.

    Examples:

    \b
      chromasonic data fetch nottingham
      chromasonic data fetch groove-midi --data-dir ~/corpora
    """
    from chromasonic.data import facts_of, obtain
    from chromasonic.data.unverified import unverified_remarks

    facts = facts_of(name)
    with on_bar() as on_progress:
        place = obtain(facts, data_dir=data_dir, on_progress=on_progress)
    folders = [str(folder) for folder in place.folders]
    remarks = unverified_remarks(facts, place.folders[0])
    if as_json:
        answer = {
            "name": name, "found_by": place.found_by, "folders": folders, "remarks": remarks
        }  # fmt: skip
        typer.echo(json_text(answer))
        return
    typer.echo(f"'{name}' is here ({place.found_by}):")
    for folder in folders:
        typer.echo(f"  {folder}")
    for remark in remarks:
        typer.echo(f"{'Remark':<18}{remark}")


def _facts(facts: CorpusFacts) -> dict[str, Any]:
    """The facts that a script would read: everything but checksums and functions."""
    values = {
        field.name: getattr(facts, field.name)
        for field in dataclasses.fields(facts)
        if field.name not in NOT_SHOWN
    }
    collections = [
        {
            "name": c.name,
            "title": c.title,
            "licence": c.licence,
            "licence_url": c.licence_url,
            "citation": c.citation,
            "weights_may_ship": c.weights_may_ship,
            "files": c.file_count,
            "tunes": c.tunes,
        }
        for c in facts.collections
    ]
    return {
        **values,
        "size_bytes": facts.download_bytes,
        "pieces": facts.tunes,
        "tunes": 0 if facts.is_of_pieces else facts.tunes,
        "collections": collections,
        "archives": [dataclasses.asdict(archive) for archive in facts.archives],
    }


def _where(facts: CorpusFacts, data_dir: Path | None) -> str | None:
    """The rule that finds a corpus without the network, or None."""
    from chromasonic.data.locate import locate

    if facts.kind == "generated":
        return "made on the spot"
    try:
        return locate(facts, data_dir=data_dir, download=False).found_by
    except DataError:
        return None


def _print_facts(facts: CorpusFacts) -> None:
    from chromasonic.registry.licences import terms_of_corpus

    terms = terms_of_corpus(facts)
    lines = {
        "Licence": facts.licence,
        "": facts.licence_url,
        "Weights may ship": f"{terms.ships}. {terms.weights}",
        "Citation": facts.citation,
        "Address": facts.url,
    }
    typer.echo(f"{facts.name}: {facts.title}\n{facts.summary}\n")
    for title, text in lines.items():
        if text:
            typer.echo(f"{title:<18}{text}")


def _summary(corpus: Corpus, noun: str) -> dict[str, Any]:
    """What only movements have: performers, classes, frames, landmarks."""
    if noun != MOVEMENTS:
        return {}
    from chromasonic.data.movement_summary import summarize

    return {"summary": summarize(corpus.pieces).to_dict()}


def _print_corpus(corpus: Corpus, noun: str) -> None:
    manifest, counts = corpus.manifest, corpus.manifest.counts
    typer.echo(f"{'Found':<18}{manifest.found_at} ({manifest.found_by})")
    typer.echo(f"{'Fingerprint':<18}{manifest.fingerprint}")
    typer.echo(f"{noun.capitalize():<18}{_counts_text(counts, noun)}")
    by_collection = [
        f"{name.removeprefix('tunes_')} {count:,}"
        for name, count in counts.items()
        if name.startswith("tunes_")
    ]
    if len(by_collection) > 1:
        typer.echo(f"{'':<18}{', '.join(by_collection)}")
    if noun == MOVEMENTS:
        _print_movements(corpus)
    sizes = ", ".join(f"{part} {size:,}" for part, size in corpus.split.sizes.items())
    typer.echo(f"{'Split':<18}{sizes}")
    typer.echo(f"{'Skipped':<18}{len(manifest.skipped):,}")
    for item in manifest.skipped[:SKIPPED_SHOWN]:
        title = f" ({item.title})" if item.title else ""
        typer.echo(f"  {item.reference}{title}: {item.reason}")
    if len(manifest.skipped) > SKIPPED_SHOWN:
        typer.echo(f"  and {len(manifest.skipped) - SKIPPED_SHOWN} more; --json lists them all")
    for remark in manifest.remarks:
        typer.echo(f"{'Remark':<18}{remark}")


def _print_movements(corpus: Corpus) -> None:
    from chromasonic.data.movement_summary import summarize

    found = summarize(corpus.pieces)
    performers = f"{found.performers} performers" if found.performers else "performers not named"
    rates = f"{found.rates_hz[0]:g}"
    if len(found.rates_hz) > 1:
        rates += f" to {found.rates_hz[-1]:g}"
    nodes = ", ".join(found.nodes[:6]) + (", ..." if len(found.nodes) > 6 else "")
    lines = {
        "Classes": f"{found.classes}, with {_range(found.fewest, found.most)} movements each; "
        f"{performers}",
        "Frames": f"{found.frames:,} at {rates} a second; a movement has "
        f"{_range(found.shortest_frames, found.longest_frames)}, in the middle "
        f"{found.median_frames:g}",
        "Landmarks": f"{len(found.nodes)} ({nodes}), each with {', '.join(found.channels)}; "
        f"{found.unseen:.1%} unseen",
    }
    for title, text in lines.items():
        typer.echo(f"{title:<18}{text}")


def _range(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _counts_text(counts: dict[str, int], noun: str) -> str:
    """How much there is, in one line."""
    if "distinct_tunes" in counts:
        return (
            f"{counts['tunes']:,} ({counts['distinct_tunes']:,} apart from near-duplicates), "
            f"{counts['bars']:,} bars, {counts['notes']:,} notes as written"
        )
    missing = f", {counts['missing']:,} missing" if "missing" in counts else ""
    files = f", {counts['files']:,} files" if "files" in counts else ""
    if noun == MOVEMENTS:
        return f"{counts[noun]:,}{files}{missing}"
    return f"{counts[noun]:,} of {counts['works']:,} works{files}{missing}"


@contextmanager
def on_bar() -> Iterator[Progress]:
    """A progress bar on stderr, there while the work goes on; nothing where stderr is a file."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        task = bars.add_task("looking", total=None)

        def on_progress(what: str, done: int, total: int | None) -> None:
            bars.update(task, description=what, completed=done, total=total)

        yield on_progress
