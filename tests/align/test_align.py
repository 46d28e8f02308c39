"""From pack to aligned pack: what is kept, counted, listed, refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from lgaf.align.align import NO_MOVE, align_pack
from lgaf.align.settings import AlignSettings
from lgaf.align.warp import template, warp
from lgaf.errors import DataError
from lgaf.formats.image import decode_image
from lgaf.formats.pack import Pack, write_pack
from lgaf.formats.reference import Reference

SETTINGS = AlignSettings()


def encode(image, extension=".png"):
    return cv2.imencode(extension, image[..., ::-1])[1].tobytes()


def align(source, settings=SETTINGS, on_miss="drop", size=112, workers=1):
    target, report = source.with_name("aligned.arrow"), source.with_name("report.json")
    align_pack(source, target, report, settings, size, on_miss, workers)
    return Pack(target), json.loads(report.read_text())


def leftovers(source):
    return sorted(path.name for path in source.parent.iterdir() if path != source)


def test_a_found_face_lands_on_the_template(make_pack, face):
    pack, report = align(make_pack([("a", face, None), ("b", face[:, ::-1], None)]))
    assert report == {
        "counts": {"images": 2, "detected": 2, "given": 0, "missed": 0, "unreadable": 0, "written": 2},
        "missed": [],
        "unreadable": [],
    }
    assert pack.names == ["a", "b"]
    for index in range(2):
        assert pack.image(index).shape == (112, 112, 3)
        np.testing.assert_allclose(pack.landmarks(index), template(112), atol=6)
    # Her red-orange suit is below the face: the channels are still in order.
    red, _, blue = pack.image(0)[100:, :20].reshape(-1, 3).mean(axis=0)
    assert red > blue


def test_labels_and_truth_pass_through(make_pack, face):
    pack, _ = align(make_pack([(name, face, None) for name in "abcd"]), size=64)
    assert pack.labels.tolist() == [0, 1, 2, 0]
    assert pack.table["yaw"].to_pylist() == [0.0, None, 2.0, 3.0]


def test_given_landmarks_are_used_and_gaps_detected(make_pack, face, empty):
    given = template(112).astype(np.float32) * 0.5 + [20, 30]
    source = make_pack([("given", empty, given), ("gap", face, None), ("useless", empty, np.zeros((5, 2)))])
    pack, report = align(source, AlignSettings(landmarks="given"))
    assert report["counts"] == {"images": 3, "detected": 1, "given": 1, "missed": 1, "unreadable": 0, "written": 2}
    assert report["missed"] == [
        {"name": "useless", "reason": "landmarks (given): points are all the same", "done": "skipped"}
    ]
    np.testing.assert_allclose(pack.landmarks(0), template(112), atol=1e-3)
    _, report = align(source)  # "detect" does not look at them
    assert report["counts"]["given"] == 0
    assert report["counts"]["missed"] == 2


def test_an_aligned_image_is_passed_on_as_it_is(tmp_path, face):
    """Same bytes, or same reference, after it was decoded; not where a pixel would move or the size is another."""
    crop = encode(face[:112, :112], ".jpg")
    (tmp_path / "train.rec").write_bytes(b"head" + crop)
    points = template(112)
    source = tmp_path / "photos.arrow"
    with write_pack(source, refers=True) as pack:
        pack.add("embedded", crop, 0, points)
        pack.add("referred", Reference(str(tmp_path / "train.rec"), 4, len(crop)), 1, points)
        pack.add("moved", crop, 2, points + np.float32([0.01, 0]))
        pack.add("larger", encode(face), 3, points)
    aligned, report = align(source, AlignSettings(landmarks="given"))
    assert report["counts"]["given"] == report["counts"]["written"] == 4
    assert aligned.stored(0) == crop
    assert aligned.stored(1) == (str(tmp_path / "train.rec"), 4, len(crop))
    np.testing.assert_array_equal(aligned.image(1), decode_image(crop, "crop"))
    assert aligned.stored(2)[:4] == aligned.stored(3)[:4] == b"\x89PNG"
    np.testing.assert_allclose(aligned.landmarks(1), points, atol=1e-4)
    (tmp_path / "train.rec").write_bytes(b"head" + b"x" * len(crop))
    with pytest.raises(DataError, match=r"record 1 \(referred\): not a readable image"):
        align(source, AlignSettings(landmarks="given"))
    (tmp_path / "train.rec").write_bytes(crop)
    with pytest.raises(DataError, match=r"record 1 \(referred\): .*train\.rec has .* bytes, not the .* it had"):
        align(source, AlignSettings(landmarks="given"))
    moved = warp(face[:112, :112], np.eye(2, 3) + NO_MOVE, 112)
    assert np.abs(moved.astype(int) - face[:112, :112]).max() <= 1


def test_a_miss_is_dropped_or_cropped_and_listed(make_pack, face, empty):
    source = make_pack([("a", face, None), ("nobody", empty, None), ("c", face, None)])
    pack, report = align(source, on_miss="drop")
    reason = "no face of score 0.5 or more"
    assert (pack.names, pack.labels.tolist()) == (["a", "c"], [0, 2])
    assert report["missed"] == [{"name": "nobody", "reason": reason, "done": "skipped"}]
    pack, report = align(source, on_miss="centre")
    assert pack.names == ["a", "nobody", "c"]
    assert pack.landmarks(1) is None
    assert report["missed"] == [{"name": "nobody", "reason": reason, "done": "centre crop"}]
    assert report["counts"]["missed"] == 1


def test_a_miss_can_be_an_error(make_pack, face, empty):
    source = make_pack([("a", face, None), ("nobody", empty, None)])
    with pytest.raises(DataError, match=r"record 1 \(nobody\): no face"):
        align(source, on_miss="error")
    assert leftovers(source) == []


def test_unreadable_images(make_pack, face):
    rows = [("a", face, None), ("text", b"not an image", None), ("c", face, None), ("none", b"", None)]
    source = make_pack(rows)
    with pytest.raises(DataError, match=r"record 1 \(text\): not a readable image .*max_unreadable=0.0"):
        align(source)
    with pytest.raises(DataError, match=r"record 3 \(none\)"):
        align(source, AlignSettings(max_unreadable=0.25))
    assert leftovers(source) == []
    pack, report = align(source, AlignSettings(max_unreadable=0.5), on_miss="centre")
    assert pack.names == ["a", "c"]
    assert report["counts"] == {"images": 4, "detected": 2, "given": 0, "missed": 0, "unreadable": 2, "written": 2}
    assert [entry["name"] for entry in report["unreadable"]] == ["text", "none"]
    assert all(entry["done"] == "skipped" for entry in report["unreadable"])


def test_nothing_to_align(make_pack, empty):
    with pytest.raises(DataError, match="holds no images"):
        align(make_pack([]))
    with pytest.raises(DataError, match="no face found in any of 1 images"):
        align(make_pack([("nobody", empty, None)]))


def test_the_same_bytes_for_any_number_of_workers(make_pack, face, empty):
    rng = np.random.default_rng(0)
    crops = [face[y : y + 190, x : x + 190] for x, y in rng.integers(0, 60, (40, 2))]
    crops[17] = empty
    source = make_pack([(f"{index}", crop, None) for index, crop in enumerate(crops)])
    results = []
    for workers in (1, 2):
        align(source, on_miss="centre", workers=workers)
        results.append([source.with_name(name).read_bytes() for name in ("aligned.arrow", "report.json")])
    assert results[0] == results[1]


def test_errors_of_workers_come_through(make_pack, face):
    source = make_pack([(f"{index}", face if index < 20 else b"broken", None) for index in range(40)])
    with pytest.raises(DataError, match=r"record 20 \(20\): not a readable image"):
        align(source, workers=2)
    assert leftovers(source) == []


SCRIPT = """
import sys
from pathlib import Path
from lgaf.align.align import NO_MOVE, align_pack
from lgaf.align.settings import AlignSettings
import signal
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
    source = Path(sys.argv[1])
    names = source.with_name("aligned.arrow"), source.with_name("report.json")
    align_pack(source, *names, AlignSettings(detect_size=256), 112, "centre", 2)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads processes from /proc")
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_midway_leaves_no_result_and_no_process(make_pack, face, tmp_path, signal_number):
    source = make_pack([(f"{index}", face, None) for index in range(600)])
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, script, source], stderr=subprocess.PIPE, env=environment)
    first = b""
    while b"/600" not in first or b" 0/600" in first[-200:]:  # the bar moves: the workers are at work
        first += process.stderr.read1(200)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal_number)
    started = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert time.monotonic() - started < 30
    assert len(children) >= 2
    while any(os.path.exists(f"/proc/{child}") for child in children):
        assert time.monotonic() - started < 30
        time.sleep(0.05)
    assert not (tmp_path / "aligned.arrow").exists()
    assert not (tmp_path / "report.json").exists()


@pytest.mark.parametrize(
    "values",
    [{"detector": "mtcnn"}, {"min_score": float("nan")}, {"detect_size": 100}, {"max_unreadable": 1}, {"x": 1}],
)
def test_settings_out_of_range(values):
    with pytest.raises(ValidationError):
        AlignSettings(**values)
