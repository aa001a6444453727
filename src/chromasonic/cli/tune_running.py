"""A search on the command line: what is tried goes to stderr as it ends, the outcome to stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from chromasonic.cli.tune_options import Asked
from chromasonic.errors import TrainingError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from rich.console import Console

    from chromasonic.tuning.outcome import Outcome
    from chromasonic.tuning.plan import Plan
    from chromasonic.tuning.records import TrialRecord
    from chromasonic.tuning.study import Study
    from chromasonic.tuning.tracked import TrackedTrials
    from chromasonic.tuning.trial import TrialResult


ENDS_WIDTH = len("ended early, epoch 10")


def run_search(asked: Asked) -> None:
    """Search, and print what came out.

    Raises:
        ChromasonicError: as the search; what was found before is on the disk.
    """
    from rich.console import Console

    from chromasonic.scaling.engine import Engine
    from chromasonic.scaling.trials import run_on_ray
    from chromasonic.tuning.confirming import confirm
    from chromasonic.tuning.opening import open_study
    from chromasonic.tuning.outcome import outcome_of
    from chromasonic.tuning.search import Limits, Told
    from chromasonic.tuning.workers import run_workers, threads_each

    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    engine = Engine(name=asked.engine, address=asked.address, workers=asked.workers)
    plan = None if asked.resume is not None else _plan(asked)
    output = asked.resume or asked.output or Path(f"runs/tune-{plan.task}-{plan.kind}")  # type: ignore[union-attr]
    study = open_study(output, plan, address=asked.study, extend=asked.extend, keep=asked.keep)
    lines = _Lines(console, study, asked.most_trials)
    lines.say_begin()
    limits = Limits(trials=asked.most_trials, seconds=asked.seconds)
    with _tracked(study, lines, wanted=asked.track) as tracked:

        def ended(record: TrialRecord) -> None:
            tracked.ended(record)
            lines.trial(record)

        told = Told(
            trial=ended,
            say=lines.say,
            observers=tracked.observers,
            tracking=tracked.tracking,
        )
        try:
            if engine.is_ray:
                lines.say("Ray begins; this takes some seconds.")
                run_on_ray(study, limits, told, engine=engine)
            else:
                run_workers(study, limits, told, workers=engine.workers)
        finally:
            outcome_of(study)
    if study.best is None:
        raise TrainingError(
            f"No trial has come to its end yet. Go on: chromasonic tune {study.plan.task} "
            f"--resume {output} (with more --time or --trials)."
        )
    confirmation = None
    if asked.confirm:
        confirmation = confirm(
            study,
            asked.confirm,
            workers=asked.workers,
            threads=threads_each(asked.workers),
            on_done=lines.confirmed,
        )
    outcome = outcome_of(study, confirmation)
    if asked.as_json:
        typer.echo(json_text(outcome.to_dict()))
    else:
        print_outcome(outcome)


@contextmanager
def _tracked(study: Study, lines: _Lines, *, wanted: bool | None) -> Iterator[TrackedTrials]:
    """What tracks the trials, if that is not switched off; afterwards the user is told."""
    from chromasonic.cli.tracking import tell
    from chromasonic.registry.tracking import is_tracked
    from chromasonic.tuning.tracked import TrackedSearch, TrackedTrials

    if not is_tracked(wanted):
        yield TrackedTrials(None)
        return
    search = TrackedSearch(study)
    trials = TrackedTrials(search.tracking)
    try:
        yield trials
    except BaseException as failure:
        trials.close(failure)
        tell(search.close(study.best, failure, seconds=1.0), study.output)
        raise
    tell(search.close(study.best, on_wait=lines.say), study.output)


def _plan(asked: Asked) -> Plan:
    from chromasonic.config import read_toml
    from chromasonic.tuning.plan import plan_of

    return plan_of(
        asked.task,
        asked.kind,
        read_toml(asked.recipe) if asked.recipe is not None else None,
        settings=asked.settings,
        seed=asked.seed or 0,
        pruner=cast(Any, asked.pruner or "median"),
        where=str(asked.recipe or "recipe"),
    )


class _Lines:
    """What happens, a line each."""

    def __init__(self, console: Console, study: Study, most: int | None) -> None:
        self.console, self.study, self.most = console, study, most
        best = study.best
        self.best = best.loss if best is not None else float("inf")

    def say(self, text: str) -> None:
        """A line as it is."""
        self.console.print(text, markup=False)

    def say_begin(self) -> None:
        """What is searched, and where."""
        plan = self.study.plan
        done = sum(record.is_over for record in self.study.records())
        before = f"; {done} trials are done already" if done else "; trial 0 is the recipe as it is"
        self.say(
            f"Searching over {len(plan.space)} settings of {plan.task} {plan.kind} in "
            f"{self.study.output}{before}. The test part stays shut."
        )
        for name, one in plan.space.items():
            self.say(f"  {name}: {one}")

    def trial(self, record: TrialRecord) -> None:
        """How a trial ended."""
        from chromasonic.tuning.objectives import objective_of
        from chromasonic.tuning.report import changes_in, duration

        of = f"/{self.most}" if self.most else ""
        objective = objective_of(self.study.plan.task, self.study.plan.kind)
        at = f"{objective.step.split()[0]} {len(record.curve)}"
        ends = {
            "complete": objective.text(record.loss),
            "pruned": f"ended early, {at}",
            "impossible": "could not be trained",
            "cut": f"time was up, {at}",
        }
        is_best = record.end == "complete" and record.loss < self.best
        self.best = record.loss if is_best else self.best
        best = "" if self.best == float("inf") else f"(best {objective.text(self.best)})"
        mark = "(best so far)" if is_best else best
        self.say(
            f"trial {record.number}{of}: {ends.get(record.end, record.end):{ENDS_WIDTH}} {mark:14} "
            f"{duration(record.seconds):>8}  {changes_in(record)}"
        )
        if record.end == "impossible":
            self.say(f"  {record.reason}")

    def confirmed(self, side: str, seed: int, result: TrialResult) -> None:
        """A training of --confirm is done."""
        from chromasonic.tuning.objectives import objective_of
        from chromasonic.tuning.report import duration

        plan = self.study.plan
        figure = objective_of(plan.task, plan.kind).text(result.loss)
        what = "best settings" if side == "best" else "recipe as it was"
        self.say(f"{what}, seed {seed}: {figure}  {duration(result.seconds)}")


def print_outcome(outcome: Outcome) -> None:
    """The best trials beside the recipe as it was, what mattered, and where everything lies."""
    from rich.console import Console
    from rich.table import Table

    from chromasonic.tuning.importance import in_words
    from chromasonic.tuning.report import comparison_rows, sentences

    console = Console(width=None if Console().is_terminal else 100, highlight=False)
    wide = 5 if console.width >= 100 else 3
    heading, *rows = comparison_rows(outcome, wide)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(heading):
        table.add_column(name, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    if outcome.warning:
        console.print(f"\n{outcome.warning}", style="bold", markup=False)
    for line in ("", *sentences(outcome), in_words(outcome.importances), ""):
        console.print(line, soft_wrap=True, markup=False)
    for what, path in outcome.paths.items():
        console.print(f"  {what:10} {path}", soft_wrap=True, markup=False)
    best = outcome.paths["best"]
    use = f"Use it: chromasonic train {outcome.task} --recipe {best} --output runs/tuned"
    if outcome.best is not None and outcome.best.number == 0:
        use = (
            f"Go on: chromasonic tune {outcome.task} --resume {best.parent} --trials "
            f"{len(outcome.records) + 20}"
        )
    console.print(f"\n{use}", soft_wrap=True, markup=False)
