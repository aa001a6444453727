"""Listening experiments as people read them in a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from chromasonic.abtest.counted import counted

if TYPE_CHECKING:
    from chromasonic.abtest.assignment import Trial
    from chromasonic.abtest.experiments import Experiment
    from chromasonic.abtest.reading import Reading


def _console() -> Any:
    from rich.console import Console

    return Console(width=None if Console().is_terminal else 100, highlight=False)


def _table(*columns: str) -> Any:
    """Columns ending in > stand right; those ending in ~ go on below where the line is full."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    for column in columns:
        table.add_column(
            column.rstrip(">~"),
            justify="right" if column.endswith(">") else "left",
            no_wrap=not column.endswith("~"),
            overflow="fold",
        )
    return table


def print_experiments(experiments: Sequence[Experiment], *, where: str) -> None:
    """A line an experiment."""
    if not experiments:
        typer.echo(f"No experiments in {where}. Make one: chromasonic ab create NAME A B")
        return
    table = _table("experiment", "state", "votes>", "since", "versions~")
    for one in experiments:
        versions = ", ".join(arm.version for arm in one.design.arms)
        table.add_row(one.name, one.status, str(one.votes_cast), one.created_at[:10], versions)
    _console().print(table)


def print_plan(trials: Sequence[Trial], upcoming: Trial | None) -> None:
    """What a listener hears; an arrow stands at the next open pair."""
    if not trials:
        typer.echo("Every pair has its vote.")
        return
    table = _table("", "pair>", "item", "first", "second", "token", "")
    for trial in trials:
        more = f"repeats {trial.repeats + 1}" if trial.repeats is not None else ""
        table.add_row(
            "->" if trial == upcoming else "", str(trial.index + 1), trial.item, trial.first,
            trial.second, trial.token, "with the anchor" if trial.is_anchor else more,
        )  # fmt: skip
    _console().print(table)


def print_reading(experiment: Experiment, reading: Reading) -> None:
    """The result in words, then the tables behind it."""
    console = _console()
    state = "takes votes" if experiment.is_open else f"closed: {experiment.closed_because}"
    console.print(
        f"[bold]{experiment.name}[/bold] ({state}), {counted(reading.votes_cast, 'vote')} of "
        f"{counted(reading.listeners, 'listener')}",
    )
    console.print()
    for line in reading.words.splitlines():
        console.print(line, soft_wrap=False)
    console.print()
    several = len(reading.pairs) > 1
    names = ("former", "latter") if several else [f"for {x}" for x in reading.design.labels]
    table = _table(
        "pair", "votes>", *(f"{x}>" for x in names), "none>", "share>", "interval>", "e>", "p>"
    )
    for title, pairs in (("", reading.pairs), (" (all)", reading.pairs_with_all)):
        if title and not reading.votes_set_apart:
            continue
        for pair in pairs:
            share = "" if math.isnan(pair.share) else f"{pair.share:.0%}"
            table.add_row(
                f"{pair.first}, {pair.second}{title}", str(pair.votes), str(pair.for_first),
                str(pair.for_second), str(pair.neither), share,
                f"{pair.low:.1%} to {pair.high:.1%}", _e(pair.highest_e_value),
                _p(pair.p_value),
            )  # fmt: skip
    console.print(table)
    if reading.votes_set_apart:
        console.print("(all): with the votes that were set apart.")
    console.print()
    console.print(f"Same answer when asked again: {_share(reading.consistency)}")
    console.print(f"Votes for what came first: {_share(reading.first_share)}")
    if not several and len(reading.confidences) > 1:
        words = {1: "guesses", 2: "in between", 3: "sure"}
        shares = (
            f"{words[c.confidence]} {c.points / c.votes:.0%} of {c.votes}"
            for c in reading.confidences
        )
        console.print(f"For {reading.pairs[0].first} by confidence: {', '.join(shares)}")
    _print_ranking(console, reading)


def _print_ranking(console: Any, reading: Reading) -> None:
    if reading.no_ranking:
        console.print(reading.no_ranking)
    if reading.ranking is None:
        return
    console.print()
    table = _table("place>", "version~", "strength>", "95% interval>", "preferred>", "votes>")
    for place, one in enumerate(reading.ranking.standings, start=1):
        arm = reading.design.arm(one.label)
        is_known = not math.isnan(one.strength.low)
        span = f"{one.strength.low:+.2f} to {one.strength.high:+.2f}" if is_known else "none yet"
        table.add_row(
            str(place), f"{one.label} ({arm.version})", f"{one.strength.value:+.2f}", span,
            f"{one.preferred.value:.0%}", str(one.votes),
        )  # fmt: skip
    console.print(table)
    if why := next((x.strength.reason for x in reading.ranking.standings if x.strength.reason), ""):
        console.print(f"No intervals of strengths: {why}.")


def _e(value: float) -> str:
    """An e-value of few characters."""
    return f"{value:.1f}" if value < 1000 else f"{value:.0e}"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _share(figure: Any) -> str:
    if not figure.is_defined:
        return f"undefined ({figure.reason})"
    span = (
        "" if math.isnan(figure.low) else f" (95% interval {figure.low:.0%} to {figure.high:.0%})"
    )
    return f"{figure.value:.0%}{span}"


def print_simulated(summary: Mapping[str, Any]) -> None:
    """How often each way of testing saw a preference, and after how many votes."""
    world = summary["world"]
    typer.echo(
        f"{summary['experiments']} experiments of at most {summary['max_votes']} votes, looked at "
        f"after every vote; {world['trials']} votes a listener, preference {world['preference']:g}."
    )
    table = _table("way", "sees a preference>", "95% interval>", "votes, median>", "90%>")
    for way, row in summary["ways"].items():
        table.add_row(
            way, f"{row['share']['value']:.1%}",
            f"{row['share']['low']:.1%} to {row['share']['high']:.1%}",
            _votes(row["median"]), _votes(row["within_90"]),
        )  # fmt: skip
    _console().print(table)
    if summary["fixed_votes"]:
        typer.echo(
            f"A test of fixed size, looked at once, takes {summary['fixed_votes']} votes to see it "
            "4 times in 5; its size must be known beforehand."
        )
    else:
        typer.echo("There is nothing to see: each time is a false alarm.")


def _votes(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "more"
