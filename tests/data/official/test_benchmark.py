"""Opening by name, .bin files, and what is written."""

import shutil

import miniature
import numpy as np
import pytest

from lgaf.align.warp import template
from lgaf.catalogue import BENCHMARKS as CATALOGUE
from lgaf.config import BENCHMARKS
from lgaf.data.benchmark import Benchmark, Image, write_benchmark
from lgaf.data.official.readers import READERS, open_benchmark
from lgaf.data.official.run import import_run, lacking
from lgaf.data.verification_bin import write_verification_bin
from lgaf.errors import DataError, SettingsError
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import Verification, read_protocol


def write_bin(path, pairs):
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [miniature.picture(f"bin{index // 3}", index, 112) for index in range(2 * pairs)]
    write_verification_bin(path, images, np.arange(pairs) % 2 == 0)
    return images


def test_one_list_of_names():
    assert tuple(READERS) == tuple(CATALOGUE) == BENCHMARKS["official"] == miniature.NAMES


@pytest.mark.parametrize("name", miniature.NAMES)
def test_written_as_opened(layouts, tmp_path, name):
    benchmark = open_benchmark(name, layouts, counts="any", agedb={"draw": 0})
    write_benchmark(benchmark, tmp_path)
    pack, protocol = Pack(tmp_path / f"{name}.arrow"), read_protocol(tmp_path / f"{name}.json")
    assert pack.names == [image.name for image in benchmark.images]
    assert pack.labels.tolist() == [image.label for image in benchmark.images]
    assert pack.encoded(3) == benchmark.images[3].source.read_bytes()
    assert pack.image(3).shape == (24, 24, 3)
    assert protocol.notes == benchmark.notes
    assert protocol.kind == benchmark.protocol.kind
    if name == "agedb":
        assert pack.truth["age"].tolist() == [int(each.split("_")[2]) for each in pack.names]


@pytest.mark.parametrize("place", ["cfp_fp.bin", "bin/cfp_fp.bin"])
def test_bin(tmp_path, place):
    images = write_bin(tmp_path / place, 20)
    benchmark = open_benchmark("cfp_fp", tmp_path, counts="any")
    assert [image.source for image in benchmark.images] == images
    assert [image.name for image in benchmark.images[:2]] == ["000000", "000001"]
    assert {image.label for image in benchmark.images} == {-1}
    assert all(np.array_equal(image.landmarks, template(112)) for image in benchmark.images)
    assert benchmark.protocol.pairs[:2] == [("000000", "000001", True), ("000002", "000003", False)]
    assert len(benchmark.protocol.pairs) == 20
    assert benchmark.notes[-1].startswith("cfp_fp.bin: images as its maker aligned them")
    with pytest.raises(DataError, match=r"cfp_fp\.bin: has 20 pairs \(published: 7,000\); get the whole"):
        open_benchmark("cfp_fp", tmp_path)


def test_bin_has_the_published_number_of_pairs(tmp_path):
    write_verification_bin(tmp_path / "lfw.bin", [b"x"] * 12000, np.arange(6000) % 2 == 0)
    assert not any(note.startswith("NOT") for note in open_benchmark("lfw", tmp_path).notes)


def test_layout_and_bin(layouts, tmp_path):
    """The official layout is read where both are there, unless told otherwise; AgeDB's photos alone ask nothing."""
    for name in ("cplfw", "agedb"):
        shutil.copytree(layouts / name, tmp_path / name)
    write_bin(tmp_path / "cplfw.bin", 20)
    write_bin(tmp_path / "agedb_30.bin", 20)

    def first(name, **options):
        return open_benchmark(name, tmp_path, counts="any", **options).images[0].name

    assert first("cplfw") == "Cross_Pose00_1.jpg"
    assert first("cplfw", prefer="bin") == "000000"
    assert first("agedb") == "000000"
    assert first("agedb", agedb={"draw": 1}).endswith(".jpg")
    assert first("agedb", agedb={"draw": 1}, prefer="bin") == "000000"


def test_mistakes_are_named(tmp_path):
    with pytest.raises(DataError, match=r"'lfww' is no benchmark; known: lfw, cfp_fp"):
        open_benchmark("lfww", tmp_path)
    with pytest.raises(SettingsError, match=r"draw: unknown key \(allowed: prefer, counts, scface, agedb\)$"):
        open_benchmark("scface", tmp_path, draw=3)
    with pytest.raises(SettingsError, match=r"scface\.gallery: 'half'"):
        open_benchmark("scface", tmp_path, scface={"gallery": "half"})
    with pytest.raises(DataError, match=r"has no scface: looked for scface/, SCface_database/; see docs/datasets"):
        open_benchmark("scface", tmp_path / "nowhere")


def test_a_root_in_which_nothing_can_be_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"n: cannot be read: File name too long; see docs/datasets/README\.md"):
        open_benchmark("scface", tmp_path / ("n" * 1000))


def test_a_run_without_a_training_set(layouts, tmp_path):
    import_run(layouts, None, ["lfw", "scface"], {"counts": "any"}, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "lfw.arrow", "lfw.json", "scface.arrow", "scface.json", "train.arrow"
    ]  # fmt: skip
    assert len(Pack(tmp_path / "out/train.arrow")) == 0
    assert lacking(layouts, None, ["lfw"]) == []
    with pytest.raises(DataError, match=r"^[^\n]*no such file or folder; set data\.train"):
        import_run(layouts, layouts / "none", ["lfw"], {"counts": "any"}, tmp_path / "other")


def test_an_image_that_vanishes(tmp_path):
    benchmark = Benchmark("x", [Image("a", tmp_path / "a.jpg")], Verification(pairs=[], folds=10), [])
    with pytest.raises(DataError, match=r"a\.jpg: no such file; get the whole data set"):
        write_benchmark(benchmark, tmp_path)
    assert list(tmp_path.iterdir()) == []
