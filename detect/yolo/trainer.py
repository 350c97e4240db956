"""Ultralytics' detection trainer, held to our contract: our data, our checkpoints, no final words of its own."""

import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ultralytics import settings as usage_settings
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.utils.torch_utils import unwrap_model

from spinedet.annotations.errors import WorkError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Epoch, Progress
from spinedet.detect.training.evidence import balance_of
from spinedet.detect.training.questions import Questions
from spinedet.detect.yolo.evidence import PointingModel
from spinedet.detect.yolo.images import AnnotatedImages
from spinedet.detect.yolo.start import start_boxes_at, usual_sides
from spinedet.detect.yolo.weights import save_weights

INTEGRATIONS = ("clearml", "comet", "dvc", "hub", "mlflow", "neptune", "raytune", "sync", "tensorboard", "wandb")
"""Reporting of ultralytics that is switched off: nothing about patients' images leaves the machine."""


def silence() -> None:
    """Switch off everything that ultralytics reports elsewhere, in the job's private settings file."""
    usage_settings.update({name: False for name in INTEGRATIONS if name in usage_settings})


class JobTrainer(DetectionTrainer):  # type: ignore[misc]
    """One training job.

    Every epoch is seeded by the job's seed and its own number, so a resumed job goes on as if it had never stopped.
    """

    def __init__(
        self,
        arguments: dict[str, Any],
        train: Dataset,
        val: Dataset | None,
        start: dict[str, torch.Tensor] | None,
        checkpoint: Path,
        progress: Progress,
        *,
        questions: Questions | None,
    ):
        self._train, self._val, self._start = train, val, start
        self._questions = questions
        self._balance = balance_of(train, questions) if questions else None
        self._checkpoint, self._progress = checkpoint, progress
        self._best_state: dict[str, torch.Tensor] | None = None
        self._began = 0.0
        threads = torch.get_num_threads()
        super().__init__(overrides=arguments)
        self.callbacks: defaultdict[str, list[Any]] = defaultdict(list)  # nobody else listens: no reports, no uploads
        torch.set_num_threads(threads)  # ultralytics has taken all cores but one, however many a job may have
        self.add_callback("on_train_epoch_start", JobTrainer._seed_epoch)
        self.add_callback("on_train_epoch_end", JobTrainer._stop_on_nan)
        self.add_callback("on_model_save", JobTrainer._tell)

    def get_dataset(self) -> dict[str, Any]:
        """Class names and the two parts; nothing is looked up on disk."""
        names = dict(enumerate(self._train.classes))
        return {"train": self._train, "val": self._val or self._train, "nc": len(names), "names": names, "channels": 3}

    def build_dataset(self, img_path: Dataset, mode: str = "train", batch: int | None = None) -> AnnotatedImages:
        """The images of one part; validation images are neither augmented nor mixed."""
        return AnnotatedImages(
            img_path,
            imgsz=self.args.imgsz,
            batch_size=batch,
            augment=mode == "train",
            hyp=self.args,
            rect=False,
            stride=self.stride,
            pad=0.0,
        )

    def get_model(self, cfg: str | None = None, weights: Any = None, verbose: bool = True) -> Any:
        """The network, with the start weights where there are any; without, its boxes start at the usual size."""
        model = self._pointing_model(cfg, self._questions) if self._questions else super().get_model(cfg, None, verbose)
        if self._start is None and (sides := usual_sides(self._train, self.args.imgsz)):
            start_boxes_at(model.model[-1], sides)
        if self._start is not None:
            model.load_state_dict(self._start, strict=False)
        return model

    def _pointing_model(self, cfg: str | None, questions: Questions) -> PointingModel:
        model = PointingModel(cfg, questions, ch=self.data["channels"], verbose=False)
        model.balance = self._balance
        self.set_model_names_for_load(model)
        return model

    def validate(self) -> tuple[dict[str, float], float]:
        """Fitness on the validation part; without one, and with evidence, the last epoch is the best.

        Fitness is how well boxes are drawn. Where each box is the whole image, that is settled in the first epochs, and
        the epoch with the best boxes would be one in which nothing of the disease had been learnt yet.
        """
        if self._val is not None and self._questions is None:
            metrics: tuple[dict[str, float], float] = super().validate()
            return metrics
        self.best_fitness = float(self.epoch)
        return {}, float(self.epoch)

    def final_eval(self) -> None:
        """Nothing: figures come from our evaluator alone."""

    def save_metrics(self, metrics: dict[str, float]) -> None:
        """Nothing: progress goes to the job's own file."""

    def save_model(self) -> bool:
        """Write the whole state of the job, in one step and in full precision."""
        weights = self.ema.ema.state_dict()
        if self.best_fitness == self.fitness:
            self._best_state = {name: value.detach().clone() for name, value in weights.items()}
        state = {
            "epoch": self.epoch,
            "model": unwrap_model(self.model).state_dict(),
            "ema": weights,
            "updates": self.ema.updates,
            "optimizer": self.optimizer.state_dict(),
            "best": self._best_state,
            "best_fitness": float(self.best_fitness),
        }
        save_weights(self._checkpoint, state)
        return True

    def resume_training(self, ckpt: Any) -> None:
        """Go on after the last finished epoch of this job's checkpoint, if there is one."""
        state = read_checkpoint(self._checkpoint)
        if state is None:
            return
        unwrap_model(self.model).load_state_dict(state["model"])
        self.ema.ema.load_state_dict(state["ema"])
        self.ema.updates = state["updates"]
        self.optimizer.load_state_dict(state["optimizer"])
        self._best_state, self.best_fitness = state["best"], state["best_fitness"]
        self.start_epoch = state["epoch"] + 1

    def _seed_epoch(self) -> None:
        unwrap_model(self.model).progress = self.epoch / self.epochs  # for networks that point
        self.train_loader.reset()  # a new iterator draws from the generator: in every epoch, or a resumed job differs
        seed = self.args.seed + 1_000_003 * (self.epoch + 1)
        random.seed(seed)
        np.random.seed(seed % 2**32)  # the global generator: ultralytics' augmentation draws from it
        torch.manual_seed(seed)
        self.train_loader.sampler.generator.manual_seed(seed)
        self._began = time.monotonic()

    def _stop_on_nan(self) -> None:
        if self.tloss is None or not all(np.isfinite(float(value)) for value in self.tloss.values()):
            raise WorkError(
                "The loss is no longer a number.",
                found=f"epoch {self.epoch + 1}: {self.tloss}",
                todo="lower --learning-rate, or start from weights",
            )

    def _tell(self) -> None:
        parts = {name: float(value) for name, value in self.tloss.items()}
        seconds = time.monotonic() - self._began
        self._progress(Epoch(self.epoch + 1, self.epochs, sum(parts.values()), seconds, parts))


def read_checkpoint(path: Path) -> dict[str, Any] | None:
    """A job's own checkpoint, or None where there is none that can be read."""
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types for a damaged file
        print(f"the checkpoint cannot be read ({error}); the job starts again", flush=True)
        return None
    return state
