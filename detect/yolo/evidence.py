"""YOLOv3 and YOLOv5 that point: ultralytics' network with the branch of `spinedet.detect.training.evidence`."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from ultralytics.nn.modules.head import Detect
from ultralytics.nn.tasks import DetectionModel

from spinedet.detect.training.cells import STRIDE, asked_of
from spinedet.detect.training.evidence import WEIGHT, EvidenceBranch, image_classes
from spinedet.detect.training.patchwork import draw_cut, patchwork, patchwork_loss
from spinedet.detect.training.questions import Questions

EVIDENCE = "evidence"
"""Its place among the raw predictions and the terms of the loss."""


class PointingDetect(Detect):  # type: ignore[misc]
    """Ultralytics' head, which takes two maps more than it has levels: those that evidence is read from."""

    def forward(self, x: list[Tensor]) -> Any:
        """As `Detect`, with the views of the evidence (B, 2, Q, H, W) among the raw predictions."""
        near, wide, *levels = x
        found = super().forward(levels)
        raw = found[1] if isinstance(found, tuple) else found
        raw[EVIDENCE] = self.branch(near, wide)
        return found


class PointingModel(DetectionModel):  # type: ignore[misc]
    """A network that points.

    Evidence is read from the last maps of the backbone at strides 4 and 8. A cell of the first has seen 18 pixels a
    side of the input in YOLOv5n and YOLOv3-tiny and 29 in YOLOv3, while the head's maps have seen nearly all.

    Attributes:
        questions: What each cell is asked, Q of them.
        balance: (2, Q) weights of their answers, set by whoever trains it.
        progress: Share of the training that is done, set by whoever trains it.
    """

    def __init__(self, cfg: str | None, questions: Questions, **rest: Any):
        super().__init__(cfg, nc=questions.classes, **rest)
        self.questions, self.balance, self.progress = questions, torch.ones(2, questions.count), 0.0
        head, found = self.model[-1], _last_maps(self)
        places, (near, wide) = zip(*(found[stride] for stride in (STRIDE, 2 * STRIDE)), strict=True)
        head.__class__ = PointingDetect
        head.branch = EvidenceBranch(near, wide, questions)
        head.f = [*places, *head.f]  # ultralytics walks its layers by `f` and keeps the maps named in `save`
        self.save: list[int] = sorted({*self.save, *places})

    def views(self, images: Tensor) -> Tensor:
        """Images (B, 3, S, S) to the views of their evidence (B, 2, Q, S / 4, S / 4), without the detector."""
        head = self.model[-1]
        (near, wide), maps, kept = head.f[:2], images, dict[int, Tensor]()
        for place, layer in enumerate(self.model[: wide + 1]):  # the backbone starts as a chain
            maps = kept[place] = layer(maps)
        found: Tensor = head.branch(kept[near], kept[wide])
        return found

    def loss(self, batch: dict[str, Tensor], preds: Any = None) -> tuple[Tensor, dict[str, Tensor]]:
        """Ultralytics' terms and each by its name, with that of the evidence in patchworks of the batch.

        As there, all terms are multiplied by the size of the batch.
        """
        terms, named = super().loss(batch, preds)
        images, questions, balance = batch["img"], self.questions, self.balance.to(terms.device)
        rng = np.random.default_rng(int(torch.randint(2**31, ())))  # torch's own is seeded every epoch
        cut = draw_cut(len(images), images.shape[-1], self.progress, rng)
        made = patchwork(images, _asked(batch), _answers(batch, questions), cut, questions.dividing)
        more = WEIGHT * patchwork_loss(self.views(made.images).float(), made, balance)
        return torch.cat([terms, more[None] * len(images)]), {**named, EVIDENCE: more.detach()}


def _answers(batch: dict[str, Tensor], questions: Questions) -> Tensor:
    """(B, Q)."""
    device = batch["img"].device
    images, labels = (batch[name].view(-1).to(device, torch.long) for name in ("batch_idx", "cls"))
    shares = torch.ones(len(images), device=device)
    return questions.answers(image_classes(images, labels, shares, (len(batch["img"]), questions.classes)))


def _asked(batch: dict[str, Tensor]) -> Tensor:
    """Cells (B, 1, S / 4, S / 4) that show an image in its box."""
    images = batch["img"]
    centre, size = (batch["bboxes"].to(images.device, torch.float32) * images.shape[-1]).split(2, dim=1)  # (K, 2) each
    boxes = torch.cat([centre - size / 2, centre + size / 2], dim=1)
    return asked_of(images, batch["batch_idx"].view(-1).to(images.device, torch.long), boxes)


def _last_maps(model: DetectionModel) -> dict[int, tuple[int, int]]:
    """Layer and channels of the backbone's last map of each stride, as far as evidence is read."""
    side = 2 * int(model.stride.max())
    maps, found = torch.zeros(1, 3, side, side), dict[int, tuple[int, int]]()
    training = model.training
    model.eval()
    with torch.no_grad():
        for place, layer in enumerate(model.model):  # the backbone starts as a chain
            maps = layer(maps)
            if side // maps.shape[-1] > 2 * STRIDE:
                break
            found[side // maps.shape[-1]] = place, maps.shape[1]
    model.train(training)
    return found


def make_network(network: str, classes: int, evidence: Questions | None) -> DetectionModel:
    """A network of ultralytics by its file's name, with random weights; with questions one that points."""
    if evidence is None:
        return DetectionModel(network, nc=classes, verbose=False)
    return PointingModel(network, evidence, verbose=False)
