"""Where tracked runs and registered models are kept: a folder by default, a server by one setting.

CHROMASONIC_REGISTRY      a folder (SQLite and artifacts in it), http(s)://..., sqlite:///...,
                          postgresql://...
MLFLOW_TRACKING_URI       the same where the first is not set
neither                   the user's own folder
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chromasonic.errors import RegistryError

REGISTRY, TRACKING_URI = "CHROMASONIC_REGISTRY", "MLFLOW_TRACKING_URI"
ARTIFACTS = "CHROMASONIC_ARTIFACTS"
DATABASE = "registry.db"
SERVERS, DATABASES = ("http", "https"), ("postgresql", "postgres", "mysql", "mssql")

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):")
_SECRET = re.compile(r"(?P<before>[A-Za-z][A-Za-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@")


def store_address() -> str:
    """Where the store is, by the settings: an absolute folder, or a URL as it was set.

    Raises:
        RegistryError: the setting is of a kind that cannot be used.
    """
    for name in (REGISTRY, TRACKING_URI):
        value = os.environ.get(name, "").strip()
        if value:
            return _checked(value, name)
    import platformdirs

    return str(Path(platformdirs.user_data_dir("chromasonic")) / "registry")


def _checked(value: str, setting: str) -> str:
    scheme = _scheme(value)
    if scheme == "":
        return str(Path(value).expanduser().absolute())
    if scheme in SERVERS or scheme.split("+")[0] in DATABASES or value.startswith("sqlite:///"):
        return value
    raise RegistryError(
        f"{setting} is '{without_secret(value)}', which is no place for the registry. Give a "
        "folder, http://SERVER:PORT, sqlite:////ABSOLUTE/FILE.db or postgresql://USER@HOST/NAME."
    )


def _scheme(address: str) -> str:
    match = _SCHEME.match(address)
    return match["scheme"].lower() if match else ""


def is_folder(address: str) -> bool:
    """Whether the store is a folder of this machine that Chromasonic laid out itself."""
    return _scheme(address) == ""


def is_server(address: str) -> bool:
    """Whether the store is behind HTTP."""
    return _scheme(address) in SERVERS


def database_file(address: str) -> Path | None:
    """The SQLite file of a store; None where it is no SQLite file."""
    if is_folder(address):
        return Path(address) / DATABASE
    if address.startswith("sqlite:///"):
        return Path(unquote(urlsplit(address).path[1:])).absolute()
    return None


def artifact_folder(address: str) -> Path | None:
    """Where artifacts of new experiments go; None where the server decides."""
    if is_server(address):
        return None
    named = os.environ.get(ARTIFACTS, "").strip()
    if named:
        return Path(named).expanduser().absolute()
    file = database_file(address)
    if file is not None:
        return file.parent / "artifacts"
    import platformdirs

    return Path(platformdirs.user_data_dir("chromasonic")) / "registry" / "artifacts"


def tracking_uri(address: str) -> str:
    """The address as MLflow wants it."""
    file = database_file(address)
    if file is not None:
        return f"sqlite:///{file}"
    scheme, colon, rest = address.partition(":")
    if scheme in ("postgres", "postgresql"):
        from importlib.util import find_spec

        driver = "+psycopg" if find_spec("psycopg2") is None else ""
        return f"postgresql{driver}{colon}{rest}"
    return address


def without_secret(text: str) -> str:
    """A text whose URLs show no password."""
    return _SECRET.sub(r"\g<before>:***@", text)
