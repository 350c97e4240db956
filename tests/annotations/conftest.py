"""Folders that refuse to be written, also by root."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder with `a17.xml` that nobody, not even root, may write to."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    mounted = sys.platform.startswith("linux") and os.geteuid() == 0
    if mounted and subprocess.run(["mount", "-t", "tmpfs", "spinedet", str(folder)], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount")
    (folder / "a17.xml").write_bytes(b"old")
    if mounted:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    else:
        folder.chmod(0o500)
    yield folder
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)
    else:
        folder.chmod(0o700)
