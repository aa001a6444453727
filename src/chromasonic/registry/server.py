"""A tracking server behind HTTP: asked once, shortly, before anything is sent."""

from __future__ import annotations

import urllib.error
import urllib.request

from chromasonic.registry.address import REGISTRY, without_secret
from chromasonic.registry.store_errors import BusyError

ANSWER_SECONDS = 5


def answers(address: str) -> None:
    """See that a server answers.

    Raises:
        BusyError: nothing answers there within seconds.
    """
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=ANSWER_SECONDS):
            return
    except urllib.error.HTTPError:
        return  # something is there; what it says of the page does not matter
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise BusyError(
            f"The tracking server {without_secret(address)} does not answer ({reason}). Start it, "
            f"or unset {REGISTRY} to keep the registry in a folder of this machine."
        ) from error
