"""What can be trained, with which settings, on what: for the page's form. Runs in a child process.

The values are those of the default recipes; the form shows a few of them, and all are checked by
the recipe itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from chromasonic.errors import ConfigError, DataError, UsageError
from chromasonic.studio.desk.report import Report
from chromasonic.studio.train.fields import (
    ALL,
    EACH,
    EVERY,
    MADE_UP,
    MISSING,
    UNSEEN,
    common_value,
    kind_offered,
    set_value,
    typed,
    value_at,
)

if TYPE_CHECKING:
    from chromasonic.tasks.task import Task

NOUNS = {"melody": ("tunes",), "gesture": ("movements",)}
FIRST = ("lstm", "compact")
"""Kinds that a form begins with."""
PEOPLE = ("data.performer", "data.validation_performer")
"""Settings of a gesture training that are names of people in its corpus."""


def offered(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Tasks with their kinds, fields and corpora: {"tasks": [...]}."""
    from chromasonic.tasks.table import TASKS, task_named

    del params
    tasks = []
    for number, name in enumerate(TASKS):
        report(number / len(TASKS), "Looking for corpora")
        own = [*task_named(name).kinds, *([ALL] if name in EVERY else ())]
        kinds = [kind_offered(name, kind) for kind in own]
        kinds.sort(key=lambda kind: kind["kind"] not in FIRST)
        tasks.append({"task": name, "kinds": kinds, "corpora": _corpora(name)})
    return {"tasks": tasks}


