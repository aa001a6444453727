"""What the desk does with registered models, in a child process."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chromasonic.errors import RegistryError, UsageError
from chromasonic.studio.desk.report import Report

MOST_COMPARED = 6
WAITING = "Waiting for the registry, which another process makes or writes to"


def listed(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Every registered version in short: {"versions": [...]}, by name, the newest first."""
    from chromasonic.registry.lookup import existing_models
    from chromasonic.studio.models.listing import summary

    del params, report
    versions = existing_models().versions()
    ordered = sorted(versions, key=lambda version: (version.name, -version.number))
    return {"versions": [summary(version) for version in ordered]}


def shown(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """All that is told of a model, its card, curves and what they say.

    Args:
        params: reference.
        report: told how it goes.
    """
    from chromasonic.registry.cards import card_text
    from chromasonic.registry.lookup import existing_models
    from chromasonic.studio.models.card_page import card_html
    from chromasonic.studio.models.entries import entry_of
    from chromasonic.studio.models.telling import details
    from chromasonic.studio.train.curves import curves_of
    from chromasonic.studio.train.on_disk import run_at
    from chromasonic.tasks.exporting import formats_of

    report(0.1, "Checking its files")
    entry = entry_of(params["reference"])
    version = entry.version
    run = run_at(entry.folder)
    card = entry.card or (card_text(version, judged=entry.judged) if version is not None else "")
    registry = existing_models() if version is not None else None
    children = registry.children(entry.reference) if registry is not None else []
    changes = registry.history(entry.name) if registry is not None else ()
    return {
        **details(entry, children, changes),
        "card": card_html(card),
        "curves": curves_of(run) if run is not None else [],
        "formats": list(formats_of(entry.facts.task, entry.facts.kind)),
        "earlier": list(registry.earlier(entry.name)) if registry is not None else [],
    }


def compared(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Models beside each other, with their learning curves.

    Args:
        params: references, 2 to 6.
        report: told how it goes.

    Raises:
        UsageError: too few or too many.
    """
    from chromasonic.studio.models.entries import entry_of
    from chromasonic.studio.models.telling import compared as beside
    from chromasonic.studio.train.curves import curves_of
    from chromasonic.studio.train.on_disk import run_at

    references = list(dict.fromkeys(params["references"]))
    if not 2 <= len(references) <= MOST_COMPARED:
        raise UsageError(
            f"{len(references)} models were chosen; allowed: 2 to {MOST_COMPARED} at once."
        )
    entries = []
    for number, reference in enumerate(references):
        report(number / len(references), f"Opening {reference}")
        entries.append(entry_of(reference))
    runs = [run_at(entry.folder) for entry in entries]
    curves = [curves_of(run) if run is not None else [] for run in runs]
    return {**beside(entries), "curves": curves}


def registered(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """A run becomes the next version of a name: {"versions": [references], "is_new"}.

    Args:
        params: path, name, note.
        report: told how it goes.
    """
    from chromasonic.registry.versions import Registry
    from chromasonic.tasks.registering import check_names, register_run

    check_names(params["name"])
    report(0.1, "Opening the registry")
    with _words():
        registry = Registry(on_wait=lambda _: report(0.2, WAITING))
        report(0.6, "Copying its files")
        made = register_run(registry, Path(params["path"]), params["name"], note=params["note"])
    return {
        "versions": [one.version.reference for one in made],
        "is_new": any(one.is_new for one in made),
    }


def promoted(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Point an alias to a version, after a gate where one is asked for.

    Args:
        params: reference, alias, gate, why, force.
        report: told how it goes.

    Returns:
        {"changed", "says", "gate": {...} or None}.

    Raises:
        UsageError: a gate is to be passed over without a reason.
        RegistryError: the version's files were changed; or the alias was moved meanwhile.
    """
    report(0.01, "Opening the registry")
    from chromasonic.abtest.gate import gate
    from chromasonic.registry.versions import Registry

    reference, alias, why = params["reference"], params["alias"], params["why"].strip()
    if params["force"] and not why:
        raise UsageError("Say why it shall be used all the same; the reason is kept.")
    with _words():
        registry = Registry(on_wait=lambda _: report(0.02, WAITING))
        version = registry.get(reference)
        found = None
        if params["gate"]:
            steps = {"files": 0.05, "export": 0.15, "comparison": 0.3}
            names = {"files": "Checking its files", "export": "Exporting it for plugins",
                     "comparison": "Comparing it with the one in use"}  # fmt: skip
            found = gate(
                registry, version.reference, alias=alias,
                on_step=lambda step: report(steps.get(step, 0.3), names.get(step, step)),
                on_progress=lambda what, done, total: report(
                    0.3 + 0.65 * (done / total if total else 0.5),
                    f"Judging: {what.removeprefix('judging ')}",
                ),
            )  # fmt: skip
            if not found.passed and not params["force"]:
                return {"changed": False, "says": "", "gate": _told_gate(found)}
            present = registry.aliases(version.name).get(alias)
            if found.against != ("" if present is None else f"{version.name}@{present}"):
                raise RegistryError(
                    f"{version.name}@{alias} was moved meanwhile: it is version {present} now. "
                    "Look at it, and try again."
                )
        elif problems := registry.verify(version.reference):
            raise RegistryError(" ".join(problems))
        if found is not None and not found.passed:
            why = f"forced past the gate: {why}"
        change = registry.set_alias(version.reference, alias, why=why)
    said = f"{version.name}@{alias} is version {version.number} now."
    told = None if found is None else _told_gate(found)
    return {"changed": change.is_new, "says": said, "gate": told}


def _told_gate(found: Any) -> dict[str, Any]:
    return {
        "version": found.version,
        "against": found.against,
        "passed": found.passed,
        "checks": [vars(check) for check in found.checks],
    }


def rolled_back(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Point an alias to what it pointed to before: {"says"}.

    Args:
        params: name, alias, why.
        report: told how it goes.
    """
    report(0.1, "Opening the registry")
    from chromasonic.registry.versions import Registry

    with _words():
        registry = Registry(on_wait=lambda _: report(0.2, WAITING))
        report(0.5, "Checking the version before")
        change = registry.rollback(params["name"], params["alias"], why=params["why"].strip())
    return {"says": f"{change.model}@{change.alias} is version {change.after} again."}


def verified(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Compare the files of a model with their hashes: {"problems": [...], "files": count}."""
    from chromasonic.registry.lookup import existing_models
    from chromasonic.registry.shipped import ALIAS, shipped

    report(0.2, "Reading its files")
    name, _, which = params["reference"].rpartition("@")
    if which == ALIAS:
        model = shipped(name)
        if model is None:
            raise RegistryError(f"No model '{name}' comes with the package.")
        return {"problems": list(model.problems()), "files": len(model.files)}
    with _words():
        registry = existing_models()
        version = registry.get(params["reference"])
        count = len(version.files) + sum(len(export.files) for export in version.exports)
        return {"problems": list(registry.verify(params["reference"])), "files": count}


def packed(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Pack a model's files, or an export of it, which is made and proven where there is none yet.

    Args:
        params: reference, format ("" is the model itself), folder (where the archive goes).
        report: told how it goes.

    Returns:
        {"file": name of the archive in that folder}.
    """
    from chromasonic.studio.models.entries import entry_of
    from chromasonic.tasks.exporting import export_model

    report(0.1, "Checking its files")
    with _words():
        entry = entry_of(params["reference"])
        folder, form = Path(params["folder"]), params["format"]
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{entry.reference.replace('@', '-')}{f'-{form}' if form else ''}.zip"
        if not form:
            return {"file": _zip(folder / name, entry.folder, sorted(entry.files))}
        report(0.3, "Exporting and proving it")
        made = folder / f".{name}.made"
        exported = export_model(
            entry.folder, task=entry.facts.task, kind=entry.facts.kind, format=form, output=made
        )
        if entry.version is not None:
            _attach(entry.reference, form, exported)
        return {"file": _zip(folder / name, made, sorted(one.path.name for one in exported))}


def _attach(reference: str, form: str, exported: Any) -> None:
    """Register an export with its version."""
    from chromasonic.registry.versions import Registry

    parity = {
        "largest_difference": max(one.largest_difference for one in exported),
        "steps": min(one.steps for one in exported),
    }
    paths = [one.path for one in exported]
    Registry().attach_export(reference, paths, format=form, parity=parity)


def _zip(target: Path, folder: Path, names: list[str]) -> str:
    unfinished = target.with_name(f".{target.name}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(folder / name, name)
    unfinished.replace(target)
    return target.name


@contextmanager
def _words() -> Iterator[None]:
    """Errors of the registry in the page's words: no commands to type."""
    try:
        yield
    except RegistryError as error:
        text = str(error).split(" Point it to one of them: chromasonic")[0]
        raise RegistryError(text.split(" Register one: chromasonic")[0]) from error
