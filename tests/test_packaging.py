"""What is installed and what is imported: the package list, the links, the data files, the direction of imports."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spinedet.detect.registry import DETECTORS, get_detector

ROOT = Path(__file__).parents[1]

FLOORS = ("annotations", "datasets", "detect", "benchmarks")
"""The rooms of the house from the ground up: each may import those before it."""

TOP_FLOOR = len(FLOORS)
"""The command line, which may import everything."""

HEAVY = {"cv2", "matplotlib", "numpy", "onnxruntime", "paddle", "ppdet", "scipy", "sklearn", "torch", "ultralytics"}
"""What the first words of the command line must not wait for."""

FRAMEWORKS = {"paddle", "ppdet", "torch", "ultralytics"}

LONGEST = 450
"""Lines of a module; over that, it holds a second idea."""


@pytest.fixture(scope="module")
def setuptools() -> dict[str, Any]:
    """What `pyproject.toml` tells setuptools."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    return table


def sources() -> list[Path]:
    """Every module that is installed."""
    rooms = [*(ROOT / floor for floor in (*FLOORS, "configs")), ROOT / "src" / "spinedet"]
    return sorted(path for room in rooms for path in room.rglob("*.py") if "__pycache__" not in path.parts)


def folders() -> dict[str, str]:
    """The folder of each package, as a package is a folder with `__init__.py`."""
    found = {path.parent.relative_to(ROOT) for path in sources() if path.name == "__init__.py"}
    names = {".".join(folder.parts).removeprefix("src.spinedet").strip("."): folder.as_posix() for folder in found}
    return {f"spinedet.{name}".strip("."): folder for name, folder in names.items()}


def test_every_package_is_listed_and_nothing_else(setuptools: dict[str, Any]) -> None:
    """An unlisted package is missing from wheels, while an editable install hides it."""
    assert setuptools["package-dir"] == folders()
    assert sorted(setuptools["packages"]) == sorted(folders())


def test_every_module_lies_in_a_package() -> None:
    """A folder without `__init__.py` is not installed; what measures is run from the repository alone."""
    packages = {ROOT / folder for folder in folders().values()}
    homeless = {path.parent.relative_to(ROOT).as_posix() for path in sources() if path.parent not in packages}
    assert homeless <= {"benchmarks/speed", "benchmarks/results/lumbar-mri"}


def test_static_tools_find_every_room() -> None:
    for name in (*FLOORS, "configs"):
        link = ROOT / "src" / "spinedet" / name
        assert link.is_symlink()
        assert link.readlink() == Path("..", "..", name)
        assert link.resolve() == ROOT / name


def test_every_data_file_is_installed(setuptools: dict[str, Any]) -> None:
    """What stands beside the modules of a package and is no Python is read at run time."""
    left_out = [
        path.relative_to(ROOT).as_posix()
        for package, folder in folders().items()
        for path in (ROOT / folder).iterdir()
        if path.is_file() and path.suffix != ".py" and path.suffix != ".md"
        if not any(path.match(pattern) for pattern in setuptools["package-data"].get(package, []))
    ]
    assert left_out == []


def test_every_pattern_of_data_files_finds_some(setuptools: dict[str, Any]) -> None:
    for package, patterns in setuptools["package-data"].items():
        for pattern in patterns:
            assert list((ROOT / folders()[package]).glob(pattern)), f"{package}: {pattern}"


def floor_of(name: str) -> int:
    """The floor of a module by its full name; `configs` is data, which everybody may read."""
    room = name.split(".")[1] if "." in name else ""
    return FLOORS.index(room) if room in FLOORS else -1 if room == "configs" else TOP_FLOOR


def imports(path: Path) -> Iterator[tuple[int, int, str]]:
    """Line, level (0: absolute) and full name of each import of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, 0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, node.level, f"{node.module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_one_way_and_are_absolute(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    own = FLOORS.index(room) if room in FLOORS else TOP_FLOOR
    for line, level, name in imports(path):
        assert level == 0, f"{path}:{line} is relative"
        assert name.split(".")[0] not in FLOORS, f"{path}:{line} imports {name}, which only works in the repository"
        if name.split(".")[0] == "spinedet":
            assert floor_of(name) <= own, f"{path}:{line} imports {name} from a floor above"


def test_no_module_is_longer_than_one_idea() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert [path for path, lines in lengths.items() if lines > LONGEST] == []


def loaded_after(code: str, cwd: Path) -> set[str]:
    """The top-level modules that a fresh Python has loaded after some code."""
    told = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", told], cwd=cwd, capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


def test_help_waits_for_no_library(tmp_path: Path) -> None:
    """`spinedet benchmark --help` answers before numpy, OpenCV or a framework is loaded."""
    words = ["spinedet", "benchmark", "--help"]
    code = f"import io, sys, contextlib\nsys.argv = {words}\nfrom spinedet.cli import main\n"
    quiet = "with contextlib.redirect_stdout(io.StringIO()):\n    assert main() == 0"
    assert loaded_after(code + quiet, tmp_path) & HEAVY == set()


def test_detectors_are_told_without_their_frameworks(tmp_path: Path) -> None:
    """Names, sizes and presets of all detectors, and every action, load no framework."""
    names = f"for name in {list(DETECTORS)}: read_config(name); get_detector(name)"
    code = f"import spinedet.actions\nfrom spinedet.detect.presets import get_detector, read_config\n{names}"
    assert loaded_after(code, tmp_path) & FRAMEWORKS == set()


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_answers_to_its_name(name: str) -> None:
    assert get_detector(name).name == name
    assert get_detector(name).sizes
