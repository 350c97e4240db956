"""The pointing game on 10 x 10 maps: where the peak lies, and who wins when several places are highest."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spinedet.benchmarks.pointing import peak, pointing


def drawn(*places: tuple[int, int]) -> NDArray[np.float32]:
    """A map that is 0.9 at some places and 0.1 elsewhere."""
    scores = np.full((10, 10), 0.1, np.float32)
    for place in places:
        scores[place] = 0.9
    return scores


def lesion(rows: slice, columns: slice) -> NDArray[np.bool_]:
    mask = np.zeros((10, 10), np.bool_)
    mask[rows, columns] = True
    return mask


CORNER = lesion(slice(0, 2), slice(0, 5))
"""Ten of the hundred pixels, away from the middle."""


def test_three_of_four_peaks_lie_in_the_lesion() -> None:
    """3/4 with Wilson's interval, from the formula by hand; the lesion covers a tenth, and the middle never hits."""
    maps = [drawn((0, 0)), drawn((1, 4)), drawn((1, 2)), drawn((2, 0))]
    found = pointing(maps, [CORNER] * 4)
    assert (found.hits, found.total, found.share, found.centre) == (3, 4, 0.75, 0)
    assert found.chance == pytest.approx(0.1)
    z, p, n = 1.959963984540054, 0.75, 4
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert found.ci95 == pytest.approx((middle - half, middle + half))


def test_a_peak_beside_the_lesion_is_a_hit_within_the_tolerance_alone() -> None:
    """Two rows below the last one of the lesion."""
    for tolerance, hits in ((0, 0), (1.9, 0), (2, 1)):
        assert pointing([drawn((3, 3))], [CORNER], tolerance).hits == hits


def test_of_several_highest_pixels_the_middle_one_counts() -> None:
    """A flat edge from row 0 to 4 has its middle in row 2; two far peaks are undecided, and reading order decides."""
    assert peak(drawn(*((row, 7) for row in range(5)))) == (2, 7)
    assert peak(drawn((0, 0), (9, 9))) == (0, 0)


def test_a_map_that_is_the_same_everywhere_points_nowhere() -> None:
    flat = np.full((10, 10), 0.5, np.float32)
    found = pointing([flat], [lesion(slice(0, 10), slice(0, 10))])
    assert (found.hits, found.total, found.chance, found.centre) == (0, 1, 1, 1)


def test_without_true_positives_there_is_no_share() -> None:
    found = pointing([], [])
    assert (found.total, found.share, found.ci95) == (0, None, None)


def test_generators_are_enough() -> None:
    assert pointing((drawn((0, 0)) for _ in range(3)), (CORNER for _ in range(3))).hits == 3


def test_pairs_that_do_not_fit_are_refused_with_their_number() -> None:
    good, empty = drawn((0, 0)), np.zeros((10, 10), np.bool_)
    with pytest.raises(ValueError, match=r"pair 1: the map is \(10, 9\)"):
        pointing([good, good[:, :9]], [CORNER, CORNER])
    with pytest.raises(ValueError, match="pair 0: the mask is empty"):
        pointing([good], [empty])
    with pytest.raises(ValueError, match="pair 0: the map holds"):
        pointing([np.full((10, 10), np.nan)], [CORNER])
    with pytest.raises(ValueError, match="shorter"):
        pointing([good, good], [CORNER])
    with pytest.raises(ValueError, match="0 or more"):
        pointing([good], [CORNER], -1)
