"""`chromasonic demo`: corpus to one report page, in minutes. `make demo` calls this."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.demo_plan import DemoSettings, demo_recipe, with_epochs
from chromasonic.errors import ChromasonicError, RenderError
from chromasonic.files import json_text, write_bytes, write_json, write_text

if TYPE_CHECKING:
    from rich.progress import Progress

    from chromasonic.evaluation.report_data import ReportTune
    from chromasonic.evaluation.report_media import TuneMedia
    from chromasonic.melody_generation.runs import MelodyRun
    from chromasonic.music.tune import Tune

TEMPERATURE, TOP_P, BARS = 0.9, 0.95, 16
HUMAN_TUNES = 2
RUN, TUNES, PLAN, REPORT = "run", "tunes", "demo.json", "report.html"


@dataclass(frozen=True, kw_only=True)
class DemoResult:
    """What a demo made.

    Attributes:
        report: the page.
        run: the run directory.
        tunes: every file of every tune.
        seconds: how long it took.
    """

    report: Path
    run: Path
    tunes: tuple[Path, ...]
    seconds: float


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for everything that it makes.")
    ] = Path("demo"),
    dataset: Annotated[
        str, typer.Option(help="A corpus of 'chromasonic data list', or auto: the best one here.")
    ] = "auto",
    data_dir: Annotated[Path | None, typer.Option(help="A folder with the corpus in it.")] = None,
    minutes: Annotated[
        float, typer.Option(help="How long it may take, downloads aside; training adapts.")
    ] = 10.0,
    tunes: Annotated[int, typer.Option(help="How many tunes each model writes.")] = 3,
    seed: Annotated[int, typer.Option(help="Of everything that chance decides.")] = 0,
    num_sequences: Annotated[
        int, typer.Option(help="Tunes to make, for synthetic corpora; 0: as usual.")
    ] = 0,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Show the report in a browser at the end.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train three models, compare them, let them write tunes, and show it all on one page.

    A demo that was interrupted goes on where it was when the same command runs again.

    Examples:

    \b
      chromasonic demo
      chromasonic demo --dataset nottingham --minutes 20 --output longer
      chromasonic demo --no-open --json
    """
    settings = DemoSettings(
        output=output,
        dataset=dataset,
        data_dir=data_dir,
        minutes=minutes,
        tunes_each=tunes,
        seed=seed,
        num_sequences=num_sequences,
    )
    result = run_demo(settings)
    if as_json:
        paths = {"report": result.report, "run": result.run, "tunes": list(result.tunes)}
        typer.echo(json_text({**paths, "seconds": result.seconds}))
    else:
        typer.echo(f"Models:  {result.run}")
        typer.echo(f"Tunes:   {result.report.parent / TUNES} ({len(result.tunes)} files)")
        typer.echo(f"Report:  {result.report}")
        typer.echo("Studio:  chromasonic studio (compose with these models, in the browser)")
    if open_browser:
        show_in_browser(result.report)


def run_demo(settings: DemoSettings) -> DemoResult:
    """Everything that the command does, but for printing paths and opening a browser.

    Raises:
        ChromasonicError: the corpus is not there, a training cannot go on, the disk is full, ...
    """
    from chromasonic.cli.demo_report import demo_report
    from chromasonic.evaluation.report import report_html
    from chromasonic.evaluation.report_media import media_of

    begun = time.monotonic()
    run = _train(settings)
    with _bar("Judging") as show:
        results = _compare(settings, run, show)
    with _bar("Writing tunes") as show:
        shown = _write_tunes(settings, run, results["subjects"], show)
    with _bar("Engraving and rendering") as show:
        media = media_of(
            [one.tune for one in shown],
            sound=settings.sound,
            on_tune=lambda done, total: show("Engraving and rendering", done, total),
        )
    files = _save_tunes(settings.output / TUNES, shown, media)
    seconds = time.monotonic() - begun
    report = demo_report(settings, run, results["comparison"], shown, seconds)
    page = write_text(settings.output / REPORT, report_html(report, media))
    return DemoResult(
        report=page,
        run=run.directory.path,
        tunes=tuple(files),
        seconds=time.monotonic() - begun,
    )


# --- training ----------------------------------------------------------------------------------


def _train(settings: DemoSettings) -> MelodyRun:
    """Train the models, or go on with the training of the same demo that was interrupted."""
    from chromasonic.cli.tracking import tracked
    from chromasonic.cli.training_progress import training_progress
    from chromasonic.melody_generation.runs import load_streams, resumed_recipe, train_melody

    folder, plan = settings.output / RUN, settings.output / PLAN
    goes_on = _is_same_demo(plan, settings)
    with (
        tracked("melody", folder, resume=goes_on) as trackers,
        training_progress() as progress,
    ):

        def say(line: str) -> None:
            progress.console.print(line, highlight=False, markup=False)

        if goes_on:
            try:
                recipe = resumed_recipe(folder)
            except ChromasonicError:
                goes_on = False
        if not goes_on:
            recipe = demo_recipe(settings)
            say("Loading the corpus ...")
            data = load_streams(recipe.data, on_progress=loading(progress.progress))
            say("Measuring how fast this machine trains ...")
            recipe = with_epochs(recipe, data, settings.minutes)
            write_json(plan, settings.key)
        return train_melody(
            recipe,
            folder,
            resume=goes_on,
            overwrite=True,
            observers=[progress, *trackers],
            on_data=lambda data: say(f"{data.manifest.title}: {sum(data.sizes.values()):,} tunes"),
        )


