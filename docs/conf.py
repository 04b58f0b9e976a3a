"""Build the documentation: `make docs`. Nothing is fetched."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin

import attrs
from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.napoleon import Config, GoogleDocstring

ROOT: Final = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import letta_async  # noqa: E402
import letta_async.testing  # noqa: E402
from letta_async.errors._base import DOCUMENTATION  # noqa: E402
from letta_async.operations import _tree  # noqa: E402
from tools.api.modules import class_name, module_name  # noqa: E402

project = "letta_async"
author = "the letta_async authors"
version = release = letta_async.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton", "accessibility", "parameter_search"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(aiohttp|asyncio|collections|datetime|os|pathlib|ssl|types|typing|yarl)\..*"),
    ("py:.*", r"(PathLike|RuntimeError|ValueError|datetime|random\.Random|URL)"),
    ("py:class", r"letta_async\..*\.(Answer|Item|R|R_co|Result|T|NoArguments)"),
    ("py:class", r"In(Path|Query|Body|Client)"),
    (
        "py:class",
        r"(Agent|Block|Conversation|Folder|Identity|Message|Tool)Id|Int32|Count|SmallCount|SecretText|TextWithNul",
    ),
]
"""Names of the standard library, of aiohttp and yarl, whose inventories are not fetched; type variables and markers."""

suppress_warnings = ["ref.python"]
"""That several classes have a field named `bytes` or `type`, where the type of another is meant."""

default_role = "code_or_name"
"""What stands between single backticks in a docstring, as in Markdown."""
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "attrs_inline"]
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_baseurl = DOCUMENTATION
html_title = f"letta_async {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_copy_source = False
html_show_copyright = False

PUBLIC: Final = {
    name: f"{module.__name__}.{name}" for module in (letta_async, letta_async.testing) for name in module.__all__
}
"""Where each public name is imported from, which is also where it is documented."""
RESOURCES: Final = {
    class_name(path): f"letta_async.resources.{module_name(path)}.Async{class_name(path)}" for path in _tree.RESOURCES
}
"""Where the resources of `Letta` are described: with those of `AsyncLetta`, whose methods they have."""
UNIONS: Final = ("Message", "ModelSettings", "ResponseFormat")
"""Unions that are shown by their name; to show their members would fill a page with one signature."""
NAPOLEON: Final = Config(napoleon_use_rtype=False)
MADE_BY_USERS: Final = (letta_async.AsyncLetta, letta_async.Letta, letta_async.testing.EmbeddedServer)
"""Classes whose constructors take more than fields."""


def name_unions() -> None:
    """Let annotations that are read from now on say the names of unions, and types without their ranges."""
    names: dict[str, Any] = {name: type(name, (), {"__module__": "letta_async"}) for name in UNIONS}
    for module in [module for name, module in sys.modules.items() if name.startswith("letta_async")]:
        for name, value in list(vars(module).items()):
            if name in names or get_origin(value) is Annotated:
                setattr(module, name, names.get(name) or get_args(value)[0])


name_unions()


def code_or_name(
    name: str, rawtext: str, text: str, lineno: int, inliner: Inliner, options: Any = None, content: Any = ()
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Set what stands between backticks as code, and link it where it is a public name."""
    literal = nodes.literal(rawtext, text, classes=["py", "py-obj"])
    target = PUBLIC.get(text.partition("(")[0])
    if target is None:
        return [literal], []
    reference = pending_xref("", literal, refdomain="py", reftype="obj", reftarget=target, refexplicit=True)
    return [reference], []


def public_place(app: Sphinx, env: BuildEnvironment, node: pending_xref, link: nodes.Element) -> nodes.Element | None:
    """Resolve a name by which the code knows something: where it is defined, instead of where it is public."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].rpartition(".")[2]
    for target in (PUBLIC.get(name), RESOURCES.get(name)):
        if target is not None and target != node["reftarget"]:
            return env.domains.python_domain.resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, link)
    return None


def google_style(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Read docstrings in Google's style; but of a field, "text: more" is text, not a type and a text."""
    if what not in {"attribute", "data", "property"}:
        lines[:] = GoogleDocstring(lines, NAPOLEON, app, what, name, thing, options).lines()


def without_constructor(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str, str] | None:
    """Leave out the signatures of attrs classes, which repeat their fields, and of what only the package makes."""
    if (
        signature is not None
        and what in {"class", "exception"}
        and (attrs.has(thing) or not issubclass(thing, MADE_BY_USERS))
    ):
        return "", ""
    return None


def setup(app: Sphinx) -> Mapping[str, Any]:
    """Register the above."""
    app.add_role(default_role, code_or_name)
    app.connect("missing-reference", public_place)
    app.connect("autodoc-process-docstring", google_style)
    app.connect("autodoc-process-signature", without_constructor)
    return {"parallel_read_safe": True}
