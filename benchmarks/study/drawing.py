"""Which images a study reads: held-out patients, drawn whole and class by class.

The rule. Patients of whom a model was trained on an image cannot be drawn, and two patients who share an image of equal
pixels count as one person. Each of the others belongs to one stratum: the rarest class that any of their images shows
(rarest by the number of such images; nobody's images without a box make a stratum too). Strata are filled from the
rarest to the commonest, in random order of their persons, each until the images drawn so far come nearest to the share
that these strata have among all images that could be drawn, and with one person at least. What is left over after the
last is filled with persons from anywhere who still fit. Nobody is drawn in part: where persons have several images, a
rest may stay; the whole is then drawn anew, up to `TRIES` times, and the fullest drawing is kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeVar

import numpy as np

from spinedet.annotations.errors import InputError, some
from spinedet.benchmarks.study.persons import Person
from spinedet.datasets.dataset import Dataset, Item

T = TypeVar("T")

TRIES = 50
"""How often the drawing is made anew where patients with several images leave a rest."""

CANDIDATES, STRATA, PRACTICE = 0, 1, 2
"""What a random number is for; each purpose has a stream of its own, so that one does not shift the others."""


@dataclass(frozen=True)
class Stratum:
    """Persons with the same rarest class.

    Attributes:
        label: The class; None for images without a box.
        persons: How many there are to draw from.
        images: How many images of them could be drawn.
        drawn: Images drawn.
    """

    label: str | None
    persons: int
    images: int
    drawn: int


@dataclass(frozen=True)
class Drawn:
    """What was drawn.

    Attributes:
        images: The study's images by their names in the dataset, sorted.
        practice: Images to practise on, of other persons.
        persons: Whose the study's images are.
        seen: Persons who could not be drawn, as a model was trained on their images.
        strata: From the rarest to the commonest.
        notes: What whoever makes the study should know.
    """

    images: tuple[str, ...]
    practice: tuple[str, ...]
    persons: tuple[Person, ...]
    seen: tuple[Person, ...]
    strata: tuple[Stratum, ...]
    notes: tuple[str, ...] = field(default=())


def draw(
    dataset: Dataset,
    persons: Sequence[Person],
    trained_on: Iterable[str],
    *,
    images: int,
    practice: int = 0,
    per_patient: int | None = None,
    seed: int = 0,
) -> Drawn:
    """Draw a study's images by the rule of this module; the same arguments draw the same images.

    Args:
        dataset: Where from.
        persons: Of the dataset, from `persons_of`.
        trained_on: Pixel hashes of what any of the models was trained or validated on.
        images: How many to draw.
        practice: How many more to practise on, of other persons, those whom a model has seen first.
        per_patient: At most so many of a person, those that show the person's rarest class first; None for all.
        seed: At least 0.

    Raises:
        InputError: Too few images are left to draw from; they are counted, and excluded patients are named.
    """
    trained = set(trained_on)
    seen = tuple(one for one in persons if one.pixels & trained)
    free = [one for one in persons if not one.pixels & trained]
    pool = _Pool.of(dataset, free, per_patient, np.random.default_rng([seed, CANDIDATES]))
    _check_enough(pool, seen, images, dataset)
    chosen = pool.choose(images, np.random.default_rng([seed, STRATA]))
    names = tuple(sorted(image for one in chosen for image in pool.offers[one]))
    taken = set(chosen)
    others = [one for one in free if one not in taken]
    shown = _practice(seen, others, practice, np.random.default_rng([seed, PRACTICE]))
    notes = _notes(len(names), images, len(shown), practice, persons)
    return Drawn(names, shown, tuple(sorted(chosen, key=lambda one: one.patients)), seen, pool.strata(chosen), notes)


@dataclass(frozen=True)
class _Pool:
    """Who may be drawn.

    Attributes:
        offers: The images of each person that would be drawn.
        groups: The persons of each stratum, from the rarest class to the commonest; None for images without a box.
    """

    offers: Mapping[Person, tuple[str, ...]]
    groups: Mapping[str | None, tuple[Person, ...]]

    @classmethod
    def of(cls, dataset: Dataset, free: Sequence[Person], per_patient: int | None, rng: np.random.Generator) -> "_Pool":
        shown = {image: _shown(dataset[image]) for one in free for image in one.images}
        times = Counter(name for names in shown.values() for name in names)
        rarest = sorted((name for name in dataset.classes if times[name]), key=lambda name: times[name])
        offers: dict[Person, tuple[str, ...]] = {}
        groups: dict[str | None, list[Person]] = {label: [] for label in (*rarest, None)}
        for one in free:
            label = next((name for name in rarest if any(name in shown[image] for image in one.images)), None)
            mixed = sorted(_shuffled(one.images, rng), key=lambda image: label not in shown[image])
            offers[one] = tuple(mixed[:per_patient])
            groups[label].append(one)
        return cls(offers, {label: tuple(group) for label, group in groups.items() if group})

    def size(self, persons: Iterable[Person]) -> int:
        """How many images would be drawn of them."""
        return sum(len(self.offers[one]) for one in persons)

    def choose(self, images: int, rng: np.random.Generator) -> list[Person]:
        """The first drawing of several that has all images, otherwise the fullest."""
        best: list[Person] = []
        for _ in range(TRIES):
            chosen = self._once(images, rng)
            if not best or self.size(chosen) > self.size(best):
                best = chosen
            if self.size(best) == images:
                break
        return best

    def _once(self, images: int, rng: np.random.Generator) -> list[Person]:
        """Persons of all strata by the rule of this module."""
        chosen: list[Person] = []
        share, whole = 0.0, self.size(self.offers)
        for group in self.groups.values():
            share += images * self.size(group) / whole
            chosen += self._fill(group, min(share, images), images, self.size(chosen), rng)
        taken = set(chosen)
        rest = [one for one in self.offers if one not in taken]
        held = self.size(chosen)
        for one in _shuffled(rest, rng):
            if held + len(self.offers[one]) <= images:
                chosen.append(one)
                held += len(self.offers[one])
        return chosen

    def _fill(
        self, group: Sequence[Person], target: float, most: int, held: int, rng: np.random.Generator
    ) -> list[Person]:
        """Persons of one stratum, one at least, until `held` images come nearest to `target`; never above `most`."""
        found: list[Person] = []
        for one in _shuffled(group, rng):
            more = held + len(self.offers[one])
            if found and abs(more - target) > abs(held - target):
                break
            if more <= most:
                found.append(one)
                held = more
        return found

    def strata(self, chosen: Sequence[Person]) -> tuple[Stratum, ...]:
        """What each stratum held and gave."""
        taken = set(chosen)
        return tuple(
            Stratum(label, len(group), self.size(group), self.size(one for one in group if one in taken))
            for label, group in self.groups.items()
        )


def _shown(item: Item) -> frozenset[str | None]:
    """The classes of an image; None alone where it has no box."""
    return frozenset(thing.name for thing in item.annotation.objects) or frozenset({None})


def _shuffled(things: Sequence[T], rng: np.random.Generator) -> list[T]:
    return [things[place] for place in rng.permutation(len(things))]


def _practice(
    seen: Sequence[Person], others: Sequence[Person], number: int, rng: np.random.Generator
) -> tuple[str, ...]:
    """Images of persons who are not in the study, one of each before a second of any."""
    mixed = [*_shuffled(seen, rng), *_shuffled(others, rng)]
    rounds = zip_longest(*(_shuffled(one.images, rng) for one in mixed))
    return tuple([image for images in rounds for image in images if image is not None][:number])


def _check_enough(pool: _Pool, seen: Sequence[Person], images: int, dataset: Dataset) -> None:
    left = pool.size(pool.offers)
    fewest = min((len(offer) for offer in pool.offers.values()), default=0)
    if left >= images and fewest > images:
        raise InputError(
            "Every patient has more images than the study asks for.",
            expected=f"at most {images} images of a patient",
            found=f"{fewest} or more",
            where=dataset.folder,
            todo="give --per-patient",
        )
    if left >= images:
        return
    names = [name for one in seen for name in one.patients]
    found = f"{left} images of {len(pool.offers)} patients"
    if names:
        found += f"; a model was trained on images of {len(names)} others: {some(names)}"
    raise InputError(
        "Too few images are left for the study.",
        expected=f"{images} images of patients whom no model was trained on",
        found=found,
        where=dataset.folder,
        todo="ask for fewer --images, or train the model on a part of the patients that leaves enough of them out",
    )


def _notes(drawn: int, asked: int, shown: int, practice: int, persons: Sequence[Person]) -> tuple[str, ...]:
    notes = []
    if drawn < asked:
        notes.append(f"{drawn} of {asked} images drawn: patients are drawn whole, and nobody left fits into the rest.")
    if shown < practice:
        notes.append(f"{shown} of {practice} practice images: there are no more patients outside the study.")
    if doubled := [" and ".join(one.patients) for one in persons if len(one.patients) > 1]:
        notes.append(f"Patients who share an image of equal pixels count as one person: {some(doubled)}.")
    return tuple(notes)
