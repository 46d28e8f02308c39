"""``gallery.csv`` and ``probes.csv``: a photo and whose it is a record; every probe is searched for in the gallery."""

from __future__ import annotations

from pathlib import Path

from lgaf.data.benchmark import Benchmark
from lgaf.data.own.photos import Photos, check_condition
from lgaf.data.own.table import Record, read_csv
from lgaf.errors import DataError
from lgaf.formats.protocol import OWN, Identification

COLUMNS = ("image", "identity")


def read_search(name: str, folder: Path, gallery: Path, probes: Path) -> Benchmark:
    """The benchmark of a gallery and probes; each condition of the probes is a probe set.

    Raises:
        DataError: a list is missing or malformed, names photos that are not there, or none has a mate.
    """
    photos = Photos(folder)
    entries, searched = read_csv(gallery, COLUMNS, ()), read_csv(probes, COLUMNS, ("condition",))
    names = take(photos, entries + searched)
    photos.check()
    listed, asked = names[: len(entries)], names[len(entries) :]
    people, sought = ({photos.identity[photo] for photo in part} for part in (listed, asked))
    if len(people) == 1:
        raise DataError(f"{gallery}: all photos are of {min(people)}; a search needs others, add some")
    sets: dict[str, list[str]] = {}
    for photo, (where, values) in zip(asked, searched, strict=True):
        condition = check_condition(where, values["condition"]) if "condition" in values else ""
        sets.setdefault(condition, []).append(photo)
    for condition, members in sets.items():
        if not any(photos.identity[photo] in people for photo in members):
            of = f" of condition {condition}" if condition else ""
            raise DataError(f"{probes}: no probe{of} has a mate in {gallery}; write a person alike in both")
    protocol = Identification(
        gallery=[photo for photo in listed if photos.identity[photo] in sought],
        distractors=[photo for photo in listed if photos.identity[photo] not in sought],
        probes=sets,
    )
    lists = f"{gallery.name}, {len(listed):,} photos, and {probes.name}, {len(asked):,}"
    return Benchmark(name, photos.images(), protocol, [f"{OWN}: {lists}: {photos.describe()}"])


def take(photos: Photos, records: list[Record]) -> list[str]:
    """Take the photos of all records and give their names.

    Raises:
        DataError: one stands twice: in a list, or in both, where a probe would find itself.
    """
    names = []
    for where, values in records:
        name = photos.add(where, values["image"], values["identity"], None)
        if photos.named[name] != where:
            raise DataError(
                f"{where}: {name} again, as at {photos.named[name]}; name a photo once, in the gallery or as a probe"
            )
        names.append(name)
    return names
