"""A Ray cluster for the length of a block: one that runs already, or one begun here and ended."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic.errors import UsageError
from chromasonic.scaling.engine import cpu_count

LOCAL_STORE_BYTES = 256 * 2**20
"""Shared memory that a cluster begun here may use for values in transit; more goes to the disk."""

ANSWER_SECONDS = 5.0
"""How long a cluster's head may take to answer before it counts as absent."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anybody
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",  # a worker without a GPU of its own sees none
    "RAY_TRAIN_ENABLE_PRINT_PATCH": "0",
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",  # how soon an end, or a death, is noticed
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",  # each epoch is saved: nothing is to be warned of
    "RAY_TRAIN_METRICS_ENABLED": "0",
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "300",  # a busy machine is no lost one
    "RAY_DEDUP_LOGS": "0",
    "RAY_worker_niceness": "0",  # workers are the work: Ray's own 15 lets anything overtake it
}
_FOLDER = "chromasonic-ray-"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster that this process is connected to.

    Attributes:
        address: of its head.
        cpus: in all.
        gpus: in all.
        machines: how many.
        is_local: whether it was begun here and ends with the block.
    """

    address: str
    cpus: int
    gpus: int
    machines: int
    is_local: bool


@contextmanager
def connected(
    address: str | None = None,
    *,
    cpus: int | None = None,
    store_bytes: int = LOCAL_STORE_BYTES,
) -> Iterator[Cluster]:
    """Connect to a cluster within the block; a process that is connected already stays so.

    Args:
        address: auto (one that runs on this machine, or RAY_ADDRESS), or HOST:PORT of its head;
            None begins one on this machine and ends it after the block.
        cpus: how many the work wants; None takes what there is.
        store_bytes: shared memory of a cluster that is begun here.

    Yields:
        What is there.

    Raises:
        UsageError: Ray is not installed; no cluster answers at the address; it runs another
            version; or it has too few CPUs.
    """
    ray = _ray()
    if address is not None:
        address = resolved_address(address)
        _check_answers(address)
    if ray.is_initialized():
        yield _checked(_facts(ray, is_local=False), cpus)
        return
    if address is None:
        _check_local(cpus)
        began = _begun(ray, cpus, store_bytes)
    else:
        began = _joined(ray, address)
    with began as cluster:
        yield _checked(cluster, cpus)


def _ray() -> Any:
    """Ray, quiet.

    Raises:
        UsageError: it is not installed.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "The Ray engine needs Ray, which is not installed: pip install 'chromasonic[scale]'. "
            "Or leave out --engine ray."
        ) from error
    return ray


def _options() -> dict[str, Any]:
    """How `ray.init` is called everywhere: it says nothing, and leaves logging alone."""
    return {
        "logging_level": logging.ERROR,
        "configure_logging": False,
        "log_to_driver": False,
    }


@contextmanager
def _begun(ray: Any, cpus: int | None, store_bytes: int) -> Iterator[Cluster]:
    """A cluster of this machine alone, in a folder that is removed after it."""
    _remove_abandoned()
    # Sockets lie in it, and their paths may have 107 characters at most.
    parent = "/tmp" if os.path.isdir("/tmp") else None
    folder = tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=parent)
    try:
        with _silenced(), _on_loopback(ray):
            _no_worker_logs(ray)
            _with_own_token()
            ray.init(
                address="local",
                num_cpus=max(cpus or 0, cpu_count()),
                include_dashboard=False,
                _node_ip_address="127.0.0.1",
                object_store_memory=store_bytes,
                _temp_dir=folder,
                **_options(),
            )
        yield _facts(ray, is_local=True)
    finally:
        with _silenced():
            ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _joined(ray: Any, address: str) -> Iterator[Cluster]:
    """A cluster that runs already, and goes on running."""
    try:
        with _silenced():
            _no_worker_logs(ray)
            _with_token_at_hand()
            ray.init(address=address, **_options())
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        text = str(error)
        if "ersion" in text and "mismatch" in text.lower():
            found = " ".join(text.split())
            raise UsageError(
                f"The cluster at {address} runs another version of Ray or Python than this "
                f"process. {found} Install the same on both."
            ) from error
        why = text.splitlines()[0].rstrip(".") if text else "it does not answer"
        raise _no_cluster(
            address,
            f"{why} (one that asks for a token wants RAY_AUTH_MODE=token and RAY_AUTH_TOKEN)",
        ) from None
    try:
        yield _facts(ray, is_local=False)
    finally:
        with _silenced():
            ray.shutdown()


def resolved_address(address: str) -> str:
    """The address that `auto` stands for: RAY_ADDRESS, else what `ray start` noted here last.

    Ray itself would also take any head among the processes of this machine, such as one that
    somebody else began for a moment, and wait without end when that is gone.

    Raises:
        UsageError: neither names one.
    """
    if address != "auto":
        return address
    named = os.environ.get("RAY_ADDRESS", "")
    if named not in ("", "auto", "local"):
        return named
    noted = Path(os.environ.get("RAY_TMPDIR") or "/tmp", "ray", "ray_current_cluster")
    try:
        return noted.read_text(encoding="utf-8").strip()
    except OSError:
        raise _no_cluster(
            "auto", "none was started on this machine (ray start), and RAY_ADDRESS names none"
        ) from None


