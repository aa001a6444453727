"""A run directory whose tracked run is not in the store yet, when its model is registered."""

from __future__ import annotations

from pathlib import Path

from chromasonic.errors import ChromasonicError
from chromasonic.registry.sending import send_all, sole_sender
from chromasonic.registry.spool import Spool
from chromasonic.registry.store import Store

PATIENCE_SECONDS = 10.0


def send_before_registering(path: Path, store: Store, *, seconds: float = PATIENCE_SECONDS) -> str:
    """See to it that the tracked run of a training is in the store, so that versions hang on it.

    Args:
        path: a run directory, or anything else.
        store: where its models are to be registered.
        seconds: to wait for the process that is sending it.

    Returns:
        Why it is not there all the same, for the user; "" where it is, or was not tracked.
    """
    spool = Spool(path)
    if not path.is_dir() or not spool.is_there or spool.is_sent:
        return ""
    why = "another process is still sending it"
    try:
        with sole_sender(path, seconds) as may_send:
            if spool.is_sent:
                return ""
            if may_send:
                send_all(path, store)
                return ""
    except (ChromasonicError, OSError) as error:
        why = str(error)
    return (
        f"The tracked run of {path} is not in the registry's store yet ({why}); what is registered "
        "gets a run of its own there."
    )
