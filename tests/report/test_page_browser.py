"""The page in a real browser, Debian's Chromium: what a person clicks, and what then stands there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from page_files import make_page
from report_files import LABELS, settings

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
EVIL = "</script><img src=x onerror=alert(1)><b>'\"&"
RUN = settings(labels={**LABELS, "magface": EVIL})
SLOWEST = 3000
"""Milliseconds to a page that answers, on a machine that does other things too; alone it is a fifth of that."""


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return make_page(tmp_path_factory.mktemp("browser"), RUN)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser, file: Path) -> Iterator:
    """The page, open; what it says to the console and asks the network for is looked at in the end."""
    said: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: None if request.url.startswith("data:") else said.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_function("performance.getEntriesByName('ready').length > 0")
    yield page
    page.close()
    assert said == [file.as_uri()]


def names(page, board: str = "world-verification") -> list[str]:
    """The rows of a board that are seen, from top to bottom."""
    table = page.locator(f"#board-{board} + .scroll table")
    return [
        name.split("\n")[0].removesuffix(" reference")
        for name in table.locator("tbody tr:visible th").all_inner_texts()
    ]


def values(page, column: int) -> list[float]:
    """A column of the first board."""
    cells = page.locator(f"#board-world-verification + .scroll tbody td:nth-child({column})")
    return [float(cell.get_attribute("data-value")) for cell in cells.all()]


def draw_all(page) -> None:
    """Scroll through the page until every chart is drawn."""
    for place in page.locator(".plot").all():
        place.scroll_into_view_if_needed()
        place.locator("xpath=self::*[@data-drawn]").wait_for(timeout=60_000)


def test_it_opens_soon_and_shows_every_name_as_text(page):
    ready = page.evaluate("performance.getEntriesByName('ready')[0].startTime")
    assert ready < SLOWEST
    assert names(page) == ["LGAF", "ArcFace", EVIL]
    assert EVIL in page.locator("#rows").inner_text()
    assert page.locator("img[src=x]").count() == 0


def test_the_board_sorts_within_a_second_of_the_browsers_work(browser, file: Path):
    """Processor time of the main thread until a click on a heading has sorted, whatever else the machine does."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(file.as_uri(), wait_until="domcontentloaded")
    heading = page.locator("#board-world-verification + .scroll thead th").nth(1)
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    spent = {it["name"]: it["value"] for it in session.send("Performance.getMetrics")["metrics"]}
    page.close()
    assert 0.01 < spent["TaskDuration"] < 1


