"""Which faces are looked at."""

import numpy as np

from lgaf.maps.faces import SHOWN, sample_faces


def test_two_people_each_clean_then_at_the_worst_level(laboratory):
    found = sample_faces(laboratory)
    assert found == sample_faces(laboratory)
    names = [laboratory.name(sample.row) for sample in found]
    first, last = names[:6], names[6:]
    for own in (first, last):
        face = own[0].removeprefix("clean/")
        assert own == [f"clean/{face}", *(f"{kind}-3/{face}" for kind in SHOWN)]
    assert first[0] != last[0]
    assert len({int(laboratory.labels[sample.row]) for sample in found}) == 2


def test_titles_say_the_strength_as_measured(laboratory):
    found = sample_faces(laboratory)[:6]
    assert [sample.title.split("\n")[0] for sample in found] == [
        "clean", "mask", "rectangles", "warp", "low resolution", "noise",
    ]  # fmt: skip
    strength = laboratory.truth["strength"]
    for sample, unit in zip(found[1:], ["of the face", "of the face", "eye distances"], strict=False):
        assert sample.title.endswith(f" {unit}")
        assert np.isclose(float(sample.title.split("\n")[1].split()[0]), strength[sample.row], rtol=0.05)
