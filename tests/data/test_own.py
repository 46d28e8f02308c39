"""Benchmarks of the user's own: lists of any kind read as a person would read them."""

from itertools import combinations
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from own_lists import GALLERY, NAMES, PROBES, person, read, text_of

from lgaf.data.own.folds import into_folds
from lgaf.evaluate.verification.folds import fold_numbers


@st.composite
def pair_lists(draw):
    """Some pairs of both kinds, in any order, and what the list says of them."""
    every = [draw(st.sampled_from([pair, pair[::-1]])) for pair in combinations(NAMES, 2)]
    mated = [pair for pair in every if person(pair[0]) == person(pair[1])]
    others = [pair for pair in every if person(pair[0]) != person(pair[1])]
    chosen = [draw(st.lists(st.sampled_from(kind), min_size=2, unique=True)) for kind in (mated, others)]
    pairs = draw(st.permutations(chosen[0] + chosen[1]))
    columns = {"left": [a for a, _ in pairs], "right": [b for _, b in pairs]}
    yes, no = draw(st.sampled_from([("1", "0"), ("true", "False"), ("YES", "no")]))
    columns["same"] = [yes if person(a) == person(b) else no for a, b in pairs]
    if draw(st.booleans()):
        columns |= {"identity_left": [person(a) for a, _ in pairs], "identity_right": [person(b) for _, b in pairs]}
    if draw(st.booleans()):
        columns |= {"group_left": [a[0] in "ab" for a, _ in pairs], "group_right": [b[0] in "ab" for _, b in pairs]}
        people = {person(name) for pair in pairs for name in pair}
        if len(people & {"ann", "bob"}) == 1 or len(people - {"ann", "bob"}) == 1:
            columns |= {"group_left": ["all"] * len(pairs), "group_right": ["all"] * len(pairs)}
    if draw(st.booleans()):
        columns["condition"] = [draw(st.sampled_from(["day", "night"])) for _ in pairs]
    return dict(draw(st.permutations(list(columns.items()))))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=pair_lists(),
    separator=st.sampled_from(",;\t"),
    bom=st.booleans(),
    ending=st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_a_list_of_pairs_asks_what_it_says(folder, columns, separator, bom, ending):
    rows = list(zip(*columns.values(), strict=True))
    text = ("\ufeff" if bom else "") + text_of(columns, rows, separator).replace("\r\n", ending)
    found = read(folder, pairs=text)
    asked = found.protocol
    wanted = [(a, b, person(a) == person(b)) for a, b in zip(columns["left"], columns["right"], strict=True)]
    assert sorted(asked.pairs) == sorted(wanted)
    for kind in (True, False):  # each kind keeps its order
        assert [pair for pair in asked.pairs if pair[2] == kind] == [pair for pair in wanted if pair[2] == kind]
    if "condition" in columns:
        said = dict(zip(wanted, columns["condition"], strict=True))
        assert asked.conditions == [said[pair] for pair in asked.pairs]
    else:
        assert asked.conditions is None
    named = {name for pair in wanted for name in pair[:2]}
    assert {image.name for image in found.images} == named
    assert len(found.images) == len(named)
    assert all(image.source == folder / image.name for image in found.images)
    labels = {image.name: image.label for image in found.images}
    if "identity_left" in columns:
        assert all((labels[a] == labels[b]) == same for a, b, same in wanted)
        assert {*labels.values()} == {*range(len({person(name) for name in named}))}
    else:
        assert {*labels.values()} == {-1}
    if "group_left" in columns:
        sides = [*zip(columns["left"], columns["group_left"], strict=True)]
        sides += zip(columns["right"], columns["group_right"], strict=True)
        assert asked.groups == {name: str(group) for name, group in sides}
    else:
        assert asked.groups is None
    assert found.notes[0].startswith(f"own photos: pairs.csv: {len(rows)} pairs of {len(named)} photos of ")


@settings(max_examples=200)
@given(mated=st.integers(2, 90), nonmated=st.integers(2, 90), order=st.randoms(use_true_random=False))
def test_folds_have_even_shares_of_both_kinds(mated, nonmated, order):
    """Whatever the order: also where all mated pairs come first."""
    kinds = [True] * mated + [False] * nonmated
    if order.random() < 0.7:
        order.shuffle(kinds)
    pairs = [(f"a{row}", f"b{row}", kind) for row, kind in enumerate(kinds)]
    folds = into_folds(Path("pairs.csv"), pairs, [None] * len(pairs))
    assert sorted(folds.order) == list(range(len(pairs)))
    assert len(folds.sizes) == min(10, mated, nonmated)
    fold = np.repeat(np.arange(len(folds.sizes)), folds.sizes)
    assert fold.tolist() == fold_numbers(len(pairs), len(folds.sizes)).tolist(), "as no sizes are told"
    for kind, count in ((True, mated), (False, nonmated)):
        rows = [place for place, row in enumerate(folds.order) if kinds[row] == kind]
        shares = np.bincount(fold[rows], minlength=len(folds.sizes))
        assert np.abs(shares - np.array(folds.sizes) * count / len(pairs)).max() < 1.5
        assert np.count_nonzero(shares) >= 2


def test_folds_of_the_list(folder):
    """They keep their pairs, and it is said whether they share people."""
    rows = [("ann/1.jpg", "ann/2.jpg", 1, "ann", "ann", "x"), ("ann/1.jpg", "bob/1.jpg", 0, "ann", "bob", "x"),
            ("cid/1.jpg", "cid/2.jpg", 1, "cid", "cid", "y"), ("cid/1.jpg", "bob/1.jpg", 0, "cid", "bob", "y"),
            ("ann/2.jpg", "bob/1.jpg", 0, "ann", "bob", "x")]  # fmt: skip
    columns = ("left", "right", "same", "identity_left", "identity_right", "fold")
    found = read(folder, pairs=text_of(columns, rows))
    assert (found.protocol.folds, found.protocol.fold_sizes) == (2, [3, 2])
    assert found.protocol.pairs == [(a, b, bool(same)) for a, b, same, *_ in sorted(rows, key=lambda row: row[-1])]
    assert found.notes[1] == "folds: the list's own; they share 1 of 3 people"
    apart = [row for row in rows if row[:2] != ("cid/1.jpg", "bob/1.jpg")]
    apart.append(("cid/1.jpg", "Ünal, Dr/1.jpg", 0, "cid", "Ünal, Dr", "y"))
    assert read(folder, pairs=text_of(columns, apart)).notes[1] == "folds: the list's own; they share no one"


def test_a_search(folder):
    found = read(folder, gallery=GALLERY, probes=PROBES)
    asked = found.protocol
    assert (asked.gallery, asked.distractors) == (["ann/1.jpg", "bob/1.jpg"], ["cid/1.jpg"])
    assert asked.probes == {"near": ["ann/2.jpg", "bob/3.jpg"], "far": ["bob/2.jpg"]}
    labels = {image.name: image.label for image in found.images}
    assert labels == {"ann/1.jpg": 0, "ann/2.jpg": 0, "bob/1.jpg": 1, "bob/2.jpg": 1, "bob/3.jpg": 1, "cid/1.jpg": 2}
    assert found.notes == ["own photos: gallery.csv, 3 photos, and probes.csv, 3: 6 photos of 3 people"]
    plain = read(folder, gallery=GALLERY, probes="identity,image\nann,./ann//2.jpg\n")
    assert plain.protocol.probes == {"": ["ann/2.jpg"]}
