"""Files are whole or absent, whatever happens."""

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgaf.errors import DataError
from lgaf.files import atomic, printable, read_json, read_text, regular_file, write_json, write_text


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
    with pytest.raises(DataError, match=r"a\.json: not (JSON|a text file)"):
        read_json(tmp_path / "a.json")


def test_json_round_trip_and_absence(tmp_path):
    write_json(tmp_path / "a.json", {"é": [1, None]})
    assert read_json(tmp_path / "a.json") == {"é": [1, None]} == json.loads((tmp_path / "a.json").read_text())
    with pytest.raises(DataError, match="no such file"):
        read_json(tmp_path / "b.json")


OTHERS = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a socket": lambda path: socket.socket(socket.AF_UNIX).bind(str(path)),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_file_is_not_opened(tmp_path, monkeypatch, what):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    path = Path("a.json")
    OTHERS[what](path)
    with pytest.raises(DataError, match=rf"^a\.json: is {what}, not a file; run `dvc repro` to make it$"):
        read_json(path)
    with pytest.raises(DataError, match=rf"^a\.json: is {what}, not a file; fetch it$"):
        regular_file(path, "fetch it")


def test_what_is_not_there(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").touch()
    for name, reason in {
        "none": "no such file",
        "link": "a link that leads nowhere",
        "circle": "cannot be read: .*",
        "file/a": "cannot be read: Not a directory",
        "zero\0": "cannot be read: .*null.*",
        "n" * 1000: "cannot be read: File name too long",
    }.items():
        with pytest.raises(DataError, match=f"{name}: {reason}; fetch it$"):
            read_text(tmp_path / name, "fetch it", 10)
    (tmp_path / "good").symlink_to("file")
    assert regular_file(tmp_path / "good", "").st_size == 0


def test_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_text(path, "fetch it", 100) == "a\nb\nc\n"
    with pytest.raises(DataError, match=r"a\.txt: 10 bytes are too many for such a file; fetch it"):
        read_text(path, "fetch it", 8)
    path.write_bytes(b"\xff\xfea\0")
    with pytest.raises(DataError, match=r"a\.txt: not a text file: .*; fetch it"):
        read_text(path, "fetch it", 8)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[" * 100_000, "lists in lists without end"),
        ('{"a":' * 100_000, "lists in lists without end"),
        ("9" * 5000, "a whole number of 5000 digits, beyond 64 bits"),
        ("[-" + "9" * 20 + "]", "a whole number of 20 digits, beyond 64 bits"),
        (str(2**64), "a whole number of 20 digits, beyond 64 bits"),
        ("1e999", "1e999 is no finite number"),
        ("1." + "0" * 100 + "e999", "1.0* is no finite number"),
        ("[NaN]", "NaN is no finite number"),
        ("-Infinity", "-Infinity is no finite number"),
        ("\0", "Expecting value"),
    ],
)
def test_json_that_cannot_be_worked_with(tmp_path, content, reason):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataError, match=rf"a\.json: not JSON: {reason}.*; run `dvc repro`") as caught:
        read_json(tmp_path / "a.json")
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_json_numbers_that_are_kept(tmp_path):
    (tmp_path / "a.json").write_bytes(
        b"\xef\xbb\xbf[0, -1, 18446744073709551615, -9223372036854775808, 1e308, 0.5, -0.0]"
    )
    assert read_json(tmp_path / "a.json") == [0, -1, 2**64 - 1, -(2**63), 1e308, 0.5, -0.0]


def test_printable():
    kept = "a b/é漢字🙂\\n'\"\n"
    assert printable(kept) == kept
    assert printable("\x1b[2J\x07\r\t\x9b\x00\x7f") == r"\x1b[2J\x07\r\t\x9b\x00\x7f"
    assert printable("a\u202eb\u2066\u200b\u2028\ufeff\xa0") == r"a\u202eb\u2066\u200b\u2028\ufeff\xa0"
    assert printable("\udcff\U000e0041") == r"\udcff\U000e0041"


@given(st.text())
def test_all_that_is_printed_is_printable(text):
    shown = printable(text)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.count("\n") == text.count("\n")
    assert printable(shown) == shown
    shown.encode()
