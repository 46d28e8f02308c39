"""A table as Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from tabulate import LATEX_ESCAPE_RULES, tabulate

from lgaf.report.notes import MARK
from lgaf.report.records import FIELDS
from lgaf.report.tables import Table


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it stands; ``**bold**`` and the mark of significance become commands."""
    return latex_marks("".join(LATEX_ESCAPE_RULES.get(letter, letter) for letter in text))


def latex_marks(text: str) -> str:
    """Turn the marks of a cell, which tabulate's escaping leaves alone, into LaTeX commands."""
    return re.sub(r"\*\*(.+?)\*\*", r"\\textbf{\1}", text).replace(MARK, r"\textdagger{}")


def grid(headers: Sequence[str], rows: Sequence[Sequence[str]], style: str) -> str:
    """A grid whose first column is left-aligned text and whose numbers stay as they were written."""
    return tabulate(rows, headers, tablefmt=style, disable_numparse=True)


def to_markdown(table: Table) -> str:
    """The table, the paired tests and the notes as GitHub Markdown."""
    parts = [f"## {table.title}", markdown_grid(table.headers, table.rows)]
    if table.paired_rows:
        parts.append(markdown_grid(table.paired_headers, table.paired_rows))
    parts.append("\n".join(f"- {note}" for note in table.notes))
    return "\n\n".join(parts) + "\n"


def markdown_grid(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A GitHub table; a bar inside a cell would end it, so it is escaped."""
    return grid(headers, [[cell.replace("|", r"\|") for cell in row] for row in rows], "github")


def to_latex(table: Table) -> str:
    """The table, the paired tests and the notes as a LaTeX float; needs the packages booktabs and textcomp."""
    parts = [
        r"\begin{table*}",
        r"\centering\small",
        rf"\caption{{{escape_latex(table.title)}}}",
        rf"\label{{tab:{table.name}}}",
        latex_marks(grid(table.headers, table.rows, "latex_booktabs")),
    ]
    if table.paired_rows:
        parts += ["", r"\medskip", latex_marks(grid(table.paired_headers, table.paired_rows, "latex_booktabs"))]
    parts += ["", r"\begin{minipage}{\linewidth}\footnotesize"]
    parts += [escape_latex(note) + r"\par" for note in table.notes]
    return "\n".join([*parts, r"\end{minipage}", r"\end{table*}"]) + "\n"


def to_csv(table: Table) -> str:
    """One row a number, in the fixed schema ``FIELDS``: ours with intervals and tests, every published one below."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(table.records)
    return sink.getvalue()
