"""Reports read back."""

from __future__ import annotations

import csv
from pathlib import Path


def markdown_tables(text: str) -> list[list[list[str]]]:
    """Every Markdown table of a page as rows of cells, headings first."""
    tables: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not set("".join(cells)) <= set("-:"):
                tables[-1].append(cells)
        elif tables[-1]:
            tables.append([])
    return [table for table in tables if table]


def page(folder: Path, name: str) -> str:
    """A table's page."""
    return (folder / "tables" / f"{name}.md").read_text()


def records(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