def planned(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Recipes from the form's values, every setting said and checked.

    Args:
        params: task, kind, corpus, settings by their dotted names, and init_from: a model whose
            weights to begin with, or "".
        report: told how it goes.

    Returns:
        kinds; and runs: a name (that of a performer, where each is left out in turn, else "") and a
        recipe for each.

    Raises:
        ConfigError: a value out of range.
        UsageError: an unknown task, kind, corpus, setting or performer.
        CheckpointError: the model to begin with is of another kind.
    """
    from chromasonic.tasks.table import task_named

    task = task_named(params["task"])
    known = (*task.kinds, *([ALL] if task.name in EVERY else ()))
    if params["kind"] not in known:
        raise UsageError(f"'{params['kind']}' is no model here; known: {', '.join(known)}.")
    fields = {field["key"]: field for field in kind_offered(task.name, params["kind"])["fields"]}
    settings = dict(params["settings"])
    people = {key: str(settings.pop(key)) for key in PEOPLE if settings.get(key)}
    for key in settings:
        if key not in fields:
            raise UsageError(f"'{key}' is no setting of this form; known: {', '.join(fields)}.")
    names = [""]
    if task.name == "gesture":
        names = _left_out(settings, people, params["corpus"], report)
    runs: list[dict[str, Any]] = []
    for name in names:
        own = {**people, **({"data.performer": name} if name else {})}
        try:
            recipe = _resolved(task, params, settings, fields, own)
        except ConfigError as error:
            faults = list(_faults(task, params, settings, fields))
            raise ConfigError("\n".join(faults) or _by_label(str(error), fields)) from error
        runs.append({"name": name if len(names) > 1 else "", "recipe": recipe})
    kinds = ("gesture",) if task.name == "gesture" else task.kinds_in(runs[0]["recipe"])
    return {"runs": runs, "kinds": list(kinds)}


def _left_out(
    settings: dict[str, Any], people: Mapping[str, str], corpus: str, report: Report
) -> list[str]:
    """Whom each of the trainings leaves out; "" for the protocols that leave nobody out.

    Raises:
        UsageError: nobody is named, or somebody who does not move in the corpus.
    """
    protocol = settings.get("data.protocol")
    if protocol not in (UNSEEN, EACH) and not people:
        return [""]
    known = performers({"corpus": corpus}, report)["performers"]
    for name in people.values():
        if name not in known:
            raise UsageError(f"'{name}' does not move in {corpus}; known: {', '.join(known)}.")
    if protocol == EACH:
        settings["data.protocol"] = UNSEEN
        if people.get("data.validation_performer"):
            raise UsageError(
                "Each person is left out in turn, so none can choose the best epoch of all. Leave "
                "'Best epoch chosen by' empty."
            )
        if len(known) < 2:
            raise UsageError(f"{corpus} names fewer than two people; nobody can be left out.")
        return list(known)
    if protocol == UNSEEN and "data.performer" not in people:
        raise UsageError(f"Who is left out is not said; choose one of {', '.join(known)}.")
    return [people.get("data.performer", "")]


def performers(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Who moves in a corpus: {"performers": [...]}, sorted.

    Args:
        params: corpus.
        report: told how reading it goes.
    """
    from chromasonic.gesture.preparing import movements_of
    from chromasonic.gesture.protocols import performers_of
    from chromasonic.gesture.recipe import GestureData

    _check_corpus("gesture", params["corpus"])
    report(0.0, "Reading the corpus")
    corpus = movements_of(GestureData(dataset=params["corpus"]))
    return {"performers": list(performers_of(corpus.pieces))}


def _resolved(
    task: Task,
    params: Mapping[str, Any],
    settings: Mapping[str, Any],
    fields: Mapping[str, Mapping[str, Any]],
    people: Mapping[str, str],
) -> dict[str, Any]:
    """The whole recipe with some settings of the form."""
    kind = params["kind"]
    recipe = task.default_recipe(task.kinds if kind == ALL else [kind])
    for key, value in settings.items():
        set_value(recipe, key, typed(value, fields[key]))
    for key, value in people.items():
        set_value(recipe, key, value)
    _set_corpus(recipe, task.name, params["corpus"])
    if task.name == "gesture":
        recipe.pop("output", None)
    resolved = task.resolved(recipe, where="the form")
    source = params.get("init_from", "")
    return task.resolved(task.fitted(resolved, source)) if source else resolved


def _faults(
    task: Task,
    params: Mapping[str, Any],
    settings: Mapping[str, Any],
    fields: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    """What is wrong with each setting by itself, beginning with its label: "Epochs is 0; ..."."""
    for key, value in settings.items():
        if key == "data.protocol":  # by itself it wants a person
            continue
        try:
            _resolved(task, params, {key: value}, fields, {})
        except ConfigError as error:
            says, label = _by_label(str(error), fields), fields[key]["label"]
            given = f"{value:g}" if isinstance(value, float) else value
            yield says if says.startswith(f"{label} is ") else f"{label} is {given}: {says}"


def continued(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """The recipe of a run that shall go on, with more epochs where that is asked: {"recipe"}.

    Args:
        params: task, path, epochs (or episodes, of the harmonizer; None leaves them).
        report: told how it goes.

    Raises:
        ConfigError: the recipe cannot be read, or too few epochs.
    """
    from pathlib import Path

    from chromasonic.config import read_toml
    from chromasonic.tasks.table import task_named

    del report
    task = task_named(params["task"])
    recipe = params.get("recipe") or read_toml(Path(params["path"]) / "recipe.toml")
    epochs = params.get("epochs")
    if epochs is not None:
        tables = [table for table in (recipe, *recipe.values()) if isinstance(table, dict)]
        counted = [(table["training"], "epochs") for table in tables if "training" in table]
        counted += [(table, "episodes") for table in tables if "episodes" in table]
        if not counted:
            raise ConfigError("This model is not trained in epochs; it cannot be given more.")
        for table, name in counted:
            table[name] = epochs
    return {"recipe": task.resolved(recipe, where="the run")}


def again(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """What the form holds where a run shall be trained anew, with other settings.

    Args:
        params: task, path, recipe (None: the one in path) and init_from of the run.
        report: told how it goes.

    Returns:
        task, kind, corpus, settings (those that are not the form's own) and begin.

    Raises:
        UsageError: the form cannot say what this run was made with.
        ConfigError: the recipe cannot be read.
    """
    from pathlib import Path

    from chromasonic.config import read_toml
    from chromasonic.tasks.table import task_named

    del report
    task = task_named(params["task"])
    recipe = params.get("recipe") or read_toml(Path(params["path"]) / "recipe.toml")
    kinds = task.kinds_in(recipe)
    kind = kinds[0] if len(kinds) == 1 else ALL
    if not set(kinds) <= set(task.kinds) or (kind == ALL and len(kinds) != len(task.kinds)):
        raise UsageError(
            "This run was made with a choice of models that the form does not offer. Begin it "
            "where it was begun, or choose a kind in New training."
        )
    corpus = _corpus_in(recipe, task.name)
    _check_corpus(task.name, corpus)
    settings = {
        field["key"]: value
        for field in kind_offered(task.name, kind)["fields"]
        if (value := common_value(recipe, field["key"], kinds)) not in (MISSING, None)
        and value != field["value"]
    }
    people = {key: value for key in PEOPLE if (value := value_at(recipe, key)) not in (MISSING, "")}
    return {
        "task": task.name, "kind": kind, "corpus": corpus, "settings": {**settings, **people},
        "begin": params.get("init_from", ""),
    }  # fmt: skip


def _corpus_in(recipe: Mapping[str, Any], task: str) -> str:
    """What a recipe learns from, as the form calls it: the other way round of `_set_corpus`."""
    if task in NOUNS:
        return str(recipe["data"]["dataset"])
    if task == "companion":
        parts = [part["data"] for part in recipe.values() if isinstance(part, dict)]
        return MADE_UP if any(part.get("synthetic") for part in parts) else "real"
    return "bach-chorales"


def _by_label(text: str, fields: Mapping[str, Mapping[str, Any]]) -> str:
    """A recipe's error in the form's words: "epochs is 0" is "Epochs is 0"."""
    text = text.replace(" Change it in the recipe or by its flag.", "")
    for key, field in fields.items():
        name = key.rpartition(".")[2]
        if text.startswith(f"{name} is "):
            return field["label"] + text.removeprefix(name)
    return text


def _check_corpus(task: str, corpus: str) -> None:
    known = [one["name"] for one in _corpora(task)]
    if corpus not in known:
        raise UsageError(f"'{corpus}' is no corpus for this; known: {', '.join(known)}.")


def _set_corpus(recipe: dict[str, Any], task: str, corpus: str) -> None:
    _check_corpus(task, corpus)
    if task in NOUNS:
        recipe["data"]["dataset"] = corpus
    elif task == "companion":
        set_value(recipe, "*.data.synthetic", corpus == MADE_UP)


def _corpora(task: str) -> list[dict[str, Any]]:
    """What can be learned from, and whether it is here."""
    from chromasonic.data.catalogue import CORPORA

    if task == "companion":
        return [
            _made("real", "Its own corpora, where they are here", "", True),
            _made(MADE_UP, "Made-up examples", "For trying out: it learns nothing real.", True),
        ]
    if task == "harmonizer":
        return [_corpus("bach-chorales", CORPORA["bach-chorales"])]
    found = [_corpus(name, facts) for name, facts in CORPORA.items() if facts.noun in NOUNS[task]]
    return sorted(found, key=lambda one: (not one["is_here"], one["is_made"]))


def _corpus(name: str, facts: Any) -> dict[str, Any]:
    from chromasonic.data.locate import locate
    from chromasonic.registry.licences import terms_of_corpus

    is_here = facts.kind == "generated"
    if not is_here:
        try:
            locate(facts, data_dir=None, download=False)
            is_here = True
        except DataError:
            is_here = False
    pieces = sum(one.tunes for one in facts.collections) or facts.pieces or facts.count
    return {
        "name": name, "title": facts.title, "summary": facts.summary, "licence": facts.licence,
        "ships": terms_of_corpus(facts).ships, "pieces": pieces, "noun": facts.noun,
        "is_here": is_here, "is_made": facts.kind == "generated",
    }  # fmt: skip


def _made(name: str, title: str, summary: str, is_here: bool) -> dict[str, Any]:
    return {
        "name": name, "title": title, "summary": summary, "licence": "", "ships": "", "pieces": 0,
        "noun": "", "is_here": is_here, "is_made": name == MADE_UP,
    }  # fmt: skip
