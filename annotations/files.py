"""Files that are never half-written: everything goes to a temporary name beside the target, then is renamed."""

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spinedet.annotations.errors import InputError, WorkError

NOT_OFFERED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EMLINK}
"""What a disk answers to a call that it does not know (FAT and some network shares: hard links, folder syncs)."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; on success it becomes `path` in one step.

    Raises:
        WorkError: The disk is full or the folder cannot be written; `path` is then as it was before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix or ".part", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise _cannot_write(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _cannot_write(path: Path, error: OSError) -> WorkError:
    return WorkError(
        "A file could not be written.",
        found=error.strerror or str(error),
        where=path,
        todo="free space or choose a folder you may write to, then run the command again",
    )


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and wait until the disk has it; a power cut after that does not lose it.

    Not for files by the thousand: a hard disk takes milliseconds for each.

    Raises:
        OSError: The disk is full, or the folder cannot be written; nothing of the file is left.
        FileExistsError: There is a file of that name.
    """
    path.touch(exist_ok=False)
    try:
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()
        raise


def place(temporary: Path, path: Path) -> None:
    """Give a finished file its name in one step, and never that of another file.

    Raises:
        FileExistsError: `path` exists; both files are as they were.
    """
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in NOT_OFFERED:
            raise
        path.touch(exist_ok=False)  # only one process can; the file is empty until the next line
        temporary.replace(path)
    else:
        temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder; Windows has no such call and writes names down by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NOT_OFFERED:
            raise
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people and programs: indented, UTF-8, no NaN (a figure that does not exist is null)."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path, what: str) -> Any:
    """Read a JSON file; `what` names it in messages, without an article (`folds file`).

    Raises:
        InputError: The file is missing, unreadable or not JSON (with the line).
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"There is no {what} to read.", found=error.strerror, where=path) from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"This is no {what}: it is no valid JSON.", found=error.msg, where=f"{path}:{error.lineno}"
        ) from error
    except ValueError as error:
        raise InputError(f"This is no {what}: it is not UTF-8 text.", where=path) from error