def _check_answers(address: str) -> None:
    """Find out within seconds what Ray itself takes two minutes to say.

    A head speaks HTTP/2 (gRPC): it answers the opening of a connection with its settings.
    Source: RFC 9113, section 3.4.

    Raises:
        UsageError: the address is none, or nothing that answers there is a head.
    """
    if address.startswith("ray://"):
        raise UsageError(
            f"{address} is the address of Ray's client server, through which nothing can be "
            "trained. Run this on a machine of the cluster, with --address auto or HOST:6379."
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(
            f"'{address}' is no address of a cluster. Give auto, or HOST:PORT of its head, such as "
            "10.0.0.5:6379; leave --address out to begin a cluster on this machine."
        )
    if os.environ.get("RAY_USE_TLS") == "1":
        return
    opening = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(opening)
            answer = connection.recv(9)
    except TimeoutError:
        raise _no_cluster(address, f"nothing answers within {ANSWER_SECONDS:g} s") from None
    except OSError as error:
        raise _no_cluster(address, error.strerror or str(error)) from None
    if len(answer) < 4 or answer[3] != 4:
        raise _no_cluster(address, "something else than Ray answers there")


def _no_cluster(address: str, why: str) -> UsageError:
    return UsageError(
        f"There is no Ray cluster at {address}: {why}. Start one (ray start --head), give the "
        "HOST:PORT that it names, or leave --address out to begin one on this machine."
    )


def _check_local(cpus: int | None) -> None:
    if cpus is not None and cpus > cpu_count():
        raise UsageError(
            f"{cpus} workers were asked for, but this machine has {cpu_count()} CPUs. Ask for "
            f"{cpu_count()} at most (--workers), or give the --address of a cluster that has more."
        )


def _checked(cluster: Cluster, cpus: int | None) -> Cluster:
    if cpus is not None and cpus > cluster.cpus:
        raise UsageError(
            f"{cpus} workers were asked for, but the cluster at {cluster.address} has "
            f"{cluster.cpus} CPUs on {cluster.machines} machines. Ask for fewer (--workers), or "
            "add machines to it."
        )
    return cluster


def _facts(ray: Any, *, is_local: bool) -> Cluster:
    resources = ray.cluster_resources()
    return Cluster(
        address=ray.get_runtime_context().gcs_address,
        cpus=int(resources.get("CPU", 0)),
        gpus=int(resources.get("GPU", 0)),
        machines=sum(node["Alive"] for node in ray.nodes()),
        is_local=is_local,
    )


@contextmanager
def _on_loopback(ray: Any) -> Iterator[None]:
    """A cluster that is begun within the block listens on the loopback interface alone.

    Whoever reaches a cluster can run code on it. Where clusters of several machines are possible,
    Ray puts the machine's outer address in place of 127.0.0.1; so for this one they are not.
    """
    constants = ray._private.ray_constants
    before = getattr(constants, "ENABLE_RAY_CLUSTER", None)
    constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before


def _with_own_token() -> None:
    """Give a cluster that is begun here a token of this process, where the user has none.

    Ray would make one and leave it in the home folder, readable to all.
    """
    settings = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
    is_there = (Path.home() / ".ray" / "auth_token").exists()
    if not is_there and not any(os.environ.get(name) for name in settings):
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _with_token_at_hand() -> None:
    """Show a cluster the token that `ray start` showed it, where one is kept.

    `ray start` takes a token that it finds; `ray.init` does so only for clusters that it begins.
    """
    with contextlib.suppress(ImportError, AttributeError):
        from ray._private.authentication import authentication_token_setup

        authentication_token_setup.maybe_enable_token_auth_if_token_available(False)


def _no_worker_logs(ray: Any) -> None:
    """Keep what Ray says of lost workers off stdout, where a result stands; we say it ourselves.

    There is no public switch: `log_to_driver` leaves these messages on. Without the attribute,
    they are seen.
    """
    worker = ray._private.worker
    if hasattr(worker, "_worker_logs_enabled"):
        worker._worker_logs_enabled = False


@contextmanager
def _silenced() -> Iterator[None]:
    """No warnings of Ray's within the block."""
    logger = logging.getLogger("ray")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logger.setLevel(level)


def _remove_abandoned() -> None:
    """Remove the folders of clusters whose processes were killed before they could."""
    for folder in Path("/tmp").glob(f"{_FOLDER}*"):
        number = folder.name.removeprefix(_FOLDER).partition("-")[0]
        if not number.isdigit():
            continue
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:  # somebody else's, and alive
            continue
