"""Opening a study: a new one, one to go on with, or one whose ranges have grown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from chromasonic import files
from chromasonic.errors import StorageError, UsageError
from chromasonic.tuning.plan import Plan
from chromasonic.tuning.records import NUMBER
from chromasonic.tuning.storage import (
    JOURNAL,
    WAIT_SECONDS,
    quiet,
    storage_at,
    with_driver,
    without_password,
)
from chromasonic.tuning.study import DATA, Study
from chromasonic.tuning.trial import StudyChanged

FACTS = "study.json"
PLAN = "plan"
KEPT = ("task", "kind", "recipe", "seed", "pruner")
"""What of a plan no `extend` lets change."""


def is_study(output: files.PathLike) -> bool:
    """Whether a search has begun in a folder."""
    return (Path(output) / FACTS).is_file()


def open_study(
    output: files.PathLike,
    plan: Plan | None = None,
    *,
    address: str | None = None,
    extend: bool = False,
    keep: bool = False,
) -> Study:
    """The study in a folder; a new one where there is none.

    Args:
        output: the folder of the search.
        plan: what is searched; None goes on with what lies there.
        address: of a database for the study; None is where it is, or a journal file in the folder.
        extend: let ranges grow, choices be added and settings be added to the search; the trials
            so far are taken over.
        keep: whether the weights of every trial stay.

    Raises:
        UsageError: no plan and no study; or the study is kept elsewhere.
        StudyChanged: the study is of something else.
        StorageError: it cannot be read or written.
    """
    output = Path(output)
    if plan is None and not is_study(output):
        raise UsageError(
            f"No search lies in {output}: {FACTS} is not there. Begin one: chromasonic tune melody "
            f"--model lstm --output {output}"
        )
    facts = read_facts(output) if is_study(output) else {}
    name = facts.get("name") or output.resolve().name
    kept_at = _address(output, facts, address)
    try:
        output.mkdir(parents=True, exist_ok=True)
        with FileLock(output / ".opening", timeout=WAIT_SECONDS):
            return _opened(output, plan, name, kept_at, extend=extend, keep=keep)
    except OSError as error:
        raise StorageError(
            f"Cannot write to {output}: {error.strerror or error}. Choose a folder that may be "
            "written (--output)."
        ) from error


def read_facts(output: Path) -> dict[str, Any]:
    """What study.json says.

    Raises:
        StorageError: it cannot be read.
    """
    path = output / FACTS
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return {"name": str(facts["name"]), "study": str(facts["study"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{path} cannot be read ({error}). Restore it, or begin a new search in another "
            "--output."
        ) from error


def _address(output: Path, facts: Mapping[str, Any], given: str | None) -> str:
    """Where the study is kept.

    Raises:
        UsageError: somewhere else than asked for.
    """
    there = facts.get("study")
    if there and given and without_password(with_driver(given)) != there:
        raise UsageError(
            f"The search in {output} is kept at {there}, not at {without_password(given)}. Leave "
            "--study out, or give another --output."
        )
    if given:
        return given
    if there and "://" in there:
        return str(there)
    return str(output / (there or JOURNAL))


def _opened(
    output: Path, plan: Plan | None, name: str, address: str, *, extend: bool, keep: bool
) -> Study:
    import optuna

    storage = storage_at(address)
    with quiet():
        known = {one.study_name for one in optuna.get_all_study_summaries(storage, False)}
        if name in known:
            inner = optuna.load_study(study_name=name, storage=storage)
        elif plan is None:
            raise StorageError(
                f"The study '{name}' of {output} is no longer at {without_password(address)}. "
                "Restore it, or begin a new search in another --output."
            )
        else:
            inner = optuna.create_study(study_name=name, storage=storage, direction="minimize")
        there = inner.user_attrs.get(PLAN)
        if there is None:
            if plan is None:
                raise StorageError(
                    f"The study in {output} was never begun whole: give the command that began it."
                )
            inner.set_user_attr(PLAN, plan.to_dict())
            there = plan.to_dict()
        plan = plan or Plan.from_dict(there)
        if not inner.get_trials(deepcopy=False):
            inner.enqueue_trial(plan.first(), user_attrs={NUMBER: 0})
        if there != _as_read(plan):
            changed = differences(there, plan.to_dict())
            if not (extend and has_only_grown(there, plan)):
                raise StudyChanged(_refusal(output, changed, has_only_grown(there, plan), extend))
            inner = _extended(inner, plan, storage, name)
    study = Study(output, plan, inner, storage=storage, address=address, keep=keep)
    shown = without_password(with_driver(address)) if "://" in address else Path(address).name
    files.write_json(output / FACTS, {"name": inner.study_name, "study": shown})
    return study


def _as_read(plan: Plan) -> Any:
    """A plan as a storage gives it back."""
    return json.loads(json.dumps(plan.to_dict()))


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two plans, in words, a line each."""
    from chromasonic.tuning.space import flat

    changed = []
    for key in ("task", "kind", "seed", "pruner"):
        if was.get(key) != now[key]:
            changed.append(f"{key}: {was.get(key)} -> {now[key]}")
    before, after = was.get("search", {}), json.loads(json.dumps(now["search"]))
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            changed.append(f"search {name}: {_said(before.get(name))} -> {_said(after.get(name))}")
    before, after = flat(was.get("recipe", {})), flat(json.loads(json.dumps(now["recipe"])))
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            changed.append(f"{name}: {_said(before.get(name))} -> {_said(after.get(name))}")
    return changed


