"""Right or wrong, trial by trial, and as text."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgaf.errors import DataError
from lgaf.evaluate.outcomes import outcomes, pack_bits, unpack_bits


def test_pairs():
    """Of a left image of nobody known each pair is a trial of someone of its own."""
    columns = {"fold": [0, 0, 1, 1], "correct": [True, False, True, True]}
    found = outcomes(pa.table({**columns, "identity_left": pa.array([4, -1, 0, -1], pa.int32())}))
    assert list(found) == ["accuracy"]
    assert found["accuracy"].right.tolist() == [True, False, True, True]
    known, first, zero, second = found["accuracy"].person.tolist()
    assert (known, zero) == (4, 0)
    assert first != second
    assert max(first, second) < 0


def test_a_search():
    """A dropped probe, whose rank is null, is no trial; a set has its own metric, the unnamed one none of its name."""
    ranks = pa.array([0, 3, None, 0, 1, 0], pa.int64())
    found = outcomes(pa.table({"set": ["d1", "", "d1", "", "d1", "d1"], "rank": ranks, "identity": [1, 2, 3, 4, 5, 6]}))
    assert {name: (it.right.tolist(), it.person.tolist()) for name, it in found.items()} == {
        "d1_rank1": ([True, False, True], [1, 5, 6]),
        "rank1": ([False, True], [2, 4]),
    }


def test_templates_have_none():
    assert outcomes(pa.table({"left": [1], "right": [2], "same": [True], "score": [0.5]})) == {}


@given(st.lists(st.booleans(), max_size=40))
def test_bits_come_back(right):
    text = pack_bits(np.array(right, bool))
    assert len(text) <= -(-len(right) // 24) * 4
    found = unpack_bits(text, len(right))
    assert found.dtype == bool
    assert found.tolist() == right
    for other in (len(right) + 8, len(right) - 8):
        if other >= 0:
            with pytest.raises(DataError, match=f"does not hold {other} trials"):
                unpack_bits(text, other)


@pytest.mark.parametrize("text", ["AA?A", "A", 7, None, ["AAAA"]])
def test_other_text_is_refused(text):
    with pytest.raises(DataError, match="does not hold 8 trials"):
        unpack_bits(text, 8)
