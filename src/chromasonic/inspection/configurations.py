"""Checkpoints that carry their configuration: is it the one that these weights were made by?

The room knows no model. Who calls it hands over, for each task, a function that makes of a
configuration the names and shapes that such a network has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from chromasonic.errors import ChromasonicError
from chromasonic.inspection.architecture import Architecture
from chromasonic.inspection.checkpoint import Checkpoint
from chromasonic.inspection.facts import Fact, Finding
from chromasonic.inspection.plain import printable, shape_text

Shapes = Mapping[str, tuple[int, ...] | None]
"""None: any shape, of tables that grow with the data."""
ShapesOf = Callable[[dict[str, Any]], Shapes | None]
"""From a checkpoint's `config` to the names and shapes of its model's state dict; None where it is
of a class that is not known."""

_UNUSABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError)


def check_configuration(
    known: Checkpoint, shapes_of: Mapping[str, ShapesOf]
) -> tuple[Finding, ...] | None:
    """Build the network that a checkpoint of ours says it holds, and compare name by name.

    Args:
        known: with its `config`.
        shapes_of: task to the function that knows its networks; a task that is not there is not
            checked.

    Returns:
        What is wrong; none where all fits; None where it could not be checked.
    """
    config = known.config
    task = (config or {}).get("task")
    if not known.is_ours or config is None or not isinstance(task, str) or task not in shapes_of:
        return None
    try:
        expected = shapes_of[task](config)
    except (ChromasonicError, *_UNUSABLE) as error:
        return (
            Finding(
                level="contradiction",
                rule="configuration",
                files=(known.name,),
                message=f"{known.name} carries a configuration of which no network can be built: "
                f"{printable(error, 160)}",
                advice="Use the version of chromasonic that trained it, or train anew.",
            ),
        )
    if expected is None:
        return None
    faults = _faults(known.shapes, expected)
    if not faults:
        return ()
    more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
    return (
        Finding(
            level="contradiction",
            rule="configuration",
            files=(known.name,),
            message=f"{known.name} holds other weights than its configuration says: "
            f"{'; '.join(faults[:3])}{more}.",
            advice="Configuration or weights were changed after training: do not use it.",
        ),
    )


def confirmed(architecture: Architecture, model: Any) -> Architecture:
    """What was inferred of weights whose configuration they fit, beside that configuration.

    Args:
        architecture: as inferred.
        model: the checkpoint's settings of its network.

    Returns:
        The same without what the weights cannot tell (the settings do), and with what was only
        likely as certain where the settings hold the same number; the source names the setting.
    """
    settings = dict(_numbers(model, "model"))
    sections = (
        replace(
            section,
            facts=tuple(
                _confirmed(fact, settings) for fact in section.facts if fact.value is not None
            ),
        )
        for section in architecture.sections
    )
    return replace(architecture, sections=tuple(sections))


def _confirmed(fact: Fact, settings: Mapping[str, int]) -> Fact:
    names = [name for name, value in settings.items() if value == fact.value]
    if fact.certainty != "likely" or isinstance(fact.value, bool) or not names:
        return fact
    named = names[0] if len(names) == 1 else "its configuration"
    return replace(fact, certainty="certain", source=f"{fact.source}; {named}")


def _numbers(values: Any, prefix: str) -> Iterator[tuple[str, int]]:
    """Whole numbers of nested settings, by dotted name."""
    for key, value in values.items() if isinstance(values, dict) else ():
        name = f"{prefix}.{key}"
        if isinstance(value, int) and not isinstance(value, bool):
            yield name, value
        elif isinstance(value, dict) and name.count(".") < 4:
            yield from _numbers(value, name)


def _faults(found: Mapping[str, tuple[int, ...]], expected: Shapes) -> list[str]:
    faults = [f"{name} is missing" for name in expected if name not in found]
    faults += [f"{name} is one too many" for name in found if name not in expected]
    return faults + [
        f"{name} is {shape_text(found[name])} instead of {shape_text(shape)}"
        for name, shape in expected.items()
        if shape is not None and name in found and tuple(found[name]) != tuple(shape)
    ]
