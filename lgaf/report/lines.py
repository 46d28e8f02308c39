"""Published models, a line each: their order, their year, the average of four, and their cells in a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lgaf.report.columns import AVERAGE, AVERAGED, Column
from lgaf.report.published import NOT_AVAILABLE, Published

NONE = "-"
UNNAMED = "not named"
AVERAGE_COLUMN: Column = (AVERAGE, "accuracy")


@dataclass(frozen=True)
class Line:
    """The published numbers of one model from one source: (benchmark, metric) -> value as printed there."""

    method: str
    backbone: str
    train_set: str
    provenance: str
    note: str
    source: str
    repository: str
    commit: str
    values: dict[Column, str]

    @property
    def year(self) -> str:
        """Year of the source, "" where it names none."""
        return year_of(self.source)

    @property
    def cited(self) -> str:
        """The source with the place where it was read."""
        return f"{self.source}, {self.repository} at {self.commit}" if self.repository else self.source

    @property
    def average(self) -> str | None:
        """The mean over AVERAGED, computed here and by nobody published; None where the source lacks one of them."""
        found = [self.values.get((benchmark, "accuracy")) for benchmark in AVERAGED]
        if any(value is None for value in found):
            return None
        if not all(found):
            return NOT_AVAILABLE
        return str((sum(map(Decimal, found), Decimal()) / len(found)).quantize(Decimal("0.01")))  # type: ignore[arg-type]

    def value(self, column: Column) -> str:
        """What stands in a column: the number, NOT_AVAILABLE where it could not be read, NONE where there is none."""
        if column == AVERAGE_COLUMN:
            return self.average or NONE
        return self.values.get(column, NONE) or NOT_AVAILABLE


def year_of(source: str) -> str:
    """The year that stands in brackets in the source's name, or that of its number on arXiv."""
    if match := re.search(r"\([^()]*\b(20\d\d)\)", source):
        return match[1]
    match = re.search(r"arXiv (\d\d)\d\d\.\d{4,5}", source)
    return f"20{match[1]}" if match else ""


def display_backbone(name: str) -> str:
    """One spelling for the improved ResNets: IR101, IR_101, iResNet-100 and r100 are R100; IR50 is R50; and so on.

    A plain "ResNet50" is another network and keeps its name.
    """
    match = re.fullmatch(r"(?:IR_?|r|R|iresnet-?)(\d+)", name, flags=re.IGNORECASE)
    if not match:
        return name
    return f"R{100 if match[1] == '101' else match[1]}"


def display_train_set(name: str) -> str:
    """The training set as the source names it; a text that begins with a blank is a remark beside an empty name."""
    if not name.strip():
        return NONE
    return f"{UNNAMED}{name}" if name.startswith(" ") else name


def lines(rows: Iterable[Published]) -> list[Line]:
    """Gather the rows of one model from one source into one line, in the file's order."""
    found: dict[tuple[str, ...], list[Published]] = {}
    for row in rows:
        model = (row.method, row.backbone, row.train_set)
        found.setdefault((*model, row.provenance, row.note, row.source, row.repository, row.commit), []).append(row)
    return [
        Line(*key, values={(row.benchmark, row.metric): row.value for row in group})  # type: ignore[arg-type, misc]
        for key, group in found.items()
    ]


def best_first(found: Iterable[Line], main: Column) -> list[Line]:
    """By the average, then by the column ``main``, then by the year, newest first; who lacks one comes after.

    Only who has no average is ordered by ``main``: a mean over four tells more than one of its parts.
    """

    def place(value: str | None) -> Decimal:
        return -Decimal(value) if value and value[0].isdigit() else Decimal("Infinity")

    return sorted(found, key=lambda line: (place(line.average), place(line.values.get(main)), place(line.year)))


def cells_of(line: Line, facts: Sequence[str], columns: Sequence[Column], sources: list[str]) -> tuple[list[str], int]:
    """A line's cells in a table, and the number of its source, which is appended to ``sources`` where it is new.

    facts: what stands between the method's name and the numbers; what no source tells of is NONE.
    """
    if line.cited not in sources:
        sources.append(line.cited)
    number = sources.index(line.cited) + 1
    known = {"backbone": display_backbone(line.backbone) or NONE, "train_set": display_train_set(line.train_set)}
    remark = f"{line.provenance} [{number}]" + (f"; {line.note}" if line.note else "")
    cells = [line.method, *(known.get(fact, NONE) for fact in facts), *map(line.value, columns), line.year, remark]
    return cells, number


def published_notes(shown: Sequence[Line], columns: Sequence[Column], main: str) -> list[str]:
    """How to read the lines ``shown``; main: heading of the main column."""
    order = f"by {main}"
    notes = [
        "Published numbers stand as printed in the numbered source. primary: by the method's authors; rerun: trained "
        "again by others; secondary: quoted. The year is the source's."
    ]
    if any(NOT_AVAILABLE in map(line.value, columns) for line in shown):
        notes.append(f"{NOT_AVAILABLE}: the LGAF paper's tables could not be read (lgaf/report/lgaf_published.csv).")
    if AVERAGE_COLUMN in columns:
        order = f"by the average; below, those that lack one of the four, {order}"
        notes.append("average of 4, computed: by us, from the four numbers as printed; no source prints it.")
    return [*notes, f"Order: best first, {order}; newest first among equals."]
