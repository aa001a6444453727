"""What a studio is started with."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from chromasonic.errors import ConfigError

DEFAULT_PORT = 8770
DEFAULT_RUNS = (Path("runs"), Path("demo"))
"""Where training runs are looked for; a folder that is not there is passed over."""
SIGN = "# Chromasonic studio"
"""How /robots.txt of a studio begins: by it a second studio on a port knows the first."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def default_folder() -> Path:
    """Where the studio keeps what is made: CHROMASONIC_STUDIO, else the user's data folder."""
    if chosen := os.environ.get("CHROMASONIC_STUDIO"):
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("chromasonic")) / "studio"


@dataclass(frozen=True, kw_only=True)
class StudioSettings:
    """Address, folders and limits of one studio.

    Args:
        host: address to listen on; anything but loopback wants `token`.
        port: port to listen on.
        token: what everything but the listening pages asks for, when the studio is shared.
        public_address: where others reach it when a proxy stands before it, such as
            "https://listen.example.org".
        folder: where pieces, uploads and the studio's runs are kept.
        runs: folders in which training runs are looked for.
        makers: processes that generate, harmonize and render, each with its models in memory.
        waiting: jobs that may wait for one of them; more are refused for the moment.
        warm: load what generating needs into the first of them at the start.
        upload_bytes: the largest file that is accepted.

    Raises:
        ConfigError: a value is out of range, or the studio is shared without a token.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    token: str | None = None
    public_address: str | None = None
    folder: Path = field(default_factory=default_folder)
    runs: tuple[Path, ...] = DEFAULT_RUNS
    makers: int = 2
    waiting: int = 200
    warm: bool = True
    upload_bytes: int = 32_000_000

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise ConfigError(f"port is {self.port}; allowed: 0 (any free one) to 65535.")
        if self.makers < 1:
            raise ConfigError(f"makers is {self.makers}; allowed: 1 or more.")
        if self.public_address and not self.public_address.startswith(("http://", "https://")):
            raise ConfigError(
                f"public_address is {self.public_address!r}; it begins with http:// or https://."
            )
        if self.token is not None and len(self.token) < 8:
            raise ConfigError("token is too short to be safe: 8 characters or more.")
        if self.public_address and not self.token:
            raise ConfigError("A studio with a public address wants a token. Start with --share.")
        if self.host not in LOOPBACK and not self.token:
            raise ConfigError(
                f"host is {self.host}, which others can reach; sharing wants a token. "
                "Start with --share, which makes one."
            )
