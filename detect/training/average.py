"""The moving average of a network's weights, which predicts better than the weights of any single step."""

import copy

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn


def decay_at(most: float, step: int) -> float:
    """Decay at a step (from 0): a short training must not end near its random start."""
    return min(most, (1 + step) / (10 + step))


class Average:
    """A second network that follows the first: weights and running statistics, averaged; counters, copied.

    Attributes:
        network: The averaged network, always in evaluation mode and without gradients.
    """

    def __init__(self, network: torch.nn.Module, most: float):
        """Start from the network's present weights, on its device.

        Args:
            network: The network that is trained; its parameters may change in value and not be replaced.
            most: Decay that is reached step by step.
        """
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._most = most
        pairs = list(zip(_arrays(self.network), _arrays(network), strict=True))
        self._averaged = [pair for pair in pairs if pair[0].is_floating_point()]
        self._copied = [pair for pair in pairs if not pair[0].is_floating_point()]

    def update(self, step: int) -> None:
        """Move a share of 1 - decay towards the network, after the step (from 0) that has changed it."""
        mine, followed = (list(arrays) for arrays in zip(*self._averaged, strict=True))
        get_ema_multi_avg_fn(decay_at(self._most, step))(mine, followed, None)
        for count, new in self._copied:
            count.copy_(new)


def _arrays(network: torch.nn.Module) -> list[torch.Tensor]:
    """All weights and buffers, without their history and each once even where layers share it."""
    return [tensor.detach() for tensor in (*network.parameters(), *network.buffers())]
