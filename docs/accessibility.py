"""Sphinx extension: what Sphinx and the theme leave out for those who use a keyboard or a screen reader.

`tests/browser/test_accessibility.py` checks the built pages. What can only be known in a browser, such as which blocks
scroll, is in `_static/accessibility.js`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def remove_empty_heads(app: Sphinx, doctree: nodes.document) -> None:
    """Remove the heads of tables that Markdown asks for and that say nothing."""
    del app
    for head in list(doctree.findall(nodes.thead)):
        if not head.astext().strip():
            head.parent.remove(head)


def visit_entry(self: HTML5Translator, node: nodes.entry) -> None:
    """Open a cell of a table; one in the head without text is no heading."""
    HTML5Translator.visit_entry(self, node)
    if isinstance(node.parent.parent, nodes.thead) and not node.astext().strip():
        self.body[-1] = self.body[-1].replace("<th", "<td", 1)
        self.context[-1] = self.context[-1].replace("</th>", "</td>", 1)


def depart_entry(self: HTML5Translator, node: nodes.entry) -> None:
    """Close a cell of a table."""
    HTML5Translator.depart_entry(self, node)


def setup(app: Sphinx) -> Mapping[str, Any]:
    """Register the above."""
    app.add_node(nodes.entry, override=True, html=(visit_entry, depart_entry))
    app.connect("doctree-read", remove_empty_heads)
    app.add_js_file("accessibility.js")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
