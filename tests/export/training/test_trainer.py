import signal

import numpy as np
import pytest
import torch

from frsdk.errors import InputError
from frsdk.export.datasets.parameter_labels import LandmarkBasis
from frsdk.export.training.learning_rate import crop_size, learning_rate
from frsdk.export.training.trainer import Trainer
from frsdk.export.training.training_batches import TrainData, sampling_weights
from frsdk.export.training.training_defaults import TrainConfig


@pytest.fixture
def setting():
    rng = np.random.default_rng(0)
    basis = LandmarkBasis(rng.normal(size=(68, 3)) * 30, rng.normal(size=(50, 68, 3)))
    params = rng.normal(size=(12, 62)) * 0.1
    params[:, [0, 5, 10]] += 0.6
    params[:, [3, 7]] += 59.5
    crops = rng.integers(0, 256, (12, 160, 160, 3), np.uint8)
    return TrainData(crops, params, np.full(12, 1 / 12)), basis


CONFIG = TrainConfig(
    architecture="mobilenet_v1",
    steps=4,
    batch_size=2,
    sizes=(32, 64),
    size_shares=(0.5, 0.5),
    warm_up_steps=1,
    save_every=2,
)


def weights(trainer):
    return {k: v.clone() for k, v in trainer.average.state_dict().items()}


def test_resumed_run_equals_an_uninterrupted_one(setting, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = Trainer(*setting, CONFIG, tmp_path / "a")
    whole.run()
    first = Trainer(*setting, CONFIG, tmp_path / "b")

    def interrupt(record):
        if record["step"] == 1:
            signal.raise_signal(signal.SIGTERM)

    first.run(interrupt)
    assert first.step == 2
    second = Trainer(*setting, CONFIG, tmp_path / "b")
    assert second.resume()
    second.run()
    assert second.step == 4
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(second)[name]), name
    log = (tmp_path / "b" / "log.csv").read_text().splitlines()
    assert len(log) == 5


def test_resume_refuses_another_configuration(setting, tmp_path):
    Trainer(*setting, CONFIG, tmp_path).save()
    other = TrainConfig(architecture="mobilenet_v1", steps=5, batch_size=2)
    with pytest.raises(InputError, match="another configuration"):
        Trainer(*setting, other, tmp_path).resume()


def test_empty_training_set_is_refused(setting, tmp_path):
    data, basis = setting
    empty = TrainData(data.crops[:0], data.params[:0], data.sampling[:0])
    with pytest.raises(InputError, match="empty"):
        Trainer(empty, basis, CONFIG, tmp_path)


def test_schedule_and_sampling():
    config = TrainConfig(steps=100, warm_up_steps=10, learning_rate=1.0)
    assert learning_rate(0, config) == pytest.approx(0.1)
    assert learning_rate(10, config) == pytest.approx(1.0)
    assert learning_rate(55, config) == pytest.approx(0.5)
    weight = sampling_weights(np.array([0.0, -45.0, 80.0]), np.array([False, False, True]), 1.5)
    assert weight / weight[0] == pytest.approx([1.0, 3.0, 7.5])
    closed = np.array([False, True, False])
    weight = sampling_weights(np.array([0.0, -45.0, 80.0]), ~closed, 1.0, [(closed, 2.5)])
    assert weight / weight[0] == pytest.approx([1.0, 7.5, 5.0])


def test_crops_grow_in_the_shares_asked_for():
    config = TrainConfig(steps=100, sizes=(64, 96, 120), size_shares=(0.2, 0.45, 0.35))
    sizes = [crop_size(step, config) for step in range(100)]
    assert [sizes.count(size) for size in config.sizes] == [20, 45, 35]
    assert sizes == sorted(sizes)
