"""Checkpoints that carry their configuration: is it the one that these weights were made by?

The room knows no model. Who calls it hands over, for each task, a function that makes of a
configuration the names and shapes that such a network has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chromasonic.errors import ChromasonicError
from chromasonic.inspection.checkpoint import Checkpoint
from chromasonic.inspection.facts import Finding
from chromasonic.inspection.plain import printable, shape_text

Shapes = Mapping[str, tuple[int, ...]]
ShapesOf = Callable[[dict[str, Any]], Shapes]
"""From a checkpoint's `config` to the names and shapes of its model's state dict."""

_UNUSABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError)


def check_configuration(
    known: Checkpoint, shapes_of: Mapping[str, ShapesOf]
) -> tuple[Finding, ...]:
    """Build the network that a checkpoint of ours says it holds, and compare name by name.

    Args:
        known: with its `config`.
        shapes_of: task to the function that knows its networks; a task that is not there is not
            checked.
    """
    config = known.config
    if not known.is_ours or config is None or config.get("task") not in shapes_of:
        return ()
    try:
        expected = dict(shapes_of[config["task"]](config))
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


def is_checked(known: Checkpoint, shapes_of: Mapping[str, ShapesOf]) -> bool:
    """Whether `check_configuration` has anything to compare a checkpoint with."""
    return known.is_ours and (known.config or {}).get("task") in shapes_of


def _faults(found: Shapes, expected: Shapes) -> list[str]:
    faults = [f"{name} is missing" for name in expected if name not in found]
    faults += [f"{name} is one too many" for name in found if name not in expected]
    return faults + [
        f"{name} is {shape_text(found[name])} instead of {shape_text(expected[name])}"
        for name in expected
        if name in found and tuple(found[name]) != tuple(expected[name])
    ]
