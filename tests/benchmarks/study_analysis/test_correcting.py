"""P-values of several readers, corrected within their families."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from spinedet.benchmarks.mrmc.multiple import adjust
from spinedet.benchmarks.study_analysis.correcting import correct

STATSMODELS = {"holm": "holm", "bonferroni": "bonferroni", "benjamini-hochberg": "fdr_bh"}


@pytest.mark.parametrize("method", ["holm", "bonferroni", "benjamini-hochberg"])
@pytest.mark.parametrize("number", [1, 2, 7, 20])
def test_corrections_are_those_of_statsmodels(method: str, number: int) -> None:
    p = np.round(np.random.default_rng(number).random(number) ** 3, 2)  # rounded: some are equal
    found = adjust(p.tolist(), method)  # type: ignore[arg-type]
    expected = multipletests(p, method=STATSMODELS[method])[1]
    np.testing.assert_allclose(np.array(found.adjusted, np.float64), expected, rtol=1e-14)


def test_each_family_is_corrected_apart_and_what_has_no_p_does_not_count() -> None:
    p = [0.01, 0.02, None, 0.03]
    assert correct(p, ["x", "x", "x", "y"], "bonferroni") == [(0.02, 2), (0.04, 2), (None, 2), (0.03, 1)]
    assert correct(p, ["x", "x", "x", "y"], "none") == [(0.01, 2), (0.02, 2), (None, 2), (0.03, 1)]
