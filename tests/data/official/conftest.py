import os
from pathlib import Path

import miniature
import pytest


@pytest.fixture(scope="session")
def layouts(tmp_path_factory):
    """All benchmarks with reduced counts; read only."""
    root = tmp_path_factory.mktemp("official")
    miniature.write_root(root)
    return root


@pytest.fixture(scope="session")
def published_lists():
    """Genuine lists of CFP, CPLFW and TinyFace."""
    data = os.environ.get("LGAF_TEST_DATA")
    if not data or not (Path(data) / "protocols").is_dir():
        pytest.skip("set LGAF_TEST_DATA to a folder that holds protocols/ to test on the official lists")
    return Path(data) / "protocols"
