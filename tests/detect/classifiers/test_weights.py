"""Start weights: torchvision's files, old and new, and our own; what does not fit or carries code is refused."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from spinedet.annotations.errors import InputError
from spinedet.detect.classifiers.architectures import ARCHITECTURES
from spinedet.detect.classifiers.network import Network, native
from spinedet.detect.classifiers.weights import NATIVE_FILE, read_start_weights, start_from

pytestmark = pytest.mark.frameworks


class Carrier:
    """What a pickle may carry."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return Path.touch, (Path("touched"),)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(3)
    return Network("densenet121", 2)


def as_published(network: Network) -> dict[str, torch.Tensor]:
    """A network as torchvision's old DenseNet files have it: `norm.1` for `norm1`, no counters, a head for 1,000."""
    trunk = {name: value for name, value in native(network.state_dict()).items() if not name.startswith("head.")}
    named = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", name): value for name, value in trunk.items()}
    kept = {name: value for name, value in named.items() if not name.endswith("num_batches_tracked")}
    return {**kept, "classifier.weight": torch.zeros(1000, 1024), "classifier.bias": torch.zeros(1000)}


@pytest.mark.parametrize("new", [True, False])
def test_a_file_of_torchvision_fills_the_trunk_and_leaves_the_head(
    network: Network, tmp_path: Path, new: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files from before torch 1.6, as three of the five are, are another format altogether."""
    torch.save(as_published(network), tmp_path / "dense.pth", _use_new_zipfile_serialization=new)
    torch.manual_seed(4)
    fresh = Network("densenet121", 3)
    head = fresh.head.weight.clone()
    start_from(fresh, tmp_path / "dense.pth")
    wanted = network.trunk.state_dict()
    for name, value in fresh.trunk.state_dict().items():
        assert torch.equal(value, wanted[name])
    assert torch.equal(fresh.head.weight, head)
    assert "afresh: head.weight, head.bias" in capsys.readouterr().out


def test_our_own_model_folder_starts_everything(network: Network, tmp_path: Path) -> None:
    torch.save(native(network.state_dict()), tmp_path / NATIVE_FILE)
    torch.manual_seed(5)
    fresh = Network("densenet121", 2)
    start_from(fresh, tmp_path)
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in fresh.state_dict().items())


def test_another_networks_weights_are_refused(network: Network, tmp_path: Path) -> None:
    torch.save(native(network.state_dict()), tmp_path / "dense.pth")
    with pytest.raises(InputError, match=r"do not fit this network(.|\n)*trunk arrays"):
        start_from(Network("resnet50", 2), tmp_path / "dense.pth")


@pytest.mark.parametrize("new", [True, False])
def test_a_file_with_code_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: bool) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Carrier()}, tmp_path / "wild.pth", _use_new_zipfile_serialization=new)
    with pytest.raises(InputError, match="carries code and is refused, unread"):
        read_start_weights(tmp_path / "wild.pth")
    assert not (tmp_path / "touched").exists()


def test_what_holds_no_numbers_is_told(tmp_path: Path) -> None:
    torch.save({"weight": torch.tensor([1.0, np.nan])}, tmp_path / "nan.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    (tmp_path / "text.pth").write_text("no torch file", encoding="utf-8")
    torch.save({"weight": torch.ones(9999)}, tmp_path / "cut.pth", _use_new_zipfile_serialization=False)
    (tmp_path / "cut.pth").write_bytes((tmp_path / "cut.pth").read_bytes()[:2000])
    for name, words in (("nan", "NaN"), ("list", "no weights"), ("text", "cannot be read"), ("cut", "cannot be read")):
        with pytest.raises(InputError, match=words):
            read_start_weights(tmp_path / f"{name}.pth")


def test_torchvision_itself_says_the_same_files() -> None:
    from torchvision.models import get_weight

    names = {"resnet50": "ResNet50", "vgg19": "VGG19", "densenet121": "DenseNet121", "densenet201": "DenseNet201"}
    names["inception_v3"] = "Inception_V3"
    for name, one in ARCHITECTURES.items():
        assert get_weight(f"{names[name]}_Weights.IMAGENET1K_V1").url.endswith(f"/{one.published}")
