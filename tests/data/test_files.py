"""Files are whole or absent, whatever happens."""

import errno
import json
import subprocess
import sys

import pytest

from lgaf.errors import DataError
from lgaf.files import atomic, read_json, write_json, write_text


def test_writes_and_makes_folders(tmp_path):
    write_text(tmp_path / "a" / "b.txt", "é")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "é".encode()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.txt"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_keeps_the_old_file(tmp_path, failure):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write():
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise failure

    with pytest.raises(failure):
        write()
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.txt", "old")]


def test_nan_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"value": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    """A limit on file sizes stands in for the full disk: the write fails midway."""
    script = (
        "import resource, signal, sys\n"
        "from lgaf.formats.pack import write_pack\n"
        "from lgaf.errors import DataError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    with write_pack(sys.argv[1]) as pack:\n"
        "        for index in range(1000):\n"
        "            pack.add(str(index), b'x' * 1000, 0)\n"
        "except DataError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "a.arrow"], capture_output=True, text=True, check=True
    )
    assert "a.arrow: cannot be written: " in done.stdout
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_no_space_is_a_data_error_but_another_files_error_passes(tmp_path):
    def write(error):
        with atomic(tmp_path / "a.txt"):
            raise error

    with pytest.raises(DataError, match=r"a\.txt: cannot be written: No space left"):
        write(OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(FileNotFoundError):
        write(FileNotFoundError(errno.ENOENT, "No such file", str(tmp_path / "other.txt")))


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "")
    with pytest.raises(DataError, match="cannot be written"):
        write_text(tmp_path / "file" / "folder" / "a.txt", "")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_what_is_not_json(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.json: not JSON"):
        read_json(tmp_path / "a.json")


def test_json_round_trip_and_absence(tmp_path):
    write_json(tmp_path / "a.json", {"é": [1, None]})
    assert read_json(tmp_path / "a.json") == {"é": [1, None]} == json.loads((tmp_path / "a.json").read_text())
    with pytest.raises(DataError, match="no such file"):
        read_json(tmp_path / "b.json")
