"""Where to compute, and in which arithmetic."""

from __future__ import annotations

import torch

from chromasonic.errors import DeviceError
from chromasonic.training.config import Precision


def available_devices() -> list[str]:
    """The devices of this machine by name, the CPU last."""
    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [*names, "cpu"]


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; `auto` takes CUDA, else MPS, else the CPU.

    Raises:
        DeviceError: there is no such device here; the message names what there is.
    """
    here = available_devices()
    if name == "auto":
        return torch.device(here[0])
    if name in here or (name == "cuda" and here[0].startswith("cuda")):
        return torch.device(name)
    known = name in ("cpu", "cuda", "mps") or name.startswith("cuda:")
    what = f"There is no '{name}' device on this machine" if known else f"Unknown device '{name}'"
    raise DeviceError(
        f"{what}; there is: {', '.join(here)}. "
        "Use --device auto, or one of these (allowed names: auto, cpu, cuda, cuda:N, mps)."
    )


def choose_precision(precision: Precision, device: torch.device) -> torch.dtype | None:
    """The type that the forward pass casts to; None computes in fp32 throughout.

    Raises:
        DeviceError: bf16 was asked for on a CUDA device that has none.
    """
    if precision == "fp32" or (precision == "auto" and device.type != "cuda"):
        return None
    has_bf16 = device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "bf16" and not has_bf16:
        raise DeviceError(f"{device} computes no bf16. Use --precision fp16 or fp32.")
    if precision == "fp16" or not has_bf16:
        return torch.float16
    return torch.bfloat16
