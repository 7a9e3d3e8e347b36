"""Other networks and pipelines in the same run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from frsdk import MorphableModel, OnnxRuntimeBackend, crop_face, network_input
from frsdk.face import VertexDecoder
from frsdk.morphable.int8_decoder import IntegerDecoder
from frsdk.morphable.vertex_decoding import N_POSE, image_poses

from ..measuring.bench_photo import Photo
from ..measuring.interleaved_timing import Case, interleaved
from ..measuring.network_copies import COPIES, NetworkCopies
from ..reporting.report_tables import Cell, Table
from .mediapipe_peer import MediapipePeer
from .pipeline_3ddfa_v2 import VERTICES, V2Pipeline, model_of_size
from .untrained_networks import untrained_network

BASE = "MobileNetV2, plain"
_V2_FULL, _V2_HALF = "MobileNetV1 x 1.0 (3DDFA_V2)", "MobileNetV1 x 0.5 (3DDFA_V2)"

#: Label -> name and arguments in the registry. The ladder comes first: what each part costs.
NETWORKS: dict[str, tuple[str, dict[str, object]]] = {
    BASE: ("mobilenet_v2", {}),
    "+ 3x3 and 5x5 branches": ("mobile_frnet_no_attention", {}),
    "+ branches and SE": ("mobile_frnet", {"spatial_groups": 0}),
    "+ branches, SE and SGE: Mobile-FRNet": ("mobile_frnet", {}),
    "MobileNetV2, projection shortcuts": ("mobilenet_v2_projected", {}),
    _V2_FULL: ("mobilenet_v1", {}),
    _V2_HALF: ("mobilenet_v1", {"width": 0.5}),
    "DAMDNet": ("damdnet", {}),
}
_FORMULA = "3DDFA_V2's pipeline, {}"
NOTE = (
    "Peers are our re-statements of published descriptions, with seeded random weights, on which "
    "time does not depend; same runtime, threads and image. Ratios: medians over the rounds."
)


class PeerNetwork(NamedTuple):
    """A network of :data:`NETWORKS`, open, and the number of nodes of its graph."""

    copies: NetworkCopies
    nodes: int


@contextmanager
def opened_networks(
    model: MorphableModel, *, threads: int, on_step: Callable[[str], None]
) -> Iterator[dict[str, PeerNetwork]]:
    """Every network of :data:`NETWORKS`, exported into a temporary folder.

    Raises:
        MissingDependencyError: PyTorch or onnx is not installed.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        found = {}
        for label, (name, arguments) in NETWORKS.items():
            on_step(f"exporting {name}")
            network = untrained_network(name, Path(folder), model, arguments=arguments)
            copies = [
                stack.enter_context(OnnxRuntimeBackend(network.path, threads=threads))
                for _ in range(COPIES)
            ]
            found[label] = PeerNetwork(NetworkCopies(copies), network.nodes)
        yield found


def networks_table(
    networks: Mapping[str, PeerNetwork],
    engines: Mapping[str, NetworkCopies],
    rounds: int,
    on_round: Callable[[], None],
) -> Table:
    """Networks alone, batch 1: the ladder of Mobile-FRNet, the peers and the engines under test."""
    spec = next(iter(engines.values())).spec.input
    crops = np.random.default_rng(0).uniform(-1, 1, (1, *spec.shape)).astype(np.float32)
    nodes: dict[str, int | None] = {label: each.nodes for label, each in networks.items()}
    copies = {label: each.copies for label, each in networks.items()}
    for name, engine in engines.items():
        copies[f"engine {name}"], nodes[f"engine {name}"] = engine, None
    cases = {label: _run_case(each, crops) for label, each in copies.items()}
    samples = interleaved(cases, rounds=rounds, on_round=on_round)
    rows: list[tuple[Cell, ...]] = [
        (label, nodes[label], each.median_ms, each.ratio_to(samples[BASE]))
        for label, each in samples.items()
    ]
    columns = ("network", "graph nodes", "p50 ms", "ratio")
    return Table("peer_networks", "Networks side by side, batch 1", columns, rows, NOTE)


def _run_case(copies: NetworkCopies, crops: NDArray[np.float32]) -> Case:
    return lambda: copies.run(crops)


def pipelines_table(
    networks: Mapping[str, PeerNetwork],
    engines: Mapping[str, NetworkCopies],
    face_model: MorphableModel,
    photo: Photo,
    rounds: int,
    *,
    mediapipe: MediapipePeer | None,
    on_round: Callable[[], None],
) -> Table:
    """Whole chains per face at 3DDFA_V2's number of vertices."""
    model = model_of_size(face_model, VERTICES)
    cases: dict[str, Case] = {}
    for label in (_V2_FULL, _V2_HALF):
        pipeline = V2Pipeline(networks[label].copies.run, model)
        cases[_FORMULA.format(label)] = _pipeline_case(pipeline, photo)
    decoders: dict[str, VertexDecoder] = {"fp32": model, "int8": IntegerDecoder(model)}
    for name, engine in engines.items():
        for precision, decoder in decoders.items():
            label = f"frsdk, engine {name}, {precision} vertices"
            cases[label] = _sized_case(engine, model, decoder, photo)
    cases[f"frsdk's chain with {BASE}, fp32 vertices"] = _sized_case(
        networks[BASE].copies, model, model, photo
    )
    if mediapipe is not None:
        cases[mediapipe.label] = mediapipe.case(photo.image)
    samples = interleaved(cases, rounds=rounds, on_round=on_round)
    base = samples[_FORMULA.format(_V2_FULL)]
    rows: list[tuple[Cell, ...]] = [
        (label, each.median_ms, each.ratio_to(base)) for label, each in samples.items()
    ]
    title = f"Crop, network, 68 landmarks and {VERTICES} vertices per face"
    return Table("pipelines", title, ("pipeline", "p50 ms", "ratio"), rows, NOTE)


def _pipeline_case(pipeline: V2Pipeline, photo: Photo) -> Case:
    return lambda: pipeline(photo.image, photo.roi)


def _sized_case(
    network: NetworkCopies, model: MorphableModel, decoder: VertexDecoder, photo: Photo
) -> Case:
    """Our chain on a face model that the network was not trained for: time is the same."""
    spec = network.spec
    mean, std = np.array(spec.param_mean, np.float32), np.array(spec.param_std, np.float32)
    out = np.empty((1, model.n_vertices, 3), np.float32)
    size = spec.input.size

    def whole() -> None:
        batch = network_input([crop_face(photo.image, photo.roi, size)], spec.input)
        params = network.run(batch) * std + mean
        model.decode_landmarks(params, size=size)
        poses = image_poses(params, [photo.roi], size)
        decoder.decode_posed(params[:, N_POSE:], poses, out=out)

    return whole
