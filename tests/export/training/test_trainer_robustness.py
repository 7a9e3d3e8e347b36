"""What a run survives: several processes, full disks, wrong states, wrong numbers."""

from __future__ import annotations

import dataclasses
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from frsdk.errors import InputError, MissingDependencyError, OutputError
from frsdk.export.augmentation.augment_crop import Augmenter, AugmentSettings
from frsdk.export.datasets.parameter_labels import LandmarkBasis
from frsdk.export.runs.run_folder import run_folder
from frsdk.export.runs.run_log import TensorBoardLog, write_log
from frsdk.export.training.distributed_training import Team, chosen_device, joined_team
from frsdk.export.training.trainer import Trainer
from frsdk.export.training.training_batches import (
    StepBatches,
    TrainData,
    Whitening,
    step_loader,
)
from frsdk.export.training.training_defaults import TrainConfig

CONFIG = TrainConfig(
    architecture="mobilenet_v2",
    steps=2,
    batch_size=8,
    sizes=(32,),
    size_shares=(1.0,),
    warm_up_steps=1,
    save_every=100,
)


def setting() -> tuple[TrainData, LandmarkBasis]:
    rng = np.random.default_rng(0)
    basis = LandmarkBasis(rng.normal(size=(68, 3)) * 30, rng.normal(size=(50, 68, 3)))
    params = rng.normal(size=(12, 62)) * 0.1
    params[:, [0, 5, 10]] += 0.6
    params[:, [3, 7]] += 59.5
    crops = rng.integers(0, 256, (12, 160, 160, 3), np.uint8)
    residual = rng.normal(size=(12, 68, 2))
    residual[6:] = np.nan
    return TrainData(crops, params, np.full(12, 1 / 12), residual=residual), basis


