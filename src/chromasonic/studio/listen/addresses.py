"""The address under which others in the network reach this studio."""

from __future__ import annotations

from fastapi import Request

from chromasonic.studio.place import studio_of
from chromasonic.studio.serving import address_of_this_machine
from chromasonic.studio.settings import LOOPBACK


def public_address(request: Request, key: str) -> str:
    """The link to a listening test.

    The owner often opens the studio as localhost; a phone needs the address in the network.
    """
    settings, url = studio_of(request).settings, request.base_url
    if settings.public_address:
        return f"{settings.public_address.rstrip('/')}/hear/{key}"
    if settings.host not in LOOPBACK and url.hostname in LOOPBACK:
        url = url.replace(hostname=address_of_this_machine())
    return f"{str(url).rstrip('/')}/hear/{key}"