def has_only_grown(was: Mapping[str, Any], plan: Plan) -> bool:
    """Whether a plan holds every trial that an earlier one could make."""
    old = Plan.from_dict(was)
    same = {key: _as_read(plan)[key] == was[key] for key in KEPT}
    if not all(same.values()) or not set(old.space) <= set(plan.space):
        return False
    return all(plan.space[name].contains(dimension) for name, dimension in old.space.items())


def _refusal(output: Path, changed: list[str], has_grown: bool, extend: bool) -> str:
    listed = "\n".join(f"  {one}" for one in changed)
    step = (
        "Only its ranges have grown: --extend takes its trials over."
        if has_grown and not extend
        else "Begin a new search in another --output, or go on with the old one: --resume "
        f"{output}. (--extend takes trials over where ranges have only grown.)"
    )
    return f"The search in {output} is of something else:\n{listed}\n{step}"


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        if "choices" in value:
            return "one of " + ", ".join(map(str, value["choices"]))
        return " ".join(f"{key} {one}" for key, one in value.items())
    return "absent" if value is None else repr(value)


def _extended(inner: Any, plan: Plan, storage: Any, name: str) -> Any:
    """A new study of the grown plan in the same storage, with the finished trials of the old one.

    Raises:
        UsageError: a process is at work on the old one.
    """
    import optuna

    trials = inner.get_trials(deepcopy=True)
    if any(trial.state == optuna.trial.TrialState.RUNNING for trial in trials):
        raise UsageError(
            "The search cannot grow while trials are running, or were ended by a kill. Let it "
            "come to rest first: go on without the change (--resume), then --extend."
        )
    stem, _, number = name.partition("~")
    grown = optuna.create_study(
        study_name=f"{stem}~{int(number or 1) + 1}", storage=storage, direction="minimize"
    )
    first = plan.first()
    distributions = {key: one.distribution() for key, one in plan.space.items()}
    for trial in trials:
        if trial.state == optuna.trial.TrialState.WAITING:
            continue
        trial.params = {**first, **trial.params}
        trial.distributions = distributions
        grown.add_trial(trial)
    grown.set_user_attr(PLAN, plan.to_dict())
    grown.set_user_attr(DATA, inner.user_attrs.get(DATA, {}))
    return grown
