"""The gesture models beside their baselines: every recipe, performer left out and seed.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/gesture_results.py [--only articulary] [--jobs 2]

Trains what is not finished in `runs/gesture` (a run that was cut off goes on from its last epoch; a
run of another recipe than the file's is made anew), judges each recipe's runs together as
`chromasonic evaluate gesture` does, and writes `benchmarks/results/gesture_results.json`, the
pictures `docs/images/gesture-confusion-*.png` and the tables of `docs/gesture-results.md`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from gesture_results_page import draw_pictures, results_document, write_page

from chromasonic.config import read_toml
from chromasonic.errors import ChromasonicError
from chromasonic.gesture.recipe import GestureRecipe, recipe_from, recipe_to_dict, with_seed
from chromasonic.gesture.results_runs import FREE, JudgedRun, Which, flat_settings, read_run
from chromasonic.training.run_directory import RunDirectory

ROOT = Path(__file__).parents[1]
RECIPES = {
    path.stem.removeprefix("gesture-"): path
    for path in sorted((ROOT / "recipes").glob("gesture-*.toml"))
    if path.stem != "gesture-specification"  # for a folder of recordings that nobody has
}
SEEDS = (0, 1, 2)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One training: a recipe, who is left out (nobody if ""), a seed, and its folder."""

    name: str
    performer: str
    seed: int
    folder: Path

    def __str__(self) -> str:
        fold = f", {self.performer} left out" if self.performer else ""
        return f"{self.name}{fold}, seed {self.seed}"

    def recipe(self, performers: Sequence[str]) -> GestureRecipe:
        """The recipe of the file with performers and seed laid over it.

        Where the file names a validation performer, each fold takes the one after its own.
        """
        recipe = recipe_from(read_toml(RECIPES[self.name]), where=str(RECIPES[self.name]))
        data = recipe.data
        if self.performer:
            after = performers[(performers.index(self.performer) + 1) % len(performers)]
            chooser = after if data.validation_performer else ""
            data = replace(data, performer=self.performer, validation_performer=chooser)
        return with_seed(replace(recipe, data=data, output=str(self.folder)), self.seed)


def performers_in(name: str) -> tuple[str, ...]:
    """Who is left out in turn; nobody where the recipe's protocol leaves nobody out."""
    from chromasonic.gesture.preparing import movements_of
    from chromasonic.gesture.protocols import performers_of

    recipe = recipe_from(read_toml(RECIPES[name]), where=str(RECIPES[name]))
    if recipe.data.protocol != "unseen":
        return ()
    return performers_of(movements_of(recipe.data).pieces)


def jobs_of(name: str, runs: Path, seeds: Sequence[int], performers: Sequence[str]) -> list[Job]:
    """All trainings of a recipe, seed by seed."""
    return [
        Job(
            name=name,
            performer=performer,
            seed=seed,
            folder=runs / name / f"{performer or 'test'}-seed{seed}",
        )
        for seed in seeds
        for performer in performers or ("",)
    ]


def is_same(recipe: GestureRecipe, folder: Path) -> bool:
    """Whether the run in a folder is of this recipe; a rate left open is the recordings' own."""
    ours = flat_settings(recipe_to_dict(recipe))
    then = recipe_from(RunDirectory(folder).recipe(), where=str(folder / "recipe.toml"))
    theirs = flat_settings(recipe_to_dict(then))
    open_rate = {"features.rate_hz"} if not recipe.features.rate_hz else set()
    ignored = {*FREE, *open_rate} - {"data.performer", "data.validation_performer", "training.seed"}
    names = {*ours, *theirs} - ignored
    return all(ours.get(name) == theirs.get(name) for name in names)


def finished(job: Job, performers: Sequence[str]) -> JudgedRun | None:
    """The run of a job, if it is finished and of the recipe as it is now."""
    if not RunDirectory(job.folder).is_there or not is_same(job.recipe(performers), job.folder):
        return None
    try:
        return read_run(job.folder)
    except ChromasonicError:
        return None


