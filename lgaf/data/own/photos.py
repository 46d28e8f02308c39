"""The photos that lists name: each once, by its path below the folder, whose it is and of which group."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from lgaf.data.benchmark import Image
from lgaf.data.official.reading import numbered, quote, require
from lgaf.errors import DataError

CONDITION = re.compile(r"(?!all_pairs)[A-Za-z0-9_.-]{1,40}")
"""What a condition is made of: it becomes part of the name of a metric."""


class Photos:
    """What the lists of one benchmark say of its photos."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.named: dict[str, str] = {}
        """Name -> where the first record that names it stands."""
        self.identity: dict[str, str] = {}
        self.group: dict[str, str] = {}

    def add(self, where: str, text: str, identity: str | None, group: str | None) -> str:
        """Take a photo as a record names it; None is what the lists have no column of. Returned is its name.

        Links are followed wherever they lead, as in a training set.

        Raises:
            DataError: it is no path below the folder, or other records say otherwise of it.
        """
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise DataError(f"{where}: {quote(text)} must be a path below {self.folder}, as it starts there")
        name = str(path)
        first = self.named.setdefault(name, where)
        for what, known, value in (("identity", self.identity, identity), ("group", self.group, group)):
            if value is not None and known.setdefault(name, value) != value:
                raise DataError(
                    f"{where}: {name} has the {what} {quote(value)}, but {quote(known[name])} at {first}; mend one"
                )
        return name

    @property
    def people(self) -> set[str]:
        """Everyone who is named."""
        return set(self.identity.values())

    def check(self) -> None:
        """Check what is known when all lists are read.

        Raises:
            DataError: photos are not there, or a group has one person.
        """
        require(self.named, self.folder, todo="put them there, or take their records out of the list")
        members: dict[str, set[str]] = {}
        for name, identity in self.identity.items():
            if name in self.group:
                members.setdefault(self.group[name], set()).add(identity)
        for group, people in members.items():
            if len(people) == 1:
                raise DataError(
                    f"{self.folder}: of group {quote(group)} the lists name {quote(*people)} alone, and one person "
                    "tells no rate of a group; put them in another"
                )

    def images(self) -> list[Image]:
        """All of them, in the order named; labels count the people by name, -1 where they are unknown."""
        labels = numbered(self.people)
        return [
            Image(name, self.folder / name, labels[self.identity[name]] if self.identity else -1) for name in self.named
        ]

    def describe(self) -> str:
        """How many there are, of how many people and groups."""
        people = f"{len(self.people):,} people" if self.identity else "people whom the list does not name"
        groups = f" in {len(set(self.group.values())):,} groups" if self.group else ""
        return f"{len(self.named):,} photos of {people}{groups}"


def check_condition(where: str, condition: str) -> str:
    """The condition.

    Raises:
        DataError: it cannot be part of a metric's name.
    """
    if not CONDITION.fullmatch(condition):
        raise DataError(
            f"{where}: condition {quote(condition)} must be 1 to 40 of the letters A to Z, digits, - _ and ., since it "
            "becomes part of a metric's name; and not begin with all_pairs"
        )
    return condition