def test_a_heading_sorts_by_its_numbers_and_back(page):
    heading = page.locator("#board-world-verification + .scroll thead th").nth(1)
    before = values(page, 2)
    heading.locator("button").click()
    assert values(page, 2) == sorted(before, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    heading.locator("button").press("Enter")
    assert values(page, 2) == sorted(before)
    assert heading.get_attribute("aria-sort") == "ascending"
    page.locator("#board-world-verification + .scroll thead th button").first.click()
    assert names(page) == sorted(names(page), key=str.lower)


def test_rows_are_chosen_by_tick_and_by_text_in_boards_and_charts(page):
    draw_all(page)
    lines = page.locator(".plot[data-spec='0'] .mark-line path")
    assert lines.count() == 3
    page.get_by_label("ArcFace", exact=True).uncheck()
    assert names(page) == ["LGAF", EVIL]
    page.wait_for_function("document.querySelectorAll(\".plot[data-spec='0'] .mark-line path\").length === 2")
    page.locator("#find").fill("lga")
    assert names(page) == ["LGAF"]
    page.locator("#find").fill("nothing of the kind")
    assert names(page) == []
    page.locator("#find").fill("")
    page.get_by_label("ArcFace", exact=True).check()
    assert names(page) == ["LGAF", "ArcFace", EVIL]


def test_a_published_table_is_filtered_by_words(page):
    table = page.locator("#table-verification")
    everything = table.locator("tbody tr:visible").count()
    table.locator("input.filter").fill("adaface webface4m")
    found = table.locator("tbody tr:visible").all_inner_texts()
    assert 0 < len(found) < everything
    assert all("adaface" in text.lower() and "webface4m" in text.lower() for text in found)


def test_every_chart_is_drawn_and_its_numbers_are_those_of_its_curve(page, file: Path):
    draw_all(page)
    assert page.locator(".plot svg").count() == page.locator(".plot").count()
    figure = page.locator("figure", has=page.locator("[data-title='CMC, world/tinyface']"))
    figure.locator("summary").click()
    table = figure.locator("table")
    heads = table.locator("thead th").all_inner_texts()
    cells = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    curve = pd.read_csv(file.parent / "curves" / "cmc" / "world-tinyface.csv")
    expected = curve.pivot(index="rank", columns="row", values="rate")
    assert heads[1:] == ["LGAF", "ArcFace", EVIL]
    for rank, *rates in cells:
        assert [float(rate) for rate in rates] == pytest.approx(expected.loc[int(rank), heads[1:]].tolist(), rel=1e-3)
    assert len(cells) == len(expected)


def test_a_chart_says_a_value_on_hover_and_zooms(page):
    draw_all(page)
    place = page.locator("[data-title='CMC, world/tinyface']")
    place.scroll_into_view_if_needed()
    box = place.locator("svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator("#vg-tooltip-element.visible").wait_for()
    assert "identification rate" in page.locator("#vg-tooltip-element").inner_text()
    before = place.locator(".role-axis-label").first.text_content()
    page.keyboard.down("Control")
    for _ in range(5):
        page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    page.wait_for_function(
        "before => document.querySelector(\"[data-title^='CMC'][data-title$='tinyface'] .role-axis-label\").textContent"
        " !== before",
        arg=before,
    )


def test_the_filter_of_trials_shows_what_the_trials_file_says(page, file: Path):
    folder = file.parent.parent / "trials"
    right = {}
    for row in RUN.rows:
        table = pd.read_feather(folder / row.id / "7" / "lfw.arrow")
        right[row.label] = table.set_index(["left", "right", "fold"])
    page.locator("#trial-filter").evaluate("it => it.scrollIntoView()")
    page.locator("#trial-list > li").first.wait_for()  # what is out of sight has no text that is seen
    page.locator("#trial-benchmark").select_option(label="world/lfw")
    for wrong, well in (("ArcFace", "LGAF"), ("LGAF", "ArcFace"), ("LGAF", EVIL)):
        page.locator("#trial-wrong").select_option(label=wrong)
        page.locator("#trial-right").select_option(label=well)
        for kind, same in (("false accepts", False), ("false rejects", True)):
            page.locator("#trial-kind").select_option(label=kind)
            judged = right[wrong]
            pairs = judged[~judged["correct"] & right[well]["correct"] & (judged["same"] == same)]
            expected = sorted((left, other) for left, other, _ in pairs.index)
            assert page.locator("#trial-count").inner_text().startswith(f"{len(expected)} of ")
            while page.locator("#trial-more").is_visible():
                page.locator("#trial-more").click()
            cards = page.locator("#trial-list > li")
            found = [tuple(card.locator(".face span").all_inner_texts()) for card in cards.all()]
            assert sorted(found) == expected
            for card in cards.all():
                verdicts = dict(
                    zip(
                        card.locator("tbody th").all_inner_texts(),
                        card.locator("tbody td:nth-child(2)").all(),
                        strict=True,
                    )
                )
                assert verdicts[wrong].get_attribute("class") == "wrong"
                assert verdicts[well].get_attribute("class") == "right"
    assert all(
        page.evaluate("[...document.querySelectorAll('.face img')].map(it => it.complete && it.naturalWidth > 0)")
    )


@pytest.mark.parametrize(("name", "probe_set"), [("tinyface", ""), ("scface", "d3")])
def test_the_filter_of_searches_shows_what_the_trials_file_says(page, file: Path, name: str, probe_set: str):
    told = {}
    for row in RUN.rows:
        table = pd.read_feather(file.parent.parent / "trials" / row.id / "7" / f"{name}.arrow")
        told[row.label] = table[table["set"] == probe_set].set_index("probe")
    page.locator("#trial-filter").evaluate("it => it.scrollIntoView()")
    page.locator("#trial-list > li").first.wait_for()
    page.locator("#trial-benchmark").select_option(label=f"world/{name} {probe_set}".rstrip())
    page.locator("#trial-kind").select_option(value="reject")
    some = False
    for wrong, well in (("ArcFace", "LGAF"), ("LGAF", "ArcFace"), ("LGAF", EVIL)):
        page.locator("#trial-wrong").select_option(label=wrong)
        page.locator("#trial-right").select_option(label=well)
        expected = {*told[wrong].index[(told[wrong]["rank"] > 0) & (told[well]["rank"] == 0)]}
        assert page.locator("#trial-count").inner_text().startswith(f"{len(expected)} of ")
        while page.locator("#trial-more").is_visible():
            page.locator("#trial-more").click()
        cards = page.locator("#trial-list > li").all()
        assert {card.locator("thead .face span").inner_text() for card in cards} == expected
        for card in cards:
            probe = card.locator("thead .face span").inner_text()
            for line in card.locator("tbody tr").all():
                own = told[line.locator("th").inner_text()].loc[probe]
                verdict = "right" if own["rank"] == 0 else "wrong"
                assert line.locator("td").first.get_attribute("class") == verdict
                faces = [image.get_attribute("title") for image in line.locator(".answer img").all()]
                assert faces == [own["mate_image"], own["other_image"]]
                scores = line.locator(".score").all_inner_texts()
                assert [float(score) for score in scores] == pytest.approx([own["mate"], own["other"]], abs=6e-4)
        some = some or bool(expected)
    assert some
    page.locator("#trial-kind").select_option(value="accept")
    assert page.locator("#trial-count").inner_text().startswith("0 of ")  # nobody is outside the gallery


@pytest.mark.parametrize("width", [390, 1280])
def test_no_width_makes_the_page_itself_scroll_sideways(page, width: int):
    page.set_viewport_size({"width": width, "height": 844})
    draw_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_light_and_dark_follow_the_system_and_the_button(page):
    paper = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(paper)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(paper)
    assert light != dark
    page.locator("#theme").click()
    assert page.evaluate(paper) == light
    page.locator("#theme").click()
    assert page.evaluate(paper) == dark


def test_a_reader_of_screens_finds_names(page):
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input, select, table, .scroll, figure img")].filter(it => {
            const label = it.labels?.[0] ?? it.caption ?? it;
            return !(it.ariaLabel || it.alt || label.textContent).trim();
        }).map(it => it.outerHTML.slice(0, 100))"""
    )
    assert nameless == []
    assert page.evaluate("[...document.querySelectorAll('thead th')].every(it => it.scope === 'col')")


def test_the_data_of_the_page_are_the_reports(file: Path):
    metrics = json.loads((file.parent / "metrics.json").read_text())
    value = 100 * metrics["arcface"]["world/lfw"]["accuracy"]["value"]
    assert f'data-value="{value:.4f}"' in file.read_text()
