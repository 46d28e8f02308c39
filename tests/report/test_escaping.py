"""Names that a user gave, printed as they were given."""

import html
import re
from pathlib import Path

import pytest
from reading import markdown_tables, page, records
from report_files import LABELS, make, settings, write_run

from lgaf.report.render import escape_latex, escape_markdown
from lgaf.report.sources import Layout

EVIL = [
    "a|b",
    "*bold* and **both**",
    "_italics_ of_a __word__ x_",
    "`code`",
    "<b>tag</b> <!-- gone --> p < 0.05",
    "[text](http://x.org) ![i](y) [a][b] [c]: d",
    r"back\slash \* \| end\\",
    "~~gone~~ $x^2$ &amp; &#42; & more",
    "95.1 [93.0, 96.2] iresnet_mini d=2 (x*y)",
    "# not a title 1. nor a list",
]


@pytest.mark.parametrize("text", EVIL)
def test_markdown_prints_a_name_as_it_was_given(text: str):
    markdown_it = pytest.importorskip("markdown_it")
    parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    rendered = parser.render(f"| head | other |\n|---|---|\n| {escape_markdown(text)} | x |\n")
    cells = re.findall("<td>(.*?)</td>", rendered, flags=re.DOTALL)
    assert cells == [html.escape(text), "x"]


def test_what_needs_no_escape_has_none():
    plain = "95.10 [93.00, 96.20], p < 0.05, iresnet_mini & made_up (R100) at 1e-4"
    assert escape_markdown(plain) == plain
    assert escape_markdown("two\nlines") == "two lines"
    assert escape_markdown("red\x1b[31m") == r"red\\x1b[31m"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("95 % of a_b & c#d", r"95 \% of a\_b \& c\#d"),
        ("p †", r"p \textdagger{}"),
        ("**x**", "**x**"),
        ("two\nlines", "two lines"),
        (r"\input{x} ~ ^ $", r"\textbackslash{}input\{x\} \textasciitilde{} \^{} \$"),
    ],
)
def test_escape_latex(text: str, expected: str):
    assert escape_latex(text) == expected


def test_labels_and_folders_cannot_break_a_table(tmp_path: Path):
    label, folder = "$a_1$ *x* `y` <z> [l](m) \\", "ms1m | *v2*\n<b>"
    run = settings(("lgaf", "arcface"), benchmarks=("lfw",), labels={**LABELS, "arcface": label})
    layout = write_run(tmp_path, run, world=False)
    make(layout, run, folder)
    text = page(layout.results, "verification")
    head, *rows = markdown_tables(text.replace(r"\|", "!"))[0]
    assert {len(row) for row in rows} == {len(head)}
    assert rows[1][0] == r"\$a_1\$ \*x\* \`y\` \<z> [l\](m) \\"
    assert rows[1][head.index("training set")] == r"ms1m ! \*v2\* \<b>"
    assert r"| LGAF - \$a_1\$ \*x\*" in text
    latex = (layout.results / "tables" / "verification.tex").read_text()
    assert r"\$a\_1\$ *x* `y` \ensuremath{<}z\ensuremath{>} [l](m) \textbackslash{} & iresnet\_mini" in latex
    ours = records(layout.results / "tables" / "verification.csv")
    assert {(row["method"], row["train_set"]) for row in ours if row["row"] == "arcface"} == {(label, folder)}


def test_latex_is_escaped_and_balanced(real_report: Layout):
    for path in (real_report.results / "tables").glob("*.tex"):
        text = path.read_text()
        ours = not path.name.startswith("ijb")
        assert (r"made\_up \& small" in text) == ours
        assert "**" not in text
        assert "†" not in text
        assert text.isascii()
        body = text.replace(r"\&", "").replace(r"\_", "").replace(r"\%", "").replace(r"\\", "")
        assert body.count("{") == body.count("}")
        assert "_" not in re.sub(r"\\label\{.*\}", "", body)
        assert "%" not in body
        assert text.count(r"\toprule") == text.count(r"\bottomrule") == 1 + ours
        assert text.count(r"\begin{") == text.count(r"\end{")
        for grid in re.findall(r"\\begin\{(?:tabular|longtable)\}\{(l+)\}(.*?)\\end\{", body, re.DOTALL):
            found = {line.count("&") for line in grid[1].splitlines() if "&" in line}
            assert found == {len(grid[0]) - 1}


def test_the_worlds_latex_is_a_float(world_report: Layout):
    text = (world_report.results / "tables" / "world-verification.tex").read_text()
    assert text.startswith(r"\begin{table*}")
    assert text.endswith("\\end{table*}\n")
    assert "longtable" not in text
    assert re.search(r"& \\textbf\{[\d.]+ \[[\d.]+, [\d.]+\]\}", text)
    assert r"] \textdagger{}" in text
