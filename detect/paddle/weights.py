"""Start weights of the Paddle route: the files and rules of the torch route, under Paddle's names."""

from pathlib import Path

from spinedet.detect.ppyolov2.weights import NATIVE_FILE, State, fitting_weights, read_start_weights, to_paddle

__all__ = ["NATIVE_FILE", "State", "fitting_weights", "read_weights"]


def read_weights(path: Path) -> State:
    """Arrays of a start weights file by Paddle's layer names: see `read_start_weights`.

    Raises:
        InputError: No such file, damaged, no weights, or it carries anything but arrays (then it is refused, unread).
    """
    return {**to_paddle(read_start_weights(path))}