def loading(progress: Progress) -> Callable[[str, int, int | None], None]:
    """Shows how far loading or downloading is, among the bars of the training."""
    task = progress.add_task("Loading", total=None)

    def show(what: str, done: int, total: int | None) -> None:
        is_done = total is not None and done >= total
        progress.update(task, description=what, completed=done, total=total, visible=not is_done)

    return show


def _is_same_demo(plan: Path, settings: DemoSettings) -> bool:
    try:
        return bool(json.loads(plan.read_text(encoding="utf-8")) == settings.key)
    except (OSError, ValueError):
        return False


# --- judging and writing -----------------------------------------------------------------------


def _compare(
    settings: DemoSettings, run: MelodyRun, show: Callable[[str, int, int | None], None]
) -> dict[str, Any]:
    """Judge the models, as they were saved, on the test tunes."""
    from chromasonic.melody_generation.subjects import find_material, find_subjects
    from chromasonic.melody_generation.testing import ModelComparison, TestSettings

    subjects = find_subjects([run.directory.path])
    material = find_material(subjects, data_dir=settings.data_dir)
    comparison = ModelComparison(
        TestSettings(
            generated_tunes=max(2, settings.judged_tunes),
            generated_bars=BARS,
            seed=settings.seed,
            expanded=False,
        ),
        reference_tunes=material.reference,
        training_tunes=material.training,
        on_progress=show,
    )
    models = {subject.kind: subject.model for subject in subjects}
    results = comparison.compare_models(models, material.tunes, run.directory.comparison)
    return {"comparison": results, "subjects": models}


def _write_tunes(
    settings: DemoSettings,
    run: MelodyRun,
    models: dict[str, Any],
    show: Callable[[str, int, int | None], None],
) -> list[ReportTune]:
    """New tunes of every model, and human ones that no model has seen."""
    from chromasonic.cli.demo_report import MODELS, is_generated
    from chromasonic.evaluation.report_data import HUMAN, ReportTune
    from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes

    wanted = GenerationSettings(bars=BARS, temperature=TEMPERATURE, top_p=TOP_P)
    shown = []
    for done, (kind, model) in enumerate(models.items()):
        show(f"{MODELS[kind][0]} writes tunes", done, len(models))
        tunes = generate_tunes(model, settings.tunes_each, settings=wanted, seed=settings.seed)
        for number, tune in enumerate(tunes, start=1):
            titled = replace(tune, id=f"{kind}-{number}", title=f"{MODELS[kind][0]}, no. {number}")
            shown.append(
                ReportTune(tune=titled, model=kind, seed=settings.seed, temperature=TEMPERATURE)
            )
    if not is_generated(run):
        held_out = human_tunes(run.data.tunes["test"])
        shown += [ReportTune(tune=tune, model=HUMAN) for tune in held_out]
    show("Looking for copied runs", len(models), len(models))
    return [_with_copies(one, run.data.tunes["train"]) for one in shown]


def _with_copies(shown: ReportTune, training: Sequence[Tune]) -> ReportTune:
    from chromasonic.evaluation.memorization import RUN_NOTES, memorization_of

    memorization = memorization_of([shown.tune], training)
    return replace(
        shown,
        copied_share=memorization.copied_share.value,
        longest_run=memorization.longest_run_of_all,
        run_notes=RUN_NOTES,
    )


def human_tunes(tunes: Sequence[Tune], count: int = HUMAN_TUNES) -> list[Tune]:
    """Some tunes of about the length of the generated ones, in different metres where there are.

    The choice rests on the tunes alone: the first fitting one of each metre, then the next ones.
    """
    fitting = [tune for tune in tunes if BARS <= len(tune.bars) <= 2 * BARS + 2] or list(tunes)
    first: dict[str, Tune] = {}
    for tune in fitting:
        first.setdefault(str(tune.metre), tune)
    chosen = list(first.values())[:count]
    chosen += [tune for tune in fitting if tune not in chosen][: count - len(chosen)]
    return chosen


def _save_tunes(
    folder: Path, shown: Sequence[ReportTune], media: Sequence[TuneMedia]
) -> list[Path]:
    """MIDI, ABC, MusicXML, MP3 and SVG of every tune; those of an earlier demo go."""
    from chromasonic.formats.score import write_score

    for old in folder.glob("*"):
        if old.suffix in (".mid", ".abc", ".musicxml", ".mp3", ".svg"):
            old.unlink()
    written = []
    counts: Counter[str] = Counter()
    for one, made in zip(shown, media, strict=True):
        counts[one.model] += 1
        stem = folder / f"{one.model}-{counts[one.model]}"
        written.append(write_bytes(stem.with_suffix(".mid"), made.midi))
        written.append(write_text(stem.with_suffix(".abc"), made.abc))
        written.append(write_text(stem.with_suffix(".musicxml"), made.musicxml))
        if made.mp3:
            written.append(write_bytes(stem.with_suffix(".mp3"), made.mp3))
        try:
            written.append(write_score(one.tune, stem.with_suffix(".svg")))
        except RenderError:
            continue  # the page says why there is no score
    return written


# --- showing -----------------------------------------------------------------------------------


@contextmanager
def _bar(what: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar on stderr; where that is no terminal, a line for each stage."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(file=sys.stderr)
    if not console.is_terminal:
        console.print(f"{what} ...", highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(what, total=None)

        def show(stage: str, done: int, total: int | None) -> None:
            progress.update(task, description=stage, completed=done, total=total)

        yield show


def show_in_browser(page: Path) -> bool:
    """Open a page where somebody can see it; False on a machine without screen or browser."""
    import webbrowser

    has_screen = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if not has_screen or os.environ.get("CI"):
        return False
    try:
        return webbrowser.open(page.resolve().as_uri())
    except webbrowser.Error:
        return False
