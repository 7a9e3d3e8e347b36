import pytest
import torch

from frsdk.errors import SpecError
from frsdk.export.checkpoints.count_operations import Counts, count_groups, count_network
from frsdk.export.networks import build_network
from frsdk.export.networks.attention import ChannelAttention, SpatialGroupAttention
from frsdk.export.networks.damdnet import DenseMobileBlock
from frsdk.export.networks.mobile_frnet import branch_widths


@pytest.mark.parametrize(
    ("name", "millions", "giga_low", "giga_high"),
    [
        ("mobile_frnet", 2.60, 0.0, 0.1236),
        ("mobile_frnet_no_attention", 2.40, 0.110 * 0.97, 0.110 * 1.03),
    ],
)
def test_published_size(name, millions, giga_low, giga_high):
    counts = count_network(build_network(name))
    assert counts.parameters / 1e6 == pytest.approx(millions, rel=0.02)
    assert giga_low <= counts.paper_operations / 1e9 <= giga_high


@pytest.mark.parametrize(
    ("name", "millions", "giga"),
    [("resnext50", 23.11, 1.319), ("densenet121", 7.02, 0.800)],
)
def test_peers_have_the_published_size(name, millions, giga):
    counts = count_network(build_network(name))
    assert counts.parameters / 1e6 == pytest.approx(millions, rel=0.01)
    assert counts.paper_operations / 1e9 == pytest.approx(giga, rel=0.01)


def test_plain_mobilenet_v2_has_its_known_size():
    assert count_network(build_network("mobilenet_v2")).parameters == 2_303_294
    projected = count_network(build_network("mobilenet_v2_projected"))
    assert projected.parameters / 1e6 == pytest.approx(2.38, rel=0.01)  # the paper's


def test_unknown_network_and_argument_are_refused():
    with pytest.raises(SpecError, match="expected one of"):
        build_network("resnet")
    with pytest.raises(SpecError, match="colour"):
        build_network("mobile_frnet", {"colour": 3})


@pytest.mark.parametrize(("hidden", "branches"), [(96, 2), (144, 2), (144, 3), (960, 1)])
def test_branches_share_all_hidden_channels(hidden, branches):
    widths = branch_widths(hidden, branches)
    assert sum(widths) == hidden
    assert len(widths) == branches
    assert all(width % 16 == 0 for width in widths)


def test_spatial_group_attention_equals_its_definition():
    torch.manual_seed(0)
    module = SpatialGroupAttention(24, groups=8).double()
    with torch.no_grad():
        module.scale.uniform_(-1, 1)
        module.shift.uniform_(-1, 1)
    x = torch.randn(2, 24, 5, 7, dtype=torch.float64)
    got = module(x)
    for sample in range(2):
        for group in range(8):
            part = x[sample, 3 * group : 3 * group + 3]  # (3, h, w)
            mean = part.mean(dim=(1, 2), keepdim=True)
            similarity = (part * mean).sum(dim=0)
            variance = similarity.var(unbiased=False)
            normal = (similarity - similarity.mean()) / torch.sqrt(variance + 1e-5)
            gate = torch.sigmoid(normal * module.scale[group] + module.shift[group])
            wanted = part * gate
            assert torch.allclose(got[sample, 3 * group : 3 * group + 3], wanted, atol=1e-9)


def test_channel_attention_scales_whole_channels():
    torch.manual_seed(0)
    x = torch.rand(1, 16, 4, 4) + 0.5
    ratio = ChannelAttention(16)(x) / x
    assert torch.allclose(ratio, ratio[:, :, :1, :1].expand_as(ratio), atol=1e-6)
    assert ((ratio > 0) & (ratio < 1)).all()


@pytest.mark.parametrize("name", ["mobile_frnet", "damdnet"])
def test_fresh_channel_attention_treats_all_channels_alike(name):
    gates = [m for m in build_network(name).modules() if isinstance(m, ChannelAttention)]
    assert gates
    for gate in gates:
        x = torch.randn(2, gate.squeeze.in_channels, 3, 3)
        with torch.no_grad():
            assert torch.equal(gate(x), x / 2)


def test_damdnet_concatenates_where_mobilenet_adds():
    """Our re-statement; its size is counted, since no published figure is at hand."""
    counts = count_network(build_network("damdnet"))
    assert counts.parameters / 1e6 == pytest.approx(2.756, rel=1e-3)
    assert counts.paper_operations / 1e9 == pytest.approx(0.1298, rel=1e-3)
    block = DenseMobileBlock(16, 24, expansion=6, stride=2, first=True).eval()
    x = torch.rand(2, 16, 8, 8)
    with torch.no_grad():
        joined = torch.cat([block.attention(block.body(x)), block.shortcut(x)], dim=1)
        assert joined.shape == (2, 24 + 16, 4, 4)
        assert torch.equal(block(x), block.transition(torch.relu(joined)))


def test_groups_of_layers_add_up():
    network = build_network("mobile_frnet")
    groups = count_groups(network)
    assert sum(groups.values(), start=Counts(0, 0, 0)) == count_network(network)
    assert sum(p.numel() for p in network.parameters()) == count_network(network).parameters
    assert groups["fully connected"].multiply_adds == 1280 * 62
    assert {"60 x 60", "30 x 30", "15 x 15", "8 x 8", "4 x 4", "attention"} < set(groups)