def train(job: Job, performers: Sequence[str]) -> tuple[Job, float]:
    """Train, or go on with, one run on one core.

    Returns:
        The job, and the seconds that its epochs took.
    """
    import torch

    from chromasonic.gesture.runs import train_gesture

    torch.set_num_threads(1)
    recipe = job.recipe(performers)
    is_there = RunDirectory(job.folder).is_there and is_same(recipe, job.folder)
    goes_on = is_there and (job.folder / "latest_model.pth").is_file()
    run = train_gesture(recipe, job.folder, resume=goes_on, overwrite=not goes_on)
    return job, seconds_of(run.to_dict())


def seconds_of(result: object) -> float:
    """Seconds of a training, as run.json tells them."""
    return float(result["seconds"]) if isinstance(result, dict) and "seconds" in result else 0.0


def train_all(jobs: Sequence[Job], performers: dict[str, tuple[str, ...]], workers: int) -> int:
    """Train what is not finished, with the expected remaining time after each.

    Returns:
        How many failed.
    """
    took: dict[str, list[float]] = {}
    waiting = []
    for job in jobs:
        run = finished(job, performers[job.name])
        if run is None:
            waiting.append(job)
        else:
            took.setdefault(job.name, []).append(
                seconds_of(run.facts.get("results", {}).get("gesture"))
            )
    done = len(jobs) - len(waiting)
    say(f"{done} of {len(jobs)} runs are finished.{remaining(waiting, took, workers)}")
    failed = 0
    context = multiprocessing.get_context("spawn")
    ends_with = (follow, (os.getpid(),))
    with ProcessPoolExecutor(workers, context, *ends_with) as pool:
        futures = {pool.submit(train, job, performers[job.name]): job for job in waiting}
        for future in as_completed(futures):
            job = futures[future]
            waiting.remove(job)
            try:
                _, seconds = future.result()
            except ChromasonicError as error:
                failed += 1
                say(f"FAILED {job}: {error}")
                continue
            took.setdefault(job.name, []).append(seconds)
            say(f"{job}: {seconds / 60:.1f} minutes.{remaining(waiting, took, workers)}")
    return failed


def follow(parent: int) -> None:
    """End this process soon after its parent is gone: no training goes on unseen."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def remaining(waiting: Sequence[Job], took: dict[str, list[float]], workers: int) -> str:
    """How long the rest will take, by the mean of each recipe's finished runs."""
    known = [job for job in waiting if took.get(job.name)]
    seconds = sum(sum(took[job.name]) / len(took[job.name]) for job in known) / workers
    unknown = len(waiting) - len(known)
    if not waiting:
        return ""
    more = f", and {unknown} whose time is not known yet" if unknown else ""
    return f" {len(waiting)} to go: about {seconds / 60:.0f} minutes{more}."


def judge(name: str, folders: Sequence[Path], which: Which) -> dict[str, object]:
    """Judge a recipe's finished runs together, and leave report, cards and pictures."""
    from chromasonic.gesture.evaluating import evaluate_gesture
    from chromasonic.gesture.results_card import write_cards
    from chromasonic.gesture.results_report import write_report

    results = evaluate_gesture(folders, which=which)
    write_report(results, folders[0].parents[1] / f"{name}-results")
    write_cards(results)
    draw_pictures(name, results)
    return results_document(name, results)


def say(line: str) -> None:
    """A line with the time of day, at once."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def main() -> None:
    """Train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/gesture"))
    parser.add_argument("--only", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--jobs", type=int, default=1, help="trainings at once, one core each")
    parser.add_argument(
        "--checkpoint",
        choices=["best", "final"],
        default="best",
        help="which of each run is judged",
    )
    parser.add_argument("--train-only", action="store_true", help="leave the test parts shut")
    given = parser.parse_args()
    performers = {name: performers_in(name) for name in given.only}
    jobs = [
        job
        for name in given.only
        for job in jobs_of(name, given.runs, given.seeds, performers[name])
    ]
    failed = train_all(jobs, performers, given.jobs)
    if not failed and not all(finished(job, performers[job.name]) for job in jobs):
        say("A recipe was changed meanwhile.")
        failed = train_all(jobs, performers, given.jobs)
    if given.train_only:
        sys.exit(1 if failed else 0)
    for name in given.only:
        try:
            say(f"Judging {name}.")
            whole = [job for job in jobs if job.name == name and finished(job, performers[name])]
            write_page({name: judge(name, [job.folder for job in whole], given.checkpoint)})
        except ChromasonicError as error:
            failed += 1
            say(f"FAILED to judge {name}: {error}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
