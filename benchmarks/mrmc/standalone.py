"""A model on its own against a sample of readers of the same cases.

Each reader's figure less the model's is one value a reader; their mean is tested as that of a single treatment, so that
the readers are a sample, the cases are one, and what a hard case does to reader and model alike drops out. Sources:
D. P. Chakraborty, Observer Performance Methods for Diagnostic Imaging (CRC Press 2017), chapter 22 (stand-alone CAD
against radiologists, random readers and random cases); S. L. Hillis, N. A. Obuchowski and K. S. Berbaum, Academic
Radiology 18:129 (2011) for one treatment.
"""

import math
from collections.abc import Sequence

import numpy as np

from spinedet.benchmarks.mrmc.estimates import DIFFERENCE, SHARE, Spread, estimate, mean_spread
from spinedet.benchmarks.mrmc.figures import AgainstModel
from spinedet.benchmarks.mrmc.multiple import Correction, adjust
from spinedet.benchmarks.whole_image.figures import FloatArray


def against_model(
    treatment: str, readers: Sequence[str], values: FloatArray, covariance: FloatArray, correction: Correction = "holm"
) -> AgainstModel:
    """Compare R readers with a model.

    Args:
        treatment: In which the readers read.
        readers: R names.
        values: (R + 1,) figures of merit, the model's last.
        covariance: (R + 1, R + 1) over cases.
        correction: For the readers one by one.
    """
    contrast = np.hstack([np.eye(len(readers)), -np.ones((len(readers), 1))])  # (R, R + 1) reader less model
    apart, shared = contrast @ values, contrast @ covariance @ contrast.T  # (R,), (R, R)
    spread, own = mean_spread(apart, shared), mean_spread(values[:-1], covariance[:-1, :-1])
    mean, rows = float(apart.mean()), zip(readers, apart, np.diag(shared), strict=True)
    each = {
        name: estimate(float(value), Spread(float(variance), math.inf), DIFFERENCE, 0.0)
        for name, value, variance in rows
    }
    adjusted = adjust([row.p for row in each.values()], correction).adjusted
    return AgainstModel(
        treatment=treatment,
        readers=estimate(float(values[:-1].mean()), own.random, SHARE),
        model=estimate(float(values[-1]), Spread(float(covariance[-1, -1]), math.inf), SHARE),
        random=estimate(mean, spread.random, DIFFERENCE, 0.0),
        fixed_readers=estimate(mean, spread.fixed_readers, DIFFERENCE, 0.0),
        fixed_cases=estimate(mean, spread.fixed_cases, DIFFERENCE, 0.0),
        each_reader=each,
        p_adjusted=dict(zip(readers, adjusted, strict=True)),
        correction=correction,
    )
