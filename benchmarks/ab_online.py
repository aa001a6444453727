"""Listening experiments with made-up listeners, looked at after every vote.

How often is there a false alarm, by the always-valid test, by a z-test that is repeated after each
vote, and by bets on single votes? How many votes does a preference take? Run:

    python benchmarks/ab_online.py [--experiments 4000]

It writes benchmarks/results/ab_online.json and docs/images/ab-online.png; some ten minutes.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from chromasonic.abtest.guards import GuardRules
from chromasonic.abtest.simulation import World, fixed_votes, simulate
from chromasonic.files import write_json, write_with

HERE = Path(__file__).parent
RESULTS, PICTURE = HERE / "results/ab_online.json", HERE.parent / "docs/images/ab-online.png"
ALPHA, MARGIN = 0.05, 0.1
MAX_VOTES = 1_000

NO_PREFERENCE = {
    "one vote each": World(trials=1, alike=0, at_once=1),
    "ten votes each, one taste": World(alike=0),
    "tastes differ (0.1)": World(alike=0.1),
    "tastes differ much (0.3)": World(alike=0.3),
    "fans of either (0.9), 20 at once": World(alike=0.9, at_once=20),
    "65 to 35 for what comes first": World(first_gains=0.15),
    "a third for neither, many leave": World(neither=0.33, leaves=0.1),
    "a fifth are bots": World(bots=0.2, trials=12),
}
LISTENERS = {
    "1 vote each": World(trials=1, alike=0, at_once=1),
    "5 votes each, alike 0.1": World(trials=5, alike=0.1),
    "10 votes each, alike 0.1": World(trials=10, alike=0.1),
    "10 votes each, alike 0.3": World(trials=10, alike=0.3),
}
PREFERENCES = (0.55, 0.6, 0.65, 0.7)
WAYS = {"always valid": "#0072B2", "each vote a bet": "#E69F00", "z-test, repeated": "#8A8A8A"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--experiments", type=int, default=4_000)
    count = parser.parse_args().experiments
    result = {
        "alpha": ALPHA,
        "false_alarms": false_alarms(count),
        "votes_needed": votes_needed(count // 4),
        "no_difference": no_difference(count // 4),
    }
    print(write_json(RESULTS, result))
    print(draw(result))


def false_alarms(count: int) -> dict[str, Any]:
    """Nobody prefers either version on the whole: every alarm is false."""
    found = {}
    for number, (name, world) in enumerate(NO_PREFERENCE.items()):
        ran = simulate(
            world, experiments=count, max_votes=MAX_VOTES, alpha=ALPHA, rules=GuardRules(),
            seed=number,
        )  # fmt: skip
        found[name] = ran.summary(alpha=ALPHA)
        shares = {way: row["share"] for way, row in found[name]["ways"].items()}
        print(
            name,
            {
                way: f"{s['value']:.3f} [{s['low']:.3f}, {s['high']:.3f}]"
                for way, s in shares.items()
            },
            flush=True,
        )
    return found


def votes_needed(count: int) -> list[dict[str, Any]]:
    """Votes until the preference is seen, beside the size of a test that is looked at once."""
    rows = []
    for preference in PREFERENCES:
        for name, world in LISTENERS.items():
            values = {"preference": preference, "trials": world.trials, "alike": world.alike}
            ran = simulate(
                World(**values, at_once=world.at_once), experiments=count, max_votes=4_000,
                alpha=ALPHA, seed=len(rows),
            )  # fmt: skip
            wrong = (~ran.first_won_X & (ran.decided_at_X < math.inf)).mean()
            row = {
                **values, "listeners": name, "median": ran.votes_taken(0.5),
                "within_90": ran.votes_taken(0.9),
                "decided": ran.share_ever(ran.decided_at_X).to_dict(), "wrong_way": float(wrong),
                "fixed_80": fixed_votes(preference, alike=world.alike, trials=world.trials),
                "fixed_90": fixed_votes(
                    preference, power=0.9, alike=world.alike, trials=world.trials
                ),
            }  # fmt: skip
            rows.append(row)
            print(
                {
                    key: row[key]
                    for key in (
                        "preference",
                        "listeners",
                        "median",
                        "within_90",
                        "fixed_80",
                        "fixed_90",
                    )
                },
                flush=True,
            )
    return rows


def no_difference(count: int) -> list[dict[str, Any]]:
    """Votes until "no difference", and how often that is said of a preference at the margin."""
    rows = []
    for preference in (0.5, 0.5 + MARGIN):
        for world in (World(trials=5, alike=0.1), World(trials=10, alike=0.1)):
            values = {"preference": preference, "trials": world.trials, "alike": world.alike}
            ran = simulate(
                World(**values), experiments=count, max_votes=4_000, alpha=ALPHA, margin=MARGIN,
                seed=len(rows),
            )  # fmt: skip
            row = {
                **values, "margin": MARGIN, "said": ran.share_ever(ran.settled_at_X).to_dict(),
                "median": ran.votes_taken(0.5, ran.settled_at_X),
                "within_90": ran.votes_taken(0.9, ran.settled_at_X),
            }  # fmt: skip
            rows.append(row)
            print(row, flush=True)
    return rows


def draw(result: dict[str, Any]) -> Path:
    """False alarms on the left, votes on the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.8), facecolor="white")
    figure.subplots_adjust(left=0.19, right=0.985, top=0.85, bottom=0.13, wspace=0.2)
    left, right = figure.subplots(1, 2)
    for row, (name, summary) in enumerate(result["false_alarms"].items()):
        for place, (way, colour) in enumerate(WAYS.items()):
            share = summary["ways"][way]["share"]
            y = row + 0.26 * (place - 1)
            left.barh(y, 100 * share["value"], height=0.24, color=colour)
            left.plot([100 * share["low"], 100 * share["high"]], [y, y], color="black", lw=1)
        left.text(-1.5, row, name, ha="right", va="center", fontsize=9)
    left.axvline(5, color="#D55E00", lw=1.2, ls="--")
    left.text(6, -0.62, "5%", color="#D55E00", fontsize=9)
    left.set(yticks=[], xlim=(0, 100), ylim=(len(result["false_alarms"]) - 0.5, -0.85))
    left.set_xlabel("% of experiments that ever saw a preference where there is none", fontsize=9)
    for way, colour in WAYS.items():
        left.barh(0, 0, color=colour, label=way)
    left.legend(fontsize=8.5, frameon=False, loc="lower right")
    left.set_title(
        f"False alarms within {MAX_VOTES:,} votes", loc="left", fontsize=11, weight="bold"
    )
    _draw_votes(right, result["votes_needed"])
    for axes in (left, right):
        axes.grid(True, axis="x" if axes is left else "y", color="#E6E6E6", lw=0.7)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    return write_with(PICTURE, lambda path: figure.savefig(path, dpi=120))


