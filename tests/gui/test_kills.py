"""The window is killed fifty times while it saves: no file is lost or damaged, no drawing that was saved is gone."""

import random
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from spinedet.annotations.history import versions
from spinedet.annotations.voc import read_voc

KILLS = 50
SIDE_BY_SIDE = 2

ROW = 256
"""As in the scene: the number of a save stands in its box."""

LONGEST_PAUSE = 0.02
"""Seconds from a save that was told to the kill, at most: some saves long."""


def number_in(xml: Path) -> int:
    """The number of the save that wrote a file."""
    (thing,) = read_voc(xml).objects
    return round(thing.box.y0 * ROW + thing.box.x0)


def kept(xml: Path) -> set[int]:
    """Numbers of all saves that the file and its history have; each of these files can be read."""
    return {number_in(path) for path in [xml, *(version.path for version in versions(xml))]}


def kill_once(studio: Any, chance: random.Random, first: int, opened: str) -> tuple[list[int], int]:
    """Start, wait for some saves, kill while the next one runs.

    Returns:
        The numbers that were told, and how many saves had been cut short.
    """
    child = studio.begin("kills.saving", "two", first)
    assert child.told() == opened
    told = [int(child.told()) for _ in range(chance.randint(1, 5))]
    time.sleep(chance.uniform(0, LONGEST_PAUSE))
    child.process.kill()
    rest, errors = child.process.communicate()
    assert "Traceback" not in errors, errors
    told += [int(line) for line in rest.split()]
    assert set(told) <= kept(studio.xml("two"))
    return told, len(list(studio.xml("two").parent.glob(".*.saving")))


def kill_many(studio: Any, seed: int) -> int:
    """Kill again and again in one folder; how many saves had been cut short."""
    chance, told, cut = random.Random(seed), [0], 0
    for turn in range(KILLS // SIDE_BY_SIDE):
        numbers, left = kill_once(studio, chance, told[-1] + 1, "two" if turn else "one")
        told += numbers
        cut += left
    child = studio.begin("kills.looking")
    assert child.told() == "two"
    child.end()
    assert set(told[1:]) <= kept(studio.xml("two"))
    assert not list(studio.xml("two").parent.glob(".*.saving"))
    return cut


def test_fifty_kills_lose_nothing(studio: Any) -> None:
    roots = [studio.dataset.with_name(f"set{place}") for place in range(SIDE_BY_SIDE)]
    studios = [replace(studio, dataset=Path(shutil.copytree(studio.dataset, root))) for root in roots]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        cut = sum(pool.map(kill_many, studios, range(SIDE_BY_SIDE)))
    assert cut  # some kills did come in the middle of a save


def test_what_a_cut_save_held_is_in_the_history_next_morning(studio: Any) -> None:
    """A kill after the new file was written and before it took the old one's place: the start brings it back."""
    child = studio.begin("kills.saving", "two", 7)
    assert [child.told(), child.told()] == ["one", "7"]
    child.process.kill()
    child.process.communicate()
    xml = studio.xml("two")
    unfinished = xml.with_name(".two.xml.0123abcd.saving")
    unfinished.write_bytes(xml.read_bytes().replace(b"disc", b"vertebra"))
    next_morning = studio.begin("kills.looking")
    assert next_morning.told() == "two"
    assert next_morning.end()["recovered"] == ["two"]
    assert not unfinished.exists()
    assert "vertebra" in {read_voc(version.path).objects[0].name for version in versions(xml)}
