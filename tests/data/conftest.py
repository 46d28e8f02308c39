"""That pytest puts this folder on the path, where the tests of official/ find record_files."""

import pytest
from own_lists import NAMES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three photos of each of four people."""
    folder = tmp_path_factory.mktemp("photos")
    for name in NAMES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder
