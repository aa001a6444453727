"""JSON documents of models and checkpoints: known by format and version, sealed by a checksum."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chromasonic.errors import CheckpointError
from chromasonic.files import kind_of, sha256_of_bytes


def checksum(content: dict[str, Any]) -> str:
    """SHA-256 over everything but the checksum itself, in one fixed spelling."""
    rest = {key: value for key, value in content.items() if key != "checksum"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256_of_bytes(text.encode())


def read_document(path: Path, form: str, version: int, next_step: str) -> dict[str, Any]:
    """A JSON document of ours, checked to be whole and of a form and version.

    Args:
        path: where it is.
        form: its "format".
        version: the one that is known.
        next_step: what to do about a damaged one.

    Raises:
        CheckpointError: absent, cut, edited, of another form or version.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise CheckpointError(f"Cannot read {path}: {error.strerror}. {next_step}") from error
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        kind = kind_of(data)
        what = "JSON that breaks off or is broken" if kind == "JSON" else f"{kind or 'no JSON'}"
        raise CheckpointError(f"{path} is {what} ({error}). {next_step}") from error
    if not isinstance(content, dict) or content.get("format") != form:
        met = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise CheckpointError(f"{path} is no {form}: its format is {met!r}. {next_step}")
    if content.get("version") != version:
        raise CheckpointError(
            f"{path} has version {content.get('version')!r}; this release reads {version}. "
            f"{next_step}"
        )
    if "checksum" in content and content["checksum"] != checksum(content):
        raise CheckpointError(
            f"{path} has been changed since it was written: its content does not give its "
            f'checksum. To use it as it is, on purpose, delete the entry "checksum"; else: '
            f"{next_step}"
        )
    return content
