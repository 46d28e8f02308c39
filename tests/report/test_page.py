"""The page as text: what stands where, that nothing in a name is run, and that it needs nothing but itself."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st
from page_files import make_page, write_seen
from report_files import LABELS, make, settings, write_run

from lgaf.report.page.page import write_page
from lgaf.report.page.templates.fill import environment, shown

EVIL = "</script><img src=x onerror=alert(1)> \"'& {{ 7 * 7 }} <!--"


class Parts(HTMLParser):
    """A page taken apart: tags with their attributes, the text of each section, the content of data blocks."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.sections: dict[str, str] = {}
        self.data: dict[str, str] = {}
        self.section = self.block = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "section":
            self.section = found["id"] or ""
        if tag == "script":
            self.block = found.get("id", "code") or ""

    def handle_endtag(self, tag):
        self.block = "" if tag == "script" else self.block
        self.section = "" if tag == "section" else self.section

    def handle_data(self, data):
        into, key = (self.data, self.block) if self.block else (self.sections, self.section)
        into[key] = into.get(key, "") + data


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    return make_page(tmp_path_factory.mktemp("page"), settings())


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Path:
    return make_page(tmp_path_factory.mktemp("real"), settings(source="official", train_set="set"), world=False)


@given(st.text())
def test_a_text_is_shown_as_it_was_given_and_read_back_by_scripts(text: str):
    template = environment().from_string(
        '<section id="a" title="{{ text }}">{{ text }}</section><script id="b">{{ [text]|tojson }}</script>'
    )
    parts = Parts(template.render(text=text))
    assert [tag for tag, _ in parts.tags] == ["section", "script"]
    assert parts.tags[0][1]["title"] == parts.sections.get("a", "") == shown(text)
    assert json.loads(parts.data["b"]) == [text]


def test_an_infinite_number_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        environment().from_string("{{ x|tojson }}").render(x=float("nan"))


def test_names_from_outside_are_never_markup(tmp_path: Path):
    run = settings(("lgaf", "arcface"), benchmarks=("lfw",), labels={**LABELS, "arcface": EVIL})
    parts = Parts(make_page(tmp_path, run, train_set=EVIL).read_text())
    assert EVIL in parts.sections["board"]
    assert EVIL in parts.sections["run"]
    assert json.loads(parts.data["row-labels"]) == ["LGAF", EVIL]
    assert {found["src"] for tag, found in parts.tags if tag == "img"} == set()
    assert sum(tag == "script" for tag, _ in parts.tags) == 5
    assert not any(name.startswith("on") for _, found in parts.tags for name in found)


def test_it_needs_nothing_but_itself(page: Path):
    parts = Parts(page.read_text())
    for tag, found in parts.tags:
        assert tag not in ("iframe", "object", "embed", "base")
        for name in ("src", "href", "action", "srcset", "poster"):
            assert (found.get(name) or "#").startswith(("#", "data:")), (tag, found)
    assert not re.search(r"@import|url\(", parts.sections[""])
    policy = next(found["content"] for tag, found in parts.tags if tag == "meta" and "http-equiv" in found)
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2]
    assert page.stat().st_size < 4e6


def test_every_part_of_the_run_has_its_place(page: Path):
    parts = Parts(page.read_text())
    ids = [found["id"] for tag, found in parts.tags if tag == "section"]
    assert ids == ["glance", "board", "ranks", "curves", "hardest", "thresholds", "published", "run"]
    links = {found["href"] for tag, found in parts.tags if tag == "a" and (found["href"] or "").startswith("#")}
    targets = {f"#{found['id']}" for _, found in parts.tags if found.get("id")}
    assert links <= targets
    assert "Friedman's test of 3 rows over 4 benchmarks" in parts.sections["ranks"]
    for said in ("made_up & small", "Photos not aligned: train 3 without", "bootstrap 7", "lgaf 0."):
        assert said in parts.sections["run"]


def test_generated_numbers_never_stand_beside_published_ones(page: Path, real: Path):
    ours = Parts(page.read_text())
    assert "world/" in ours.sections["board"]
    assert "world/" not in ours.sections["published"]
    assert "this run" not in ours.sections["published"]
    assert "Glint360K" in ours.sections["published"]
    assert "Glint360K" not in ours.sections["board"] + ours.sections["ranks"] + ours.sections["glance"]
    theirs = Parts(real.read_text())
    assert "this run" in theirs.sections["published"]
    titles = [found["title"] for tag, found in theirs.tags if tag == "a" and found.get("title")]
    assert len(titles) > 100
    assert all(titles)


def test_real_faces_are_off_and_said_to_be(page: Path, real: Path):
    parts = Parts(real.read_text())
    assert "report.faces: true" in parts.sections["hardest"]
    assert "Faces not shown" in parts.sections["run"]
    assert json.loads(parts.data["trials"]) == []
    assert "data:image" not in parts.data["trials"] + str(parts.tags)
    assert "data:image/webp" in Parts(page.read_text()).data["trials"]


@pytest.mark.parametrize(
    ("source", "faces", "there"), [("world", False, 2), ("official", False, 0), ("official", True, 2)]
)
def test_pictures_of_attention_are_shown_where_they_are_and_may_be(
    tmp_path: Path, source: str, faces: bool, there: int
):
    run = settings(("lgaf", "arcface"), benchmarks=("lfw",), source=source, faces=faces)
    layout = write_run(tmp_path, run, world=source == "world")
    found = make(layout, run)
    plots = layout.results / "plots"
    plots.mkdir(exist_ok=True)
    for name in ("maps-lgaf-0.jpg", "maps-lgaf-damaged.jpg", "other.jpg"):
        (plots / name).write_bytes(b"\xff\xd8\xff" + name.encode())
    write_page(found, run, write_seen(tmp_path, run), plots, tmp_path / "costs", tmp_path / "page.html")
    images = [it for tag, it in Parts((tmp_path / "page.html").read_text()).tags if tag == "img"]
    assert len(images) == there
    assert all(it["alt"] for it in images)


def test_equal_inputs_give_equal_bytes(page: Path, tmp_path: Path):
    assert make_page(tmp_path, settings()).read_bytes() == page.read_bytes()


def test_every_chart_is_one_that_vega_lite_draws(page: Path):
    specs = json.loads(Parts(page.read_text()).data["specs"])
    assert len(specs) > 10
    for spec in specs:
        vl_convert.vegalite_to_vega(spec)
        colours = json.dumps(spec)
        assert "var(--row-0)" in colours
    drawn = vl_convert.vegalite_to_svg({**specs[0], "width": 300})
    assert drawn.count('aria-roledescription="line mark"') == 3
