"""The number format of the forward pass, and the loss scaling that it needs."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

from frsdk.errors import InputError

_FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class MixedPrecision:
    """Autocast and gradient scaling of one device.

    Args:
        name: "auto" (bfloat16, else float16, on CUDA; float32 on a CPU) or a format.
        device: Where the network runs.

    Raises:
        InputError: float16 on a CPU, whose kernels lack it.
    """

    def __init__(self, name: str, device: torch.device) -> None:
        if name == "auto":
            name = "float32"
            if device.type == "cuda":
                name = "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
        if name == "float16" and device.type != "cuda":
            raise InputError("precision float16 needs CUDA: use bfloat16 or float32 on a CPU")
        self.name, self._device = name, device
        self.scaler = torch.amp.GradScaler(device.type, enabled=name == "float16")

    def autocast(self) -> AbstractContextManager[None]:
        """The context of the forward pass; nothing changes for float32."""
        return torch.autocast(
            self._device.type, dtype=_FORMATS[self.name], enabled=self.name != "float32"
        )
