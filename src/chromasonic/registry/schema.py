"""Schemas of MLflow's database: which one this MLflow wants, which ones it knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chromasonic.errors import RegistryError
from chromasonic.registry.address import REGISTRY, without_secret


def _scripts() -> Any:
    import mlflow
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))


def newest() -> str:
    """The schema that this MLflow writes."""
    return str(_scripts().get_current_head())


def check_known(revision: str, where: str) -> None:
    """See that a database of another schema is an older one.

    Raises:
        RegistryError: it is none that this MLflow knows.
    """
    if revision not in {script.revision for script in _scripts().walk_revisions()}:
        raise RegistryError(
            f"The registry {without_secret(where)} was written by a newer MLflow (schema "
            f"{revision}). Update: pip install -U mlflow-skinny; or choose another folder: "
            f"{REGISTRY}=FOLDER."
        )


def refuse_older(revision: str, where: str, uri: str) -> None:
    """Leave a database that is not Chromasonic's own as it is.

    Raises:
        RegistryError: always.
    """
    raise RegistryError(
        f"The database {without_secret(where)} has an older schema ({revision}) than this MLflow. "
        f"Back it up, then: mlflow db upgrade {without_secret(uri)}"
    )
