"""Protocol files: round trips and refusals."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgaf.errors import DataError
from lgaf.formats.protocol import Identification, Verification, read_protocol, write_protocol

names = st.text(st.characters(exclude_categories=["Cs"]))
verifications = st.builds(
    Verification,
    pairs=st.lists(st.tuples(names, names, st.booleans()), max_size=5),
    folds=st.integers(2, 20),
    all_pairs=st.lists(st.lists(names, max_size=3), max_size=2),
    groups=st.none() | st.dictionaries(names, names, max_size=3),
)
identifications = st.builds(
    Identification,
    gallery=st.lists(names, max_size=4),
    distractors=st.lists(names, max_size=4),
    probes=st.dictionaries(names, st.lists(names, max_size=3), max_size=3),
    ranks=st.lists(st.integers(1, 50), min_size=1, max_size=3),
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(protocol=verifications | identifications)
def test_round_trip(tmp_path, protocol):
    write_protocol(tmp_path / "a.json", protocol)
    assert read_protocol(tmp_path / "a.json") == protocol


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"kind": "clustering"},
        {"kind": "verification"},
        {"kind": "verification", "pairs": [["a", "b"]]},
        {"kind": "verification", "pairs": [], "folds": 1},
        {"kind": "verification", "pairs": [], "fold": 10},
        {"kind": "verification", "pairs": [["a", "b", True]] * 2, "folds": 2, "fold_sizes": [1, 2]},
        {"kind": "verification", "pairs": [["a", "b", True]] * 2, "folds": 3, "fold_sizes": [1, 1]},
        {"kind": "verification", "pairs": [["a", "b", True]], "folds": 2, "conditions": ["day", "night"]},
        {"kind": "verification", "pairs": [], "all_pairs": [["a"], ["b"], ["c"]]},
        {"kind": "identification", "gallery": ["a"], "probes": ["b"]},
        {"kind": "identification", "gallery": ["a"], "probes": {"": ["b"]}, "ranks": []},
        {"kind": "x" * 1000},
    ],
)
def test_what_is_no_protocol_is_refused(tmp_path, value):
    (tmp_path / "a.json").write_text(json.dumps(value))
    with pytest.raises(DataError, match=r"a\.json: ") as caught:
        read_protocol(tmp_path / "a.json")
    assert str(caught.value).endswith("; run `dvc repro -f photos` to make it again")
    assert "\n" not in str(caught.value)
