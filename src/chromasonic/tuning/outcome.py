"""What a search leaves to be read: the best recipe, a report, two pictures.

OUT/best.toml         the best recipe, as `chromasonic train` takes it
OUT/report.md         what was searched, what came out, what it is worth
OUT/history.png       each trial, and the validation curves
OUT/importance.png    which settings mattered, where there are trials enough to say
OUT/trials.json       every trial: settings, end, loss, curve
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.config import read_toml, to_toml
from chromasonic.errors import ChromasonicError
from chromasonic.tasks.table import task_named
from chromasonic.tuning.confirming import Confirmation
from chromasonic.tuning.importance import Importance, importances
from chromasonic.tuning.objectives import objective_of
from chromasonic.tuning.plots import draw_history, draw_importance
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.study import Study, best_of

BEST, REPORT, HISTORY, IMPORTANCE, TRIALS = (
    "best.toml", "report.md", "history.png", "importance.png", "trials.json",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A search as it stands.

    Attributes:
        output: its folder.
        task: of the models.
        kind: of model.
        records: all trials by number.
        importances: of the settings; empty where too few trials say too little.
        confirmation: over seeds, where it was asked for.
        paths: what to its file.
        warning: that the best trial learned from made-up examples, where it did; else "".
    """

    output: Path
    task: str
    kind: str
    records: tuple[TrialRecord, ...]
    importances: tuple[Importance, ...]
    confirmation: Confirmation | None
    paths: dict[str, Path]
    warning: str = ""

    @property
    def best(self) -> TrialRecord | None:
        """The trial of the lowest loss."""
        return best_of(list(self.records))

    @property
    def first(self) -> TrialRecord | None:
        """The recipe as it was."""
        return next((one for one in self.records if one.number == 0 and one.is_over), None)

    @property
    def counts(self) -> dict[str, int]:
        """How many trials ended how."""
        ends = [record.end for record in self.records]
        return {end: ends.count(end) for end in dict.fromkeys(ends)}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "output": str(self.output),
            "task": self.task,
            "kind": self.kind,
            "objective": objective_of(self.task, self.kind).name,
            "warning": self.warning,
            "counts": self.counts,
            "best": self.best.to_dict() if self.best else None,
            "first": self.first.to_dict() if self.first else None,
            "importances": [one.to_dict() for one in self.importances],
            "confirmation": self.confirmation.to_dict() if self.confirmation else None,
            "files": {name: str(path) for name, path in self.paths.items()},
        }


def outcome_of(study: Study, confirmation: Confirmation | None = None) -> Outcome:
    """Write what a search leaves to be read.

    Args:
        study: with whatever trials there are; without a complete one only they are written.
        confirmation: over seeds.

    Raises:
        StorageError: a file cannot be written.
    """
    from chromasonic.tuning.report import report_of

    records, plan, output = tuple(study.records()), study.plan, study.output
    paths = {"trials": output / TRIALS}
    files.write_json(paths["trials"], [record.to_dict() for record in records])
    best = best_of(list(records))
    found: tuple[Importance, ...] = ()
    if best is not None:
        title = f"Search over {plan.task} {plan.kind}"
        objective = objective_of(plan.task, plan.kind)
        found = importances(plan, records)
        paths["best"] = files.write_text(output / BEST, best_recipe(study, best))
        paths["history"] = draw_history(records, output / HISTORY, title=title, objective=objective)
        if found:
            paths["importance"] = draw_importance(
                found, output / IMPORTANCE, title=f"What mattered for {plan.task} {plan.kind}"
            )
        else:
            (output / IMPORTANCE).unlink(missing_ok=True)
        paths["report"] = output / REPORT
    outcome = Outcome(
        output=output,
        task=plan.task,
        kind=plan.kind,
        records=records,
        importances=found,
        confirmation=confirmation,
        paths=paths,
        warning="" if best is None else made_up_warning(study.folder(best.number)),
    )
    if best is not None:
        files.write_text(output / REPORT, report_of(study, outcome))
    return outcome


def made_up_warning(folder: Path) -> str:
    """That what was trained in a folder learned from made-up examples; "" where it did not.

    Args:
        folder: of a trial whose weights are there.
    """
    from chromasonic.registry.made_up import warning
    from chromasonic.tasks.finding import models_at

    try:
        found = models_at(folder)
    except ChromasonicError:  # no weights lie there: nothing is known of what they learned from
        return ""
    return next((text for one in found if (text := "".join(warning(one.facts)))), "")


def best_recipe(study: Study, best: TrialRecord) -> str:
    """The recipe of a trial as TOML: with the corpus by name where the recipe said "auto"."""
    plan = study.plan
    recipe = plan.recipe_with(best.values)
    ran = study.folder(best.number) / "recipe.toml"
    if ran.is_file():
        recipe = task_named(plan.task).resolved(read_toml(ran), where=str(ran))
        if "output" in plan.recipe:
            recipe["output"] = plan.recipe["output"]
    objective = objective_of(plan.task, plan.kind)
    what = "the recipe as it was" if best.number == 0 else f"trial {best.number}"
    head = (
        f"# Found by a search over {plan.task} {plan.kind}: {what}, "
        f"{objective.name} {objective.text(best.loss)}.\n"
        f"# Use it: chromasonic train {plan.task} --recipe {study.output / BEST}\n"
    )
    return f"{head}\n{to_toml(recipe)}"
