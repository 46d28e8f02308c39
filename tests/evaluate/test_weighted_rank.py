"""Weighted Spearman against SciPy's, of values repeated one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from lgaf.evaluate.laboratory import weighted_rank
from lgaf.evaluate.laboratory.weighted_rank import weighted_spearman


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(3, 40), steps=st.sampled_from([2, 5, 1000]))
def test_weights_are_values_repeated(seed, count, steps):
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, steps, count) / steps, rng.integers(0, 4, count).astype(float)
    other[other == 0] = -np.inf
    weights = rng.integers(0, 4, (count, 7))
    before = weighted_rank.COLUMNS_A_BLOCK
    try:
        weighted_rank.COLUMNS_A_BLOCK = 3
        found = weighted_spearman(one, other, weights.astype(float))
    finally:
        weighted_rank.COLUMNS_A_BLOCK = before
    for column, value in enumerate(found):
        x, y = (np.repeat(values, weights[:, column]) for values in (one, other))
        constant = len(np.unique(x)) < 2 or len(np.unique(y)) < 2
        np.testing.assert_allclose(value, np.nan if constant else spearmanr(x, np.clip(y, -9, None))[0], atol=1e-9)