def _draw_votes(axes: Any, rows: list[dict[str, Any]]) -> None:
    colours = ("#56B4E9", "#0072B2", "#003E66", "#009E73")
    for place, (name, colour) in enumerate(zip(LISTENERS, colours, strict=True)):
        own = [row for row in rows if row["listeners"] == name]
        for index, row in enumerate(own):
            x = index + 0.19 * (place - 1.5)
            top = row["within_90"] if math.isfinite(row["within_90"]) else 4_000
            axes.plot([x, x], [row["median"], top], color=colour, lw=2, alpha=0.5)
            axes.plot(x, row["median"], "o", color=colour, ms=7, label=None if index else name)
            axes.plot(x, row["fixed_80"], "_", color="black", ms=11, mew=1.6)
    axes.plot([], [], "_", color="black", ms=11, mew=1.6, label="test of fixed size, 80%")
    axes.set_yscale("log")
    axes.set_yticks([30, 100, 300, 1000, 3000], ["30", "100", "300", "1,000", "3,000"])
    axes.minorticks_off()
    axes.set_xticks(range(len(PREFERENCES)), [f"{p:.0%} to {1 - p:.0%}" for p in PREFERENCES])
    axes.set_ylabel("votes: median (dot) to 90%", fontsize=9)
    axes.set_title("Votes until a preference is seen", loc="left", fontsize=11, weight="bold")
    axes.legend(fontsize=8.5, frameon=False)


if __name__ == "__main__":
    main()
