"""Sphinx's roles in docstrings, :func:`name` and their like, as plain code, which the site's Markdown knows."""

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):(?=`)")


class Roles(griffe.Extension):
    """Leaves the roles of every docstring out."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = ROLE.sub("", obj.docstring.value)
