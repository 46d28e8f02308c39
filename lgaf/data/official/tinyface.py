"""TinyFace: closed-set search of low-resolution faces among very many.

Cheng, Zhu and Gong, "Low-Resolution Face Recognition", ACCV 2018. Protocol as AdaFace ``validation_lq`` runs it: the
gallery is ``Gallery_Match`` and all of ``Gallery_Distractor``, every image an entry of its own; probes are ``Probe``;
ranks 1, 5 and 20. A file's name starts with the person's number (``5_11.jpg``), which is the label; the two ``.mat``
lists name each folder's files and number the people anew (5 is 3 there), one number a person, which is checked.
Distractors have no identity. ``docs/datasets/tinyface.md`` shows the tree.
"""

from __future__ import annotations

import re
from pathlib import Path

from lgaf.catalogue import TINYFACE as PUBLISHED
from lgaf.data.benchmark import Benchmark, Image
from lgaf.data.official.mat import read_id_list
from lgaf.data.official.reading import compare_counts, find, list_images, quote, require
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError
from lgaf.formats.protocol import Identification

TEST_FOLDERS = ("Testing_Set", "tinyface/Testing_Set", ".")
NAME = re.compile(r"([0-9]{1,9})_[^\s/\\]+\.(?:jpg|JPG)")


def read_tinyface(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark from ``folder``, which holds ``Testing_Set``.

    Raises:
        DataError: a file is missing or malformed, or the counts are not the published ones.
    """
    base = find(folder, TEST_FOLDERS, "test set", "tinyface")
    renumbered: dict[int, int] = {}
    sets = {
        "Probe": read_list(base / "probe_img_ID_pairs.mat", "probe_ids", "probe_set", renumbered),
        "Gallery_Match": read_list(base / "gallery_match_img_ID_pairs.mat", "gallery_ids", "gallery_set", renumbered),
    }
    if len(set(renumbered.values())) < len(renumbered):
        raise DataError(f"{base}: the .mat lists give two people one ID; fetch both again, together")
    for place, labels in sets.items():
        files = {path.name for path in list_images(base / place, "tinyface").values()}
        require(dict.fromkeys(labels, f"{base}: its lists"), base / place, files.__contains__)
        if strange := sorted(files - labels.keys()):
            raise DataError(
                f"{base / place / strange[0]}: not in the list of {place} ({len(strange):,} such files); remove them"
            )
    distractors = [path.name for path in list_images(base / "Gallery_Distractor", "tinyface").values()]
    found = dict(zip(PUBLISHED, (len(sets["Probe"]), len(sets["Gallery_Match"]), len(distractors)), strict=True))
    notes = compare_counts(base, found, PUBLISHED, options)
    images = [
        Image(f"{place}/{file}", base / place / file, label)
        for place, labels in sets.items()
        for file, label in labels.items()
    ]
    images += [Image(f"Gallery_Distractor/{file}", base / "Gallery_Distractor" / file) for file in distractors]
    protocol = Identification(
        gallery=[f"Gallery_Match/{file}" for file in sets["Gallery_Match"]],
        distractors=[f"Gallery_Distractor/{file}" for file in distractors],
        probes={"": [f"Probe/{file}" for file in sets["Probe"]]},
    )
    people = len(set(sets["Gallery_Match"].values()))
    notes += [f"official test set: mated gallery images of {people:,} people, every image an entry, all distractors in"]
    return Benchmark(name, images, protocol, notes)


def read_list(path: Path, ids: str, names: str, renumbered: dict[int, int]) -> dict[str, int]:
    """File name -> person, as the name tells, of a ``.mat`` list.

    renumbered: person -> ID in the lists; the list's are added to it.

    Raises:
        DataError: the file is missing or malformed, or a person has two IDs.
    """
    listed: dict[str, int] = {}
    for row, (file, identity) in enumerate(read_id_list(path, ids, names), start=1):
        match = NAME.fullmatch(file)
        if match is None or file in listed:
            reason = "again" if match else "is not named PERSON_number.jpg"
            raise DataError(f"{path}: row {row}: {quote(file)} {reason}; fetch the list again")
        listed[file] = int(match[1])
        if renumbered.setdefault(listed[file], identity) != identity:
            raise DataError(
                f"{path}: row {row}: {file} has ID {identity}, others of its person {renumbered[listed[file]]}; "
                "fetch both lists again, together"
            )
    return listed
