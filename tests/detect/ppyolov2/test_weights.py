"""Weights of PP-YOLOv2 both ways: names, start weights of every kind of file, and what another network's are told."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.detect.jobs import environment
from spinedet.detect.pdparams import write_pdparams
from spinedet.detect.ppyolov2.weights import (
    NATIVE_FILE,
    PUBLISHED,
    State,
    fitting_weights,
    from_paddle,
    read_start_weights,
    to_paddle,
)


def layers(*names: str, shape: tuple[int, ...] = (2, 2)) -> State:
    return {name: np.full(shape, 0.5, np.float32) for name in names}


BACKBONE = {
    **layers("backbone.res2.res2a.branch2a.conv.weight", shape=(8, 4, 1, 1)),
    **layers("backbone.res5.res5a.branch2b.conv.weight", shape=(8, 8, 3, 3)),
    **layers("backbone.res5.res5a.branch2b.norm.running_mean", shape=(8,)),
}
OFFSETS = layers("backbone.res5.res5a.branch2b.conv_offset.weight", shape=(27, 8, 3, 3))
NECK = layers("neck.fpn.0.conv.conv.weight", "neck.pan.0.conv.conv.weight", shape=(4, 8, 1, 1))


def head(classes: int) -> State:
    return {
        **layers("yolo_head.yolo_output.0.weight", shape=(3 * (6 + classes), 4, 1, 1)),
        **layers("yolo_head.yolo_output.0.bias", shape=(3 * (6 + classes),)),
    }


NETWORK = {**BACKBONE, **OFFSETS, **NECK, **head(2)}

COUNTERS = {"backbone.res5.res5a.branch2b.norm.num_batches_tracked": np.array(7)}


def test_only_the_moving_mean_and_variance_have_other_names_and_counters_are_left_out() -> None:
    names = ("a.conv.weight", "a.norm.weight", "a.norm.bias", "a.norm.running_mean", "a.norm.running_var")
    ours = layers(*names)
    theirs = to_paddle({**ours, "a.norm.num_batches_tracked": np.array(7)})
    assert list(theirs) == ["a.conv.weight", "a.norm.weight", "a.norm.bias", "a.norm._mean", "a.norm._variance"]
    assert list(from_paddle(theirs)) == list(names)


def test_a_name_is_changed_in_its_last_part_only() -> None:
    assert list(from_paddle(layers("_mean.weight", "_mean", "a_mean"))) == ["_mean.weight", "running_mean", "a_mean"]


def test_the_native_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_pdparams(tmp_path / NATIVE_FILE, to_paddle({**NETWORK, **COUNTERS}))
    for path in (tmp_path, tmp_path / NATIVE_FILE):
        read = read_start_weights(path)
        assert list(read) == list(NETWORK)
        assert all(np.array_equal(read[name], NETWORK[name]) for name in NETWORK)


def test_a_missing_file_is_told_with_the_files_that_are_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "start.pt"):
        with pytest.raises(
            InputError, match=r"no weights file(.|\n)*\.pdparams, \.pt or \.pth(.|\n)*weights\.pdparams"
        ):
            read_start_weights(path)


def test_values_that_are_no_numbers_are_refused_with_their_layer(tmp_path: Path) -> None:
    write_pdparams(tmp_path / "a.pdparams", {**layers("a"), "b": np.array([1, np.nan], np.float32)})
    with pytest.raises(InputError, match=r"NaN or infinity(.|\n)*found: b\n"):
        read_start_weights(tmp_path / "a.pdparams")


def test_what_fits_is_used_and_counters_are_not_missed(capsys: pytest.CaptureFixture[str]) -> None:
    assert fitting_weights(NETWORK, {**NETWORK, **COUNTERS}, Path("a")).keys() == NETWORK.keys()
    assert capsys.readouterr().out == "start weights: 8 of 8 arrays fit; afresh: none\n"


def test_a_head_for_other_classes_starts_afresh_and_its_layers_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """COCO's 80 classes to 2: 3 x (6 + 80) channels against 3 x (6 + 2)."""
    fit = fitting_weights({**NETWORK, **head(80)}, NETWORK, Path("coco.pdparams"))
    assert fit.keys() == NETWORK.keys() - head(2).keys()
    assert capsys.readouterr().out.splitlines() == [
        "start weights: 6 of 8 arrays fit; afresh: yolo_head.yolo_output.0.weight, yolo_head.yolo_output.0.bias",
        "    yolo_head.yolo_output.0.weight: expected (24, 4, 1, 1), found (258, 4, 1, 1)",
    ]


