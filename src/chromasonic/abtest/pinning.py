"""Versions that take part in an experiment, pinned to what their files are now.

An alias moves and a folder can be trained anew; an experiment is about one content. So NAME@ALIAS
is written down as NAME@NUMBER with the hash of its list of files, a path with the hash of what
lies there. A registered version is held: pruning leaves it while the experiment is open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING

from chromasonic.abtest.design import Arm, Design
from chromasonic.abtest.version_kinds import AGENT, DRUMMER, STRAIGHT, agent_in, drummer_in
from chromasonic.errors import RegistryError, UsageError
from chromasonic.files import sha256_of_bytes, sha256_of_file
from chromasonic.registry.address import database_file, store_address
from chromasonic.registry.manifest import manifest_of
from chromasonic.registry.reference import Reference, located, reference_in

if TYPE_CHECKING:
    from chromasonic.registry.versions import Registry

ANCHOR = "anchor"
"""Label of what versions are compared with besides."""

SOUNDS = "sounds: "
"""Begins the version of an arm that is no model but recordings; its clips have their hashes."""


def pinned(models: Sequence[str], *, clips: Path | None = None) -> tuple[Arm, ...]:
    """Versions with labels A, B, C, ... in the order given.

    Args:
        models: NAME@VERSION, NAME@ALIAS, paths, or names of models that ship; or sounds:NAME,
            recordings that no model made.
        clips: the folder in which what is heard lies, in A/, B/, ...; recordings need it.

    Raises:
        UsageError: two versions or more are wanted; or a path is not there.
        RegistryError: there is no such version, or its files are not what was registered.
    """
    if len(models) > len(ascii_uppercase):
        raise UsageError(f"{len(models)} versions were given; at most {len(ascii_uppercase)}.")
    begins = SOUNDS.rstrip()
    return tuple(
        recorded(text.removeprefix(begins).strip(), label, clips)
        if text.startswith(begins)
        else _pinned(text, label)
        for text, label in zip(models, ascii_uppercase, strict=False)
    )


def recorded(name: str, label: str, clips: Path | None) -> Arm:
    """A version that is recordings: what lies in the clips' folder under its label.

    Args:
        name: as people call it.
        label: of the version.
        clips: that folder.

    Raises:
        UsageError: no name, no such folder.
    """
    if not name or clips is None:
        raise UsageError(
            "Recordings that no model made are named sounds:NAME, and lie in the folders A/, B/, "
            "... of --clips FOLDER."
        )
    if not (clips / label).is_dir():
        raise UsageError(f"There is no folder {clips / label} with the recordings of '{name}'.")
    return Arm(label=label, version=f"{SOUNDS}{name}", sha256=manifest_of(clips / label).sha256)


def check_different(arms: Sequence[Arm]) -> None:
    """See that no two versions are the same files: by the same seed they would sound the same.

    Args:
        arms: as `pinned` gives them.

    Raises:
        UsageError: two are the same.
    """
    for number, arm in enumerate(arms):
        for other in arms[number + 1 :]:
            if arm.sha256 == other.sha256:
                raise UsageError(
                    f"{arm.label} ({arm.version}) and {other.label} ({other.version}) are the same "
                    "files, and would play the same for each seed. Name different versions, or "
                    "give what is heard by --clips."
                )


def hold(design: Design) -> None:
    """Keep the registered versions of an experiment from being pruned.

    Raises:
        RegistryError: one is gone, or the registry cannot be written.
    """
    for registry, reference in _registered(design):
        registry.hold(reference, f"experiment {design.name}")


def release(design: Design) -> None:
    """Hold them no longer."""
    for registry, reference in _registered(design):
        try:
            registry.release(reference, f"experiment {design.name}")
        except RegistryError:
            continue  # the experiment is closed all the same; a version is merely kept for longer


def changed(design: Design) -> list[str]:
    """Versions that are no longer what they were when the experiment was made, in words."""
    found = []
    for arm in design.arms:
        if arm.version.startswith(SOUNDS):
            continue
        if _reference_of(arm.version) is not None and not _registry_is_there():
            found.append(f"{arm.label} ({arm.version}) was not checked: no registry is here")
            continue
        try:
            now = _pinned(arm.version, arm.label)
        except (UsageError, RegistryError) as error:
            why = str(error).removesuffix(".")
            found.append(f"{arm.label} ({arm.version}) cannot be read: {why}")
            continue
        if now.sha256 != arm.sha256:
            found.append(f"{arm.label} ({arm.version}) is not what it was: its files differ")
    return found


def _registry_is_there() -> bool:
    """Whether there is one to ask: reading a result is no reason to make one."""
    file = database_file(store_address())
    return file is None or file.exists()


def _pinned(text: str, label: str) -> Arm:
    if text.startswith(AGENT):
        return Arm(label=label, version=text, sha256=_agents_sha256(text))
    if text.startswith(DRUMMER):
        return _drummer(drummer_in(text), label)
    reference = reference_in(text)
    if reference is not None:
        from chromasonic.registry.versions import Registry

        registry = Registry()
        version = registry.get(reference)
        registry.folder_of(Reference(version.name, str(version.number)))  # its hashes are checked
        return Arm(label=label, version=version.reference, sha256=version.content)
    path = located(text)  # the folder of a model that ships, else the path as it is
    if path.is_dir():
        return Arm(label=label, version=str(text), sha256=manifest_of(path).sha256)
    if path.is_file():
        return Arm(label=label, version=str(text), sha256=sha256_of_file(path))
    raise UsageError(
        f"There is no model at '{text}'. Name a run directory, a checkpoint, a registered version "
        "(NAME@VERSION), or a model that ships; `chromasonic models list` shows those. Recordings "
        "that no model made are named sounds:NAME (with --clips FOLDER)."
    )


def _drummer(name: str, label: str) -> Arm:
    if name == STRAIGHT:
        return Arm(label=label, version=DRUMMER + name, sha256=sha256_of_bytes(name.encode()))
    model = _pinned(name, label)
    return replace(model, version=DRUMMER + model.version)


def _agents_sha256(text: str) -> str:
    """Of the file of an agent's model; of the name, where an agent needs none."""
    from chromasonic.harmonization.agents import SHIPPED
    from chromasonic.harmonization.models_directory import FILES

    name, models = agent_in(text)
    if name not in FILES:
        return sha256_of_bytes(name.encode())
    file = (located(models) if models else SHIPPED) / FILES[name].model
    if not file.is_file():
        raise UsageError(f"There is no {file.name} in {file.parent}, for '{text}'.")
    return sha256_of_file(file)


def _reference_of(version: str) -> Reference | None:
    """The registered version that an arm is, or whose agent or drummer it is."""
    if version.startswith(AGENT):
        return reference_in(agent_in(version)[1])
    return reference_in(version.removeprefix(DRUMMER))


def _registered(design: Design) -> Iterator[tuple[Registry, Reference]]:
    """The registered versions that take part, with the registry."""
    references = [_reference_of(arm.version) for arm in design.arms]
    if not any(references):
        return
    from chromasonic.registry.versions import Registry

    registry = Registry()
    yield from ((registry, reference) for reference in references if reference is not None)
