"""The docs as a whole: pages in the navigation, links that lead somewhere, files whose form others read."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import lgaf

sys.path.insert(0, str(Path(__file__).parent.parent / "docs"))
import make

ROOT = Path(__file__).parent.parent
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def read(name: str | Path) -> dict:
    return YAML(typ="safe").load((ROOT / name).read_text())


def pages(entry: object) -> list[str]:
    """Pages of the navigation, or of a part of it."""
    if isinstance(entry, str):
        return [entry]
    return [page for part in (entry.values() if isinstance(entry, dict) else entry) for page in pages(part)]


def test_the_navigation_lists_every_page():
    """Each once; the page of all docstrings is made by docs/make.py."""
    listed = pages(read("mkdocs.yml")["nav"])
    assert len(listed) == len(set(listed))
    here = {str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")}
    others = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "NOTICE.md", "results/tables/README.md"}
    assert set(listed) == here | others | {"reference.md"}


@pytest.mark.parametrize("name", [name for name in make.tracked("*.md") if not name.startswith("results/")])
def test_every_link_leads_to_a_file(name):
    """Pictures that the next run makes are left to the site's build, which follows all links and their places."""
    text = re.sub(r"```.*?```", "", (ROOT / name).read_text(), flags=re.DOTALL)
    for _, path, _ in make.LINK.findall(text):
        target = os.path.normpath(Path(name).parent / path)
        assert target.startswith("results/plots") or (ROOT / target).exists(), f"{name}: {path}"


def test_links_are_the_same_in_the_site(tmp_path, monkeypatch):
    """Files travel along, a folder is its page, what is hidden is text, and all else is as it was."""
    monkeypatch.setattr(make, "PAGES", tmp_path / "pages")
    monkeypatch.setattr(make, "ROOT", tmp_path)
    listed = "docs/a.md\nLICENSE\n.ci/run\nplots/one.png\nlgaf/models/lgaf.py\n"
    for name in listed.split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    done = subprocess.CompletedProcess([], 0, stdout="plots/one.png\n")
    monkeypatch.setattr(make.subprocess, "run", lambda *_, **__: done)
    kept = "[b](b.md#there) [out](https://example.org/x) ![one](../plots/one.png) [l](../LICENSE)"
    (tmp_path / "docs/a.md").write_text(f"{kept} [plots](../plots) [m](../lgaf/models/) [.ci/run](../.ci/run)")
    make.lay_out("docs/a.md")
    there = "[plots](../plots/README.md) [m](../lgaf/models/README.md) .ci/run"
    assert (tmp_path / "pages/docs/a.md").read_text() == f"{kept} {there}"
    found = {str(path.relative_to(tmp_path / "pages")) for path in (tmp_path / "pages").rglob("*") if path.is_file()}
    assert found == {"docs/a.md", "LICENSE", "plots/one.png", "plots/README.md"}
    assert "[one.png](one.png)" in (tmp_path / "pages/plots/README.md").read_text()


def test_the_citation_is_of_this_version():
    citation = read("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == lgaf.__version__
    assert {"message", "title", "authors"} <= citation.keys()
    (paper,) = citation["references"]
    assert paper["url"] in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_issue_forms_are_whole(form):
    values = read(form)
    if form.stem == "config":
        assert values == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= values.keys()
    asked = [field for field in values["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in asked}) == len(asked) > 1
    assert all(field["attributes"]["label"] for field in asked)
    assert all(field["attributes"]["options"] for field in asked if field["type"] == "dropdown")


def test_ci_runs_what_ci_run_runs():
    """Every tox environment of .ci/run is one of the workflow's, on every Python that is promised."""
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    commands = re.findall(r"^tox -e ([\w,]+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert commands
    for command in commands:
        assert f"tox -e {command}\n" in workflow
    versions = read(".github/workflows/ci.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert versions == ["3.10", "3.11", "3.12", "3.13"]
    assert f'requires-python = ">={versions[0]}"' in (ROOT / "pyproject.toml").read_text()