def test_a_backbone_that_was_trained_alone_fits_without_offsets(capsys: pytest.CaptureFixture[str]) -> None:
    alone = {name.removeprefix("backbone."): value for name, value in BACKBONE.items()} | layers("fc.weight")
    assert fitting_weights(alone, NETWORK, Path("a")).keys() == BACKBONE.keys()
    assert "3 of 8 arrays fit; afresh: backbone.res5.res5a.branch2b.conv_offset.weight, neck" in capsys.readouterr().out


def test_the_backbone_of_another_detector_fits() -> None:
    other = {**BACKBONE, **OFFSETS, **layers("neck.fpn_inner.weight", "rpn_head.weight")}
    assert fitting_weights(other, NETWORK, Path("a")).keys() == BACKBONE.keys() | OFFSETS.keys()


def refused(start: State) -> str:
    with pytest.raises(InputError, match="do not fit this network") as caught:
        fitting_weights(start, NETWORK, Path("start.pdparams"))
    return str(caught.value)


def test_a_detector_without_deformable_convolutions_is_refused() -> None:
    told = refused({**BACKBONE, **NECK, **head(2)})
    assert "expected: 6 backbone and neck arrays" in told
    assert "5 that fit" in told
    assert f"\n    {next(iter(OFFSETS))}: expected (27, 8, 3, 3), not in the file" in told


def test_a_backbone_of_another_depth_is_refused_with_both_shapes() -> None:
    """R18's first convolutions are 3 x 3, those of R50 are 1 x 1."""
    other = layers("backbone.res2.res2a.branch2a.conv.weight", shape=(4, 4, 3, 3))
    told = refused({**NETWORK, **other})
    assert "backbone.res2.res2a.branch2a.conv.weight: expected (8, 4, 1, 1), found (4, 4, 3, 3)" in told
    assert "choose the size that the weights were made for" in told
    assert "start.pdparams" in told


def test_a_deeper_backbone_that_lacks_layers_of_ours_is_refused() -> None:
    """R101 calls the layers of its longest stage otherwise (res4b1 for res4b)."""
    longer = {name.replace("res5a", "res5b1"): value for name, value in NETWORK.items()}
    assert "backbone.res5.res5a.branch2b.norm.running_mean: expected (8,), not in the file" in refused(longer)


def test_half_a_neck_is_refused() -> None:
    neck = layers("neck.fpn.0.conv.conv.weight", shape=(4, 8, 1, 1))
    assert "neck.pan.0.conv.conv.weight" in refused({**BACKBONE, **OFFSETS, **neck})


def test_the_weights_of_another_network_and_an_empty_dictionary_are_refused() -> None:
    yolo = layers("model.0.conv.weight", "model.0.bn.weight", "model.1.conv.weight")
    told = refused(yolo)
    assert "0 that fit; the file has 3 such as model.0.conv.weight (2, 2), model.0.bn.weight (2, 2) and 1 more" in told
    assert "0 that fit; the file has 0\n" in refused({})


def test_only_the_first_layers_that_differ_are_shown() -> None:
    many = layers(*(f"backbone.layer{number}.weight" for number in range(30)))
    many |= layers(*(f"backbone.layer{number}.bias" for number in range(30)))
    with pytest.raises(InputError, match="and 24 more layers") as caught:
        fitting_weights(layers("backbone.x"), many, Path("a"))
    assert str(caught.value).count("not in the file") == 6


def test_coco_weights_are_published_for_the_sizes_of_the_paper() -> None:
    assert {size: address.rsplit("/", 1)[1] for size, address in PUBLISHED.items()} == {
        "r50-dcn": "ppyolov2_r50vd_dcn_365e_coco.pdparams",
        "r101-dcn": "ppyolov2_r101vd_dcn_365e_coco.pdparams",
    }


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


