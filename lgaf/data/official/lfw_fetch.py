"""Where Labeled Faces in the Wild lies below ``data.root``, and how it is fetched there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from lgaf.data.official.reading import find, first_filled
from lgaf.errors import DataError
from lgaf.files import unreadable

FETCHED = "lfw_home"
"""Folder that scikit-learn fetches LFW into."""
FOLDERS = ("lfw", FETCHED)
"""Names of LFW's folder below ``data.root``; the first that is there and not empty is read."""
PHOTO_FOLDERS = ("lfw-deepfunneled", "lfw_funneled", "lfw")
"""Names under which the photos are published, best aligned first."""


def locate_lfw(root: Path) -> Path | None:
    """LFW's folder below ``root``, which is ``data.root``; None where there is none and it can be fetched.

    Raises:
        DataError: ``root`` is LFW's folder itself, or is no folder, or has a file where LFW would be fetched to.
    """
    if os.path.lexists(root) and not os.path.isdir(root):
        raise DataError(f"{root}: not a folder; set data.root to the folder that holds the data sets")
    try:
        folder = first_filled(root, FOLDERS)
    except OSError as error:
        raise unreadable(root, error, "see docs/datasets/lfw.md") from None
    if folder is None or not (folder / "pairs.txt").exists():
        own = [name for name in ("pairs.txt", *PHOTO_FOLDERS[:2]) if (root / name).exists()]
        if own:
            path = Path(os.path.abspath(root))
            name = "" if path.name in FOLDERS else f", and name {path.name} {FOLDERS[0]} there"
            raise DataError(
                f"{root}: is LFW's own folder, since it holds {own[0]}; set data.root to the folder that holds it, "
                f"{path.parent}{name}"
            )
    home = root / FETCHED
    empty = home.is_dir() and not home.is_symlink() and not any(os.scandir(home))
    if folder is None and os.path.lexists(home) and not empty:
        raise DataError(f"{home}: holds no LFW, and is in the way where it would be fetched to; remove it")
    return folder


def fetch_lfw(root: Path) -> Path:
    """LFW's folder, which :func:`import_lfw` reads, below ``root``, which is ``data.root``.

    Where there is none, scikit-learn downloads LFW (funneled, about 230 MB) into ``root``/lfw_home and checks its
    SHA-256 sums. ``lfw_home`` appears only when whole.

    Raises:
        DataError: as :func:`locate_lfw`; there is no network, or the disk is full.
    """
    if folder := locate_lfw(root):
        return folder
    from sklearn.datasets import fetch_lfw_pairs

    home = root / FETCHED
    print(f"lfw: fetching into {home} (about 230 MB)", file=sys.stderr)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=root, prefix=".fetch-") as temporary:
            fetch_lfw_pairs(subset="test", data_home=temporary)  # the smallest call that gets all photos and lists
            (Path(temporary) / home.name).rename(home)
    except OSError as error:
        raise DataError(
            f"{root}: LFW cannot be downloaded: {error}; fetch it by hand, see docs/datasets/lfw.md"
        ) from error
    return home


def find_photos(folder: Path) -> Path:
    """The folder of people's folders."""
    return find(folder, PHOTO_FOLDERS, "photos", "lfw")
