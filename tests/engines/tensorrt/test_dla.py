"""A deep-learning accelerator takes one batch size, and says so."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from frsdk.backends.tensorrt_modules import TensorrtModule
from frsdk.engine_files.engine_header import BatchProfile
from frsdk.engines.tensorrt.builder_config import _set_dla, count_dla_layers
from frsdk.errors import InputError


def asked(cores: int, *profiles: BatchProfile) -> SimpleNamespace:
    trt = SimpleNamespace(
        DeviceType=SimpleNamespace(DLA="dla"), BuilderFlag=SimpleNamespace(GPU_FALLBACK="fallback")
    )
    handle = TensorrtModule(flavour="tensorrt", trt=trt, version="10.3.0")
    config = SimpleNamespace(DLA_core=-1, default_device_type="gpu", set_flag=lambda flag: None)
    _set_dla(handle, SimpleNamespace(num_DLA_cores=cores), config, 1, profiles)
    return config


def test_a_range_of_batches_is_refused() -> None:
    with pytest.raises(InputError, match=r"--dla 1 wants one batch size.*--batch 1:1:1"):
        asked(2, BatchProfile(1, 1, 8))


def test_one_size_is_built_for_the_core() -> None:
    config = asked(2, BatchProfile(4, 4, 4))
    assert (config.DLA_core, config.default_device_type) == (1, "dla")


def test_a_core_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="this machine has 1 DLA cores"):
        asked(1, BatchProfile(1, 1, 1))


def test_a_network_that_no_dla_takes_is_refused() -> None:
    handle = TensorrtModule(flavour="tensorrt", trt=None, version="10.3.0")
    layers = ["convolution", "scale", "convolution", "quantise"]
    definition = SimpleNamespace(num_layers=len(layers), get_layer=layers.__getitem__)
    taken = SimpleNamespace(can_run_on_DLA=lambda layer: layer == "convolution")
    assert count_dla_layers(handle, definition, taken) == 2
    nothing = SimpleNamespace(can_run_on_DLA=lambda layer: False)
    with pytest.raises(InputError, match=r"runs no layer .* on a DLA.*leave --dla out"):
        count_dla_layers(handle, definition, nothing)
