"""Templates to text: whatever stands in a name is shown as it was given, and nothing of it is run."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lgaf.files import printable

PAGE = "page.html"
SCRIPT = "page.js"
STYLE = "page.css"
EMBED = "window.embedChart = vegaEmbed;"
"""What the bundle of charts hands to SCRIPT, and all that it does by itself."""


def fill(values: Mapping[str, Any]) -> str:
    """The page: every text in ``values`` escaped, every object that a script reads written as JSON.

    The page says itself (Content-Security-Policy) that nothing is to be fetched, and that no script but its own two is
    to be run, by their hashes.
    """
    library, script = chart_library(), own(SCRIPT)
    page = environment().get_template(PAGE)
    return page.render(
        **values,
        style=Markup(own(STYLE)),
        library=Markup(library),
        script=Markup(script),
        hashes=[allowed(library), allowed(script)],
    )


def allowed(script: str) -> str:
    """A script as the page's policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def environment() -> Environment:
    """How templates are read: HTML, a name that is not given an error, JSON without NaN."""
    found = Environment(
        loader=PackageLoader("lgaf.report.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return found


def shown(value: Any) -> Any:
    """A text as it is printed: in one line, what a screen would act upon as an escape; it is escaped after this."""
    return printable(" ".join(value.split("\n"))) if type(value) is str else value


def own(name: str) -> str:
    """A file beside this one that goes into the page as it stands."""
    return (files("lgaf.report.page.templates") / name).read_text(encoding="utf-8")


@cache
def chart_library() -> str:
    """Vega-Lite, Vega and Vega-Embed as one script, from vl-convert's wheel.

    In a function of its own, since its one-letter names would be those of the whole page.
    """
    import vl_convert  # here: it starts a JavaScript engine

    return f"(()=>{{{inside_script(vl_convert.javascript_bundle(EMBED))}}})()"


def inside_script(text: str) -> str:
    """A script that may stand inside an HTML element: ``</script`` and ``<!--`` can only be within its strings."""
    return re.sub(r"<(?=/script|!--)", r"\\x3C", text.replace("\r\n", "\n"), flags=re.IGNORECASE)
