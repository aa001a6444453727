"""Several processes that train one model (`torchrun`), or just this one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from chromasonic.errors import UsageError


def is_first_process() -> bool:
    """Whether this is the process, of those that `torchrun` started, that speaks to the user."""
    return int(os.environ.get("RANK", "0")) == 0


@dataclass(frozen=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: its number, from 0.
        count: how many there are.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and speaks to observers."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Element-wise sum over all processes, in place."""
        if self.count > 1:
            dist.all_reduce(values)
        return values

    def gather(self, value: Any) -> list[Any]:
        """The value of each process, by rank."""
        if self.count == 1:
            return [value]
        values: list[Any] = [None] * self.count
        dist.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            dist.barrier()

    def begin_alike(self, model: nn.Module) -> None:
        """Give every process the weights and buffers of the first."""
        if self.count > 1:
            for tensor in model.state_dict().values():
                dist.broadcast(tensor, 0)

    def wrap(self, model: nn.Module, device: torch.device) -> nn.Module:
        """The model whose backward pass averages gradients over the processes."""
        if self.count == 1 or not any(p.requires_grad for p in model.parameters()):
            return model
        ids = [device.index or 0] if device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(model, device_ids=ids)


@contextmanager
def joined(device: torch.device) -> Iterator[tuple[Processes, torch.device]]:
    """Join the processes that `torchrun` started; alone otherwise.

    Args:
        device: the kind of device; with CUDA each process takes the one of its local rank.

    Yields:
        This process among the others, and its own device.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1 and not (dist.is_available() and dist.is_initialized()):
        yield Processes(), device
        return
    if device.type == "mps":
        raise UsageError("Several processes cannot share MPS. Use --device cpu, or no torchrun.")
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    is_ours = not dist.is_initialized()
    if is_ours:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(rank=dist.get_rank(), count=dist.get_world_size()), device
    finally:
        if is_ours:
            dist.destroy_process_group()
