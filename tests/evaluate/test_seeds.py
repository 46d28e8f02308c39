"""The mean over seeds and its interval, against a simulation and by hand."""

import numpy as np
import pytest

from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import Estimate
from lgaf.evaluate.compare import holm, paired_difference
from lgaf.evaluate.replicates import Replicates, parse_replicates, read_replicates, write_replicates
from lgaf.evaluate.seeds import average, over_seeds, seed_draws


def made(value, replicates, n=10, units=5):
    return Estimate(value, n, units, np.asarray(replicates, float))


def test_one_seed_is_itself():
    only = made(0.5, [0.4, 0.6, 0.5])
    found = over_seeds([only], seed_draws("row", 1, 3, 0))
    assert (found.value, found.n, found.units) == (0.5, 10, 5)
    np.testing.assert_array_equal(found.replicates, only.replicates)


def test_by_hand():
    seeds = [made(0.2, [0.1, 0.2, 0.3]), made(0.4, [0.4, 0.5, 0.6]), made(0.9, [0.7, 0.8, 0.9])]
    found = over_seeds(seeds, np.array([[0, 2], [1, 1], [2, 0]]))
    assert found.value == pytest.approx(0.5)
    np.testing.assert_allclose(found.replicates, [(0.1 + 0.7) / 2, 0.5, (0.9 + 0.3) / 2])


@pytest.mark.parametrize("seeds", [2, 3, 8])
def test_the_variance_over_seeds_is_unbiased(seeds):
    """With people who do not vary, replicates vary as the mean of S seeds does: s^2 / S with s^2's divisor S - 1."""
    rng = np.random.default_rng(seeds)
    values = rng.random(seeds)
    estimates = [made(value, np.full(200_000, value)) for value in values]
    found = over_seeds(estimates, seed_draws("row", seeds, 200_000, 0))
    assert found.replicates.var() == pytest.approx(values.var(ddof=1) / seeds, rel=0.02)
    assert found.replicates.mean() == pytest.approx(values.mean(), rel=0.01)


def test_draws_are_of_a_row_and_a_seed():
    one = seed_draws("lgaf", 4, 50, 0)
    assert one.shape == (50, 3)
    assert set(one.flat) == {0, 1, 2, 3}
    np.testing.assert_array_equal(one, seed_draws("lgaf", 4, 50, 0))
    assert not np.array_equal(one, seed_draws("arcface", 4, 50, 0))
    assert not np.array_equal(one, seed_draws("lgaf", 4, 50, 1))


def test_average():
    found = average([made(0.2, [0.1, 0.3], n=4, units=2), made(0.6, [0.5, 0.9], n=6, units=3)])
    assert (found.value, found.n, found.units) == (pytest.approx(0.4), 10, 5)
    np.testing.assert_allclose(found.replicates, [0.3, 0.6])


def test_paired_difference_by_hand():
    first, second = made(0.9, [0.9, 0.8, 0.7, 1.0]), made(0.6, [0.5, 0.7, 0.8, 0.4])
    found = paired_difference(first, second, confidence=0.5)
    assert found.difference == pytest.approx(0.3)
    assert (found.low, found.high) == pytest.approx(np.quantile([0.4, 0.1, -0.1, 0.6], [0.25, 0.75]))
    assert found.p == pytest.approx(2 * (1 + 1) / 5)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([0.4, 0.6]) == pytest.approx([0.8, 0.8])
    assert holm([]) == []


def test_file_and_what_is_none(tmp_path):
    path = tmp_path / "r.arrow"
    estimates = {"accuracy": made(0.5, [0.1, np.nan, 0.3]), "tar@far=1e-2": made(0.1, [0.0, 0.2, 0.1], n=3)}
    write_replicates(path, Replicates(estimates, "hash", "3 of [0, 1]", "world/lfw"))
    for found in (read_replicates(path), parse_replicates("x", path.read_bytes())):
        assert (found.trials, found.drawn, found.benchmark) == ("hash", "3 of [0, 1]", "world/lfw")
        for name, expected in estimates.items():
            got = found.estimates[name]
            assert (got.value, got.n, got.units) == (expected.value, expected.n, expected.units)
            np.testing.assert_array_equal(got.replicates, expected.replicates)
    assert found.paired_with(Replicates({}, "hash", "3 of [0, 1]", "lfw"))
    assert not found.paired_with(Replicates({}, "other", "3 of [0, 1]", "world/lfw"))
    assert not found.paired_with(Replicates({}, "hash", "4 of [0, 1]", "world/lfw"))
    for content in (b"", b"nonsense", path.read_bytes()[:300]):
        with pytest.raises(DataError, match="x: not a whole"):
            parse_replicates("x", content)