def test_a_pdparams_file_that_carries_code_is_refused_unread(tmp_path: Path) -> None:
    trace, file = tmp_path / "trace", tmp_path / "bad.pdparams"
    file.write_bytes(pickle.dumps({**NETWORK, "b": Trap(trace)}))
    with pytest.raises(InputError, match="carries code"):
        read_start_weights(file)
    assert not trace.exists()
    pickle.loads(file.read_bytes())
    assert trace.exists(), "the trap itself does not work"


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_a_torch_file_of_plain_tensors_is_read(suffix: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    state = {name: torch.nn.Parameter(torch.from_numpy(value)) for name, value in NETWORK.items()}
    counters = {name: torch.tensor(7) for name in COUNTERS}
    torch.save({**state, **counters}, tmp_path / f"a{suffix}")
    read = read_start_weights(tmp_path / f"a{suffix}")
    assert list(read) == list(NETWORK)
    assert all(np.array_equal(read[name], NETWORK[name]) for name in NETWORK)
    assert all(np.array_equal(value, read[name]) for name, value in from_paddle(to_paddle(state)).items())


def test_a_torch_file_in_half_precision_is_read_as_float32(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"a": torch.tensor([1.5], dtype=torch.bfloat16)}, tmp_path / "a.pt")
    read = read_start_weights(tmp_path / "a.pt")["a"]
    assert read.dtype == np.float32
    assert read.tolist() == [1.5]


def test_a_torch_file_that_carries_code_is_refused_unread(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    trace, file = tmp_path / "trace", tmp_path / "bad.pt"
    torch.save({"a": torch.zeros(2), "b": Trap(trace)}, file)
    with pytest.raises(InputError, match=r"carries code and is refused, unread(.|\n)*mkdir"):
        read_start_weights(file)
    assert not trace.exists()
    torch.load(file, weights_only=False)
    assert trace.exists(), "the trap itself does not work"


def test_an_old_torch_file_that_carries_code_is_refused_too(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    trace, file = tmp_path / "trace", tmp_path / "bad.pth"
    torch.save({"b": Trap(trace)}, file, _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match="carries code and is refused"):
        read_start_weights(file)
    assert not trace.exists()


def test_torch_files_that_are_cut_short_or_hold_no_tensors_are_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    file = tmp_path / "a.pt"
    for content in ({}, {"model": {"a": torch.zeros(2)}}, [torch.zeros(2)], torch.zeros(2)):
        torch.save(content, file)
        with pytest.raises(InputError, match="holds no weights"):
            read_start_weights(file)
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(InputError, match=r"cannot be read(.|\n)*a\.pt"):
        read_start_weights(file)


PADDLE_AND_BACK = """
import json, sys
from pathlib import Path
from spinedet.detect.paddle.environment import fill_pkg_resources
fill_pkg_resources()
import numpy as np, paddle
from ppdet.utils.checkpoint import load_pretrain_weight
from spinedet.detect.paddle.network import Network
from spinedet.detect.pdparams import read_pdparams, write_pdparams
from spinedet.detect.ppyolov2.recipe import Recipe
from spinedet.detect.ppyolov2.weights import from_paddle, to_paddle

def arrays(network):
    return {name: value.numpy() for name, value in network.state_dict().items()}

def same(first, second):
    return list(first) == list(second) and all(np.array_equal(first[name], second[name]) for name in first)

folder, told = Path(sys.argv[1]), {}
first, second, third = (Network("r18", 2, Recipe()) for _ in range(3))
weights = arrays(first)
told["differ"] = not same(weights, arrays(second))
for protocol in (2, 3, 4):
    paddle.save(first.state_dict(), str(folder / "theirs.pdparams"), protocol=protocol)
    told[f"protocol {protocol}"] = same(read_pdparams(folder / "theirs.pdparams"), weights)
pairs = {**first.state_dict(), "epoch": {"last": 3}}  # what is nested, Paddle writes in its other way
paddle.save({name: [value] if name == "epoch" else value for name, value in pairs.items()}, str(folder / "p.pdparams"))
told["pairs"] = same(read_pdparams(folder / "p.pdparams"), weights)
ours = from_paddle(read_pdparams(folder / "theirs.pdparams"))
told["torch names"] = not any(name.endswith(("._mean", "._variance")) for name in ours)
write_pdparams(folder / "ours.pdparams", to_paddle(ours))
missing, unexpected = second.set_state_dict(paddle.load(str(folder / "ours.pdparams")))
told["accepted"] = not missing and not unexpected and same(arrays(second), weights)
load_pretrain_weight(third, str(folder / "ours.pdparams"))
told["started"] = same(arrays(third), weights)
print(json.dumps(told))
"""


@pytest.mark.frameworks
@pytest.mark.paddle
def test_paddle_opens_what_we_write_and_we_open_what_it_writes(tmp_path: Path) -> None:
    """R18 from Paddle to torch's names and back; told by one process that imports Paddle: see `PADDLE_AND_BACK`."""
    run = subprocess.run(
        [sys.executable, "-c", PADDLE_AND_BACK, str(tmp_path)],
        env=environment(tmp_path, 1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert all(told.values()), told