def gradients(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {
        name: parameter.grad.clone()
        for name, parameter in trainer.network.named_parameters()
        if parameter.grad is not None
    }


def trained(folder: Path, config: TrainConfig, **options: object) -> Trainer:
    folder.mkdir(exist_ok=True)
    trainer = Trainer(*setting(), config, folder, **options)  # type: ignore[arg-type]
    trainer.run()
    return trainer


def test_one_seed_gives_one_result_with_and_without_workers(tmp_path: Path) -> None:
    here = trained(tmp_path / "a", CONFIG).average.state_dict()
    again = trained(tmp_path / "b", CONFIG, workers=2).average.state_dict()
    other = trained(tmp_path / "c", dataclasses.replace(CONFIG, seed=1)).average.state_dict()
    assert all(torch.equal(value, again[name]) for name, value in here.items())
    assert any(not torch.equal(value, other[name]) for name, value in here.items())


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums in one order: batch norm over four 1x1 maps enlarges another order's rounding."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_batches_made_ahead_come_in_order_and_fail_in_their_turn() -> None:
    class Failing:
        def __getitem__(self, step: int) -> list[int]:
            if step == 3:
                raise InputError("crop 7 is damaged")
            return [step]

    loader = step_loader(Failing(), range(1, 9), 0)  # type: ignore[arg-type]
    assert [next(loader), next(loader)] == [[1], [2]]
    with pytest.raises(InputError, match="crop 7"):
        next(loader)
    assert list(step_loader(Failing(), range(4, 4), 0)) == []  # type: ignore[arg-type]


def test_two_processes_have_the_gradients_of_one(tmp_path: Path) -> None:
    """torchrun with two gloo processes against one process with two micro-batches."""
    script = tmp_path / "worker.py"
    script.write_text(
        "import sys, torch\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_trainer_robustness import CONFIG, gradients, setting\n"
        "from frsdk.export.training.distributed_training import joined_team\n"
        "from frsdk.export.training.trainer import Trainer\n"
        "from pathlib import Path\n"
        "from dataclasses import replace\n"
        "torch.set_num_threads(1)\n"
        "with joined_team('cpu') as team:\n"
        "    assert team.size == 2\n"
        "    config = replace(CONFIG, steps=1)\n"
        "    trainer = Trainer(*setting(), config, Path(sys.argv[1]), team=team)\n"
        "    trainer.run()\n"
        "    torch.save(gradients(trainer), Path(sys.argv[1]) / f'grad{team.rank}.pth')\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(script), str(tmp_path)]
    paths = [path for path in sys.path if path]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=300, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr[-2000:]
    both = [torch.load(tmp_path / f"grad{rank}.pth", weights_only=True) for rank in range(2)]
    assert (tmp_path / "state.pth").is_file()
    config = dataclasses.replace(CONFIG, steps=1, micro_batches=2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the processes: four crops amplify every other rounding
    try:
        alone = gradients(trained(tmp_path / "one", config))
    finally:
        torch.set_num_threads(threads)
    assert len(alone) > 50
    for name, value in alone.items():
        assert torch.equal(both[0][name], both[1][name])
        assert torch.allclose(both[0][name], value, rtol=1e-4, atol=1e-6), name


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, micro_batches=3)
    with pytest.raises(InputError, match="batch of 8 cannot be cut into 3 equal parts"):
        Trainer(*setting(), config, tmp_path)


def test_a_full_disk_leaves_the_previous_state(tmp_path: Path) -> None:
    trainer = trained(tmp_path, CONFIG)
    before = trainer.state_path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    trainer.step += 1
    try:  # files of 1 MB at most: the kernel refuses the rest, as a full disk does
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
        with pytest.raises(OutputError, match=r"state\.pth: cannot be written"):
            trainer.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert trainer.state_path.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "state.pth"]


def test_one_run_in_a_folder_at_a_time(tmp_path: Path) -> None:
    with run_folder(tmp_path / "run"):
        second = run_folder(tmp_path / "run")
        with pytest.raises(InputError, match="another training runs in this folder"), second:
            pass
        with run_folder(tmp_path / "run", leads=False):  # of the same run
            pass
    with run_folder(tmp_path / "run"):
        pass


def test_states_of_other_runs_are_refused(tmp_path: Path) -> None:
    trained(tmp_path, CONFIG, face_model="a" * 64, labels_sha256="c" * 64)
    data, basis = setting()
    other = dataclasses.replace(CONFIG, architecture="mobilenet_v1")
    with pytest.raises(InputError, match="architecture mobilenet_v2 / mobilenet_v1"):
        Trainer(data, basis, other, tmp_path).resume()
    with pytest.raises(InputError, match="another face model"):
        Trainer(data, basis, CONFIG, tmp_path, face_model="b" * 64).resume()
    with pytest.raises(InputError, match="its label files differ"):
        Trainer(data, basis, CONFIG, tmp_path, labels_sha256="d" * 64).resume()
    fewer = dataclasses.replace(data, params=data.params + 0.5)
    with pytest.raises(InputError, match="other training data"):
        Trainer(fewer, basis, CONFIG, tmp_path, face_model="a" * 64).resume()
    state = tmp_path / "state.pth"
    state.write_bytes(state.read_bytes()[:2000])
    with pytest.raises(InputError, match="not a readable training state"):
        Trainer(data, basis, CONFIG, tmp_path).resume()
    torch.save({"weights": 1}, state)
    with pytest.raises(InputError, match="not a training state"):
        Trainer(data, basis, CONFIG, tmp_path).resume()


def test_a_state_from_before_an_option_still_loads(tmp_path: Path) -> None:
    trainer = trained(tmp_path, CONFIG)
    state = torch.load(trainer.state_path, weights_only=True)
    for name in ("profiling", "schedule", "micro_batches", "precision", "vdc_weight"):
        del state["config"][name]
    del state["face_model"], state["scaler"]
    torch.save(state, trainer.state_path)
    assert Trainer(*setting(), CONFIG, tmp_path, face_model="a" * 64).resume()
    state["config"]["dropout"] = 0.5
    torch.save(state, trainer.state_path)
    with pytest.raises(InputError, match="unknown option dropout"):
        Trainer(*setting(), CONFIG, tmp_path).resume()


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    data, basis = setting()
    trainer = Trainer(data, basis, CONFIG, tmp_path)
    trainer.data.params[:, 3] = np.nan
    with pytest.raises(InputError, match=r"nan at step 0: use an empty --output with a lower"):
        trainer.run()
    assert not trainer.state_path.exists()


def test_optional_terms_are_logged_and_train(tmp_path: Path) -> None:
    config = dataclasses.replace(
        CONFIG, vdc_weight=0.1, annotation_weight=0.5, consistency_weight=0.3, micro_batches=2
    )
    trainer = trained(tmp_path, config)
    record = trainer.log[0]
    wanted = 0.5 * record["wpdc"] + record["wing"] + 0.1 * record["vdc"]
    wanted += 0.5 * record["annotation"] + 0.3 * record["consistency"]
    assert record["loss"] == pytest.approx(wanted, rel=1e-5)
    assert record["consistency"] > 0 and record["annotation"] > 0
    assert 0 < record["loader_share"] < 1


def test_bfloat16_comes_close_on_a_cpu(tmp_path: Path) -> None:
    exact = trained(tmp_path / "a", CONFIG).log[0]["loss"]
    rough = trained(tmp_path / "b", dataclasses.replace(CONFIG, precision="bfloat16")).log[0][
        "loss"
    ]
    assert rough == pytest.approx(exact, rel=0.1) and rough != exact
    with pytest.raises(InputError, match="float16 needs CUDA"):
        Trainer(*setting(), dataclasses.replace(CONFIG, precision="float16"), tmp_path)


def test_logs_whose_columns_grew(tmp_path: Path) -> None:
    write_log(tmp_path / "log.csv", [{"step": 0.0}, {"step": 1.0, "vdc": 2.5}])
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines == ["step,vdc", "0.0,", "1.0,2.5"]


def test_tensorboard_is_optional_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingDependencyError, match="pip install tensorboard"):
        TensorBoardLog(tmp_path)


def test_devices_are_checked() -> None:
    assert chosen_device("cpu") == torch.device("cpu")
    with pytest.raises(InputError, match="expected auto, cpu or cuda"):
        chosen_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="no CUDA device"):
            chosen_device("cuda")
    with joined_team("cpu") as team:
        assert team == Team() and team.leads and team.any(True) and not team.any(False)


def test_lids_and_lips_of_covered_faces_are_not_taught() -> None:
    data, basis = setting()
    data = dataclasses.replace(data, expressive=np.ones(12, np.bool_))
    whitening = Whitening(np.zeros(62), np.ones(62))
    for covers, taught in ((0.0, 1.0), (1.0, 0.0)):
        augment = Augmenter(basis, AugmentSettings(covers=covers))
        batches = StepBatches(data, augment, whitening, CONFIG)
        (batch,) = batches[0]
        assert batch.expressive.float().mean() == taught
