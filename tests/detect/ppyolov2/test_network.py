"""The network whole: shapes, sizes, how it starts, what decays, and its exported copy."""

from pathlib import Path

import numpy as np
import pytest
import torch

from spinedet.detect.ppyolov2.backbone import ConvNorm, DeformableConvNorm
from spinedet.detect.ppyolov2.graph import BoxesAndScores, ExportedMish, write_onnx
from spinedet.detect.ppyolov2.neck import SpatialPyramid
from spinedet.detect.ppyolov2.network import Network, parameter_groups
from spinedet.detect.ppyolov2.recipe import REFERENCE_ANCHORS
from spinedet.detect.runtime import open_session
from spinedet.detect.training.questions import Questions

PARAMETERS = {"r18": 39_440_552, "r50-dcn": 54_248_953}
"""Weights and running statistics of PaddleDetection's own network for two classes."""


def count(network: Network) -> int:
    return sum(array.numel() for name, array in network.state_dict().items() if "num_batches" not in name)


@pytest.fixture(scope="module")
def small() -> Network:
    torch.manual_seed(0)
    return Network("r18", 2, drop_block=True)


@pytest.mark.parametrize("size", PARAMETERS)
def test_as_many_parameters_as_the_reference(size: str) -> None:
    assert count(Network(size, 2, drop_block=False)) == PARAMETERS[size]


def test_the_blocks_of_the_long_stage_are_numbered() -> None:
    with torch.device("meta"):
        stage = Network("r101-dcn", 2, drop_block=False).backbone.res4
    assert [name for name, _ in stage.named_children()] == ["res4a", *(f"res4b{n}" for n in range(1, 23))]


@pytest.mark.parametrize("side", [96, 128])
def test_one_map_a_level_for_any_side(small: Network, side: int) -> None:
    maps = small.eval()(torch.zeros(2, 3, side, side))
    assert [tuple(level.shape) for level in maps] == [(2, 24, side // k, side // k) for k in (32, 16, 8)]


def test_drop_block_draws_in_training_and_rests_in_prediction(small: Network) -> None:
    images = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        for training, alike in ((True, False), (False, True)):
            small.train(training)
            first, second = small(images)[0], small(images)[0]
            assert torch.equal(first, second) == alike


def test_a_fresh_deformable_layer_is_a_plain_one_of_half_the_weight() -> None:
    layer, maps = DeformableConvNorm(4, 6, 2), torch.rand(2, 4, 9, 9)
    torch.nn.init.zeros_(layer.conv_offset.weight)
    torch.nn.init.zeros_(layer.conv_offset.bias)
    torch.testing.assert_close(layer.convolve(maps), layer.conv(maps) / 2)


def test_an_offset_of_one_pixel_looks_one_pixel_further() -> None:
    layer, maps = DeformableConvNorm(1, 1, 1), torch.rand(1, 1, 8, 8)
    with torch.no_grad():
        torch.nn.init.zeros_(layer.conv_offset.weight)
        layer.conv_offset.bias.copy_(torch.tensor([0.0, 1.0] * 9 + [20.0] * 9))  # dx 1, weights 1
        found = layer.convolve(maps)
        plain = layer.conv(maps)
    torch.testing.assert_close(found[..., 1:-1, :-2], plain[..., 1:-1, 1:-1])


def test_three_small_pools_are_the_three_large_ones() -> None:
    pyramid, maps = SpatialPyramid(2).eval(), torch.rand(1, 2, 15, 15)
    seen: list[torch.Tensor] = []
    pyramid.conv.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    pyramid(maps)
    pools = [torch.nn.functional.max_pool2d(maps, side, 1, side // 2) for side in (5, 9, 13)]
    assert torch.equal(seen[0], torch.cat([maps, *pools], 1))


def test_normalisation_and_the_heads_biases_do_not_decay(small: Network) -> None:
    decaying, still = (sum(weight.numel() for weight in group["params"]) for group in parameter_groups(small, 0.1))
    norms = sum(2 * layer.num_features for layer in small.modules() if isinstance(layer, torch.nn.BatchNorm2d))
    assert still == norms + 3 * 24
    assert decaying + still == PARAMETERS["r18"] - norms


def test_the_exported_mish_is_mish() -> None:
    values = torch.cat([torch.linspace(-60, 60, 2001), torch.tensor([-1e4, 1e4, 0.0])])
    torch.testing.assert_close(ExportedMish()(values), torch.nn.functional.mish(values), rtol=1e-5, atol=1e-6)


def _disturbed(size: str) -> Network:
    """A network whose statistics and offsets are not those of a fresh one."""
    torch.manual_seed(1)
    network = Network(size, 3, drop_block=True)
    for layer in network.modules():
        if isinstance(layer, DeformableConvNorm):
            torch.nn.init.normal_(layer.conv_offset.weight, std=0.02)
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(std=0.1)
            layer.running_var.uniform_(0.5, 1.5)
        if isinstance(layer, ConvNorm):
            torch.nn.init.uniform_(layer.norm.weight, 0.5, 1.0)
    for layer in network.yolo_head.yolo_output:
        torch.nn.init.normal_(layer.bias)
    return network


@pytest.mark.frameworks
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("size", PARAMETERS)
def test_the_export_says_what_the_network_says(size: str, tmp_path: Path) -> None:
    wrapped = BoxesAndScores(_disturbed(size), REFERENCE_ANCHORS, 96).eval()
    write_onnx(wrapped, tmp_path / "network.onnx")
    session = open_session(tmp_path / "network.onnx")
    for count in (1, 3):
        images = torch.rand(count, 3, 96, 96)
        with torch.no_grad():
            expected = wrapped(images)
        found = session.run(["boxes", "scores"], {"images": images.numpy()})
        assert [part.shape for part in found] == [(count, 567, 4), (count, 567, 3)]
        np.testing.assert_allclose(found[0], expected[0].numpy(), atol=0.05)
        np.testing.assert_allclose(found[1], expected[1].numpy(), atol=1e-4)
    assert np.ptp(found[1]) > 0.01
    assert found[0].min() >= 0
    assert found[0].max() <= 96


def test_without_evidence_the_network_is_what_it_was_bit_by_bit(small: Network) -> None:
    images = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(3))
    network = small.eval()
    assert network.evidence is None
    backbone = network.backbone
    with torch.inference_mode():
        stem = torch.nn.functional.max_pool2d(backbone.conv1(images), 3, 2, 1)
        fine = backbone.res3(backbone.res2(stem))
        middle = backbone.res4(fine)
        expected = network.yolo_head(network.neck((fine, middle, backbone.res5(middle))))
        found = network(images)
    assert len(found) == len(expected) == 3
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_with_evidence_all_other_weights_start_as_they_do_without() -> None:
    states = []
    for questions in (None, Questions(2)):
        torch.manual_seed(0)
        states.append(Network("r18", 2, drop_block=False, questions=questions).state_dict())
    without, pointing = states
    more = pointing.keys() - without.keys()
    assert more
    assert all(name.startswith("evidence.") for name in more)
    assert all(torch.equal(pointing[name], value) for name, value in without.items())
