"""Inspection: what is in a checkpoint, of anybody, without running a line of it."""

from chromasonic.inspection.checkpoint import Checkpoint
from chromasonic.inspection.facts import Fact, Finding, Section
from chromasonic.inspection.inspecting import Inspection, inspect_file, inspect_paths

__all__ = [
    "Checkpoint",
    "Fact",
    "Finding",
    "Inspection",
    "Section",
    "inspect_file",
    "inspect_paths",
]
