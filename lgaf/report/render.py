"""A table as Markdown, CSV and LaTeX. Every text is escaped here, so that a name is printed as it was given."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from tabulate import LATEX_ESCAPE_RULES, tabulate

from lgaf.files import printable
from lgaf.report.cells import Cell, Value
from lgaf.report.notes import MARK
from lgaf.report.records import FIELDS
from lgaf.report.tables import Table
from lgaf.report.versions import OLD

MARKDOWN = re.compile(
    r"[\\`*|~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word is one; at its edge it would begin or end italics
    r"|<(?=[A-Za-z/!?])"
    r"|&(?=#?\w+;)"
    r"|[\[\]](?=[(\[:])"
)
"""What Markdown would not print as it stands; a lone bracket or "p < 0.05" it does."""


def one_line(text: str) -> str:
    """Text without line ends and other control characters."""
    return printable(" ".join(text.split("\n")))


def escape_markdown(text: str) -> str:
    """Text that Markdown prints as it stands."""
    return MARKDOWN.sub(r"\\\g<0>", one_line(text))


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    escaped = "".join(LATEX_ESCAPE_RULES.get(letter, letter) for letter in one_line(text))
    return escaped.replace(MARK, r"\textdagger{}").replace(OLD, r"\textdaggerdbl{}")


def markdown_cell(cell: Cell) -> str:
    """A cell; the best value in bold."""
    if not isinstance(cell, Value):
        return escape_markdown(cell)
    text = escape_markdown(cell.text)
    return (f"**{text}**" if cell.best else text) + f" {MARK}" * cell.marked + f" {OLD}" * cell.old


def latex_cell(cell: Cell) -> str:
    """A cell; the best value in bold."""
    if not isinstance(cell, Value):
        return escape_latex(cell)
    text = escape_latex(cell.text)
    text = rf"\textbf{{{text}}}" if cell.best else text
    return text + r" \textdagger{}" * cell.marked + r" \textdaggerdbl{}" * cell.old


def to_markdown(table: Table, most: int | None = None) -> str:
    """The table, the paired tests and the notes as GitHub Markdown.

    most: how many published rows are shown beside those of the LGAF paper; the others are linked.
    """
    published = table.published if most is None else table.published[: table.own + most]
    parts = [f"## {escape_markdown(table.title)}"]
    parts.append(markdown_grid(table.headers, [*table.rows, *(cells for cells, _ in published)]))
    if left := len(table.published) - len(published):
        parts.append(f"{left} more published models in [{table.name}.md]({table.name}.md).")
    if table.paired_rows:
        parts.append(markdown_grid(table.paired_headers, table.paired_rows))
    shown = sorted({number for _, number in published})
    sources = [f"[{number}] {table.sources[number - 1]}" for number in shown]
    parts.append("\n".join(f"- {escape_markdown(note)}" for note in (*table.notes, *sources)))
    return "\n\n".join(parts) + "\n"


def markdown_grid(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A GitHub table; numbers stay as they were written."""
    cells = [[markdown_cell(cell) for cell in row] for row in rows]
    return tabulate(cells, [escape_markdown(name) for name in headers], tablefmt="github", disable_numparse=True)


def to_latex(table: Table) -> str:
    """The table, the paired tests and the notes; needs the packages booktabs and textcomp.

    A float; with published rows, which fill pages, a longtable, which needs the package longtable.
    """
    caption = rf"\caption{{{escape_latex(table.title)}}}\label{{tab:{table.name}}}"
    if table.published:
        body = latex_rows([*table.rows, *(cells for cells, _ in table.published)])
        head = [rf"\begin{{longtable}}{{{'l' * len(table.headers)}}}", rf"{caption}\\", r"\toprule"]
        head += [latex_row(table.headers), r"\midrule", r"\endhead"]
        parts = [r"{\small", *head, *body, r"\bottomrule", r"\end{longtable}"]
        end = ["}"]
    else:
        parts = [r"\begin{table*}", r"\centering\small", caption, *latex_grid(table.headers, table.rows)]
        end = [r"\end{table*}"]
    if table.paired_rows:
        parts += ["", r"\medskip", *latex_grid(table.paired_headers, table.paired_rows)]
    sources = [f"[{number}] {source}" for number, source in enumerate(table.sources, start=1)]
    parts += ["", r"\begin{minipage}{\linewidth}\footnotesize"]
    parts += [escape_latex(note) + r"\par" for note in (*table.notes, *sources)]
    return "\n".join([*parts, r"\end{minipage}", *end]) + "\n"


def latex_grid(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Lines of a tabular."""
    head = [rf"\begin{{tabular}}{{{'l' * len(headers)}}}", r"\toprule", latex_row(headers), r"\midrule"]
    return [*head, *latex_rows(rows), r"\bottomrule", r"\end{tabular}"]


def latex_rows(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """A line a row."""
    return [latex_row(row) for row in rows]


def latex_row(cells: Sequence[Cell]) -> str:
    r"""Cells with what parts them; braces keep a first "[" from being read as the option of the ``\\`` before it."""
    texts = [latex_cell(cell) for cell in cells]
    return " & ".join(f"{{{text}}}" if text.startswith("[") else text for text in texts) + r" \\"


def to_csv(table: Table) -> str:
    """One row a number, in the fixed schema ``FIELDS``: ours with intervals and tests, every published one below."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(table.records)
    return sink.getvalue()
