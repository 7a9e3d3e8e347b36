"""A Ray Data set of pictures into one of faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # a Ray Dataset, and the options of a reconstructor
from uuid import uuid4

from ..errors import InputError
from ..imaging.read_image import DEFAULT_MAX_PIXELS
from .batch_defaults import DEFAULT_BATCH_SIZE, DEFAULT_CPUS
from .picture_actor import PictureActor
from .ray_cluster import load_ray


def reconstruct_dataset(
    dataset: Any,
    *,
    reconstructor: Mapping[str, Any] | None = None,
    actors: int | None = None,
    num_cpus: float = DEFAULT_CPUS,
    num_gpus: float = 0.0,
    batch_size: int = DEFAULT_BATCH_SIZE,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> Any:
    """Reconstruct the faces of a data set's pictures on a pool of actors.

    Nothing runs before the result is read, as always with Ray Data. Each actor opens one
    reconstructor. A picture that cannot be read is a row with its reason. The pictures of an actor
    that dies are given to another one; one that actors die with again and again is a row too.

    Args:
        dataset: A `ray.data.Dataset` with a column `path`, and the pictures as `bytes`
            (`ray.data.read_binary_files(..., include_paths=True)`), as `image`
            (`ray.data.read_images(..., include_paths=True)`), or neither: they are read where
            `path` says, a file or a URI that pyarrow opens.
        reconstructor: Options of :class:`~frsdk.FaceReconstructor` by name.
        actors: How many; None: as many as the cluster has CPUs, or GPUs where they take them.
        num_cpus: Of an actor. All actors together must leave some to read the data set with.
        num_gpus: Of an actor; a part of one lets several share it.
        batch_size: Pictures of a call, at most.
        max_pixels: Pictures with more pixels are refused.

    Returns:
        A `ray.data.Dataset` with the columns of :func:`~frsdk.scale.face_schema`.

    Raises:
        InputError: The data set has no column `path`, or the actors would take the whole cluster.
        MissingDependencyError: Ray is not installed.
    """
    ray = load_ray()
    schema = dataset.schema(fetch_if_missing=False)  # unknown before some readers have run
    if schema is not None and "path" not in schema.names:
        raise InputError(
            f"expected a data set with a column path, got {', '.join(schema.names)}: read it with "
            "include_paths=True"
        )
    if batch_size < 1 or (actors is not None and actors < 1):
        raise InputError(
            f"expected at least one actor and one picture a batch, got {actors} and {batch_size}"
        )
    pool = pool_size(ray.cluster_resources(), actors, num_cpus, num_gpus)
    from ray.data import ActorPoolStrategy

    return dataset.map_batches(
        PictureActor,
        fn_constructor_args=(dict(reconstructor or {}), max_pixels, uuid4().hex),
        compute=ActorPoolStrategy(size=pool),
        batch_size=batch_size,
        batch_format="numpy",
        num_cpus=num_cpus,
        num_gpus=num_gpus,
    )


def pool_size(
    resources: Mapping[str, float], actors: int | None, num_cpus: float, num_gpus: float
) -> int:
    """How many actors: those asked for, where the cluster has room for them.

    Args:
        resources: Of the cluster: `CPU`, `GPU`.
        actors: As asked for; None: as many as there are CPUs or GPUs for.
        num_cpus: Of an actor.
        num_gpus: Of an actor.

    Raises:
        InputError: There is no room; Ray would wait for ever.
    """
    cpus, gpus = resources.get("CPU", 0.0), resources.get("GPU", 0.0)
    if num_gpus > gpus or (actors or 1) * num_gpus > gpus:
        raise InputError(
            f"{actors or 1} actors of {num_gpus:g} GPUs want more than the {gpus:g} of the "
            "cluster: ask for fewer"
        )
    if actors is None:
        most = int(gpus / num_gpus) if num_gpus else int(cpus)
        actors = max(1, min(most, int((cpus - 0.5) / num_cpus) if num_cpus else most))
    if actors * num_cpus >= cpus:
        raise InputError(
            f"{actors} actors of {num_cpus:g} CPUs take all {cpus:g} of the cluster, and none is "
            "left to read the pictures with: ask for fewer actors, or less of a CPU for each"
        )
    return actors
