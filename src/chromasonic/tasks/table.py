"""The tasks by name; a task's page is imported when it is asked for."""

from __future__ import annotations

import importlib

from chromasonic.errors import UsageError
from chromasonic.tasks.task import Task

TASKS = ("melody", "companion", "harmonizer", "gesture")


def task_named(name: str) -> Task:
    """A task.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in TASKS:
        raise UsageError(f"'{name}' is no task; known: {', '.join(TASKS)}.")
    task: Task = importlib.import_module(f"chromasonic.tasks.{name}").TASK
    return task
