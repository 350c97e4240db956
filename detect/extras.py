"""What an optional package is for and how it is installed; asked before a long job, not in the middle of it."""

import importlib.util

from spinedet.annotations.errors import InputError

TRAIN = 'pip install "spinedet[train]"'
PADDLE = 'pip install "spinedet[paddle]" && pip install --no-deps paddledet==2.6.0'


def require(modules: tuple[str, ...], install: str, what: str) -> None:
    """Check that modules can be imported, without importing them.

    Raises:
        InputError: One is missing; the message has the command that installs it.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"{what} needs packages that are not installed.", found=", ".join(missing), todo=install)
