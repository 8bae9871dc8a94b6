"""The house: what each module may import, and that what is public is all there."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import aoai_magic

PACKAGE = Path(aoai_magic.__file__).parent

# From the ground up: a module imports only from lines above its own, or from its own line.
LAYERS = """
environment visible fitting stopping
errors
saving secret
safe_html
catalog
tokens
local
project
settings
confirmed
ledger
spending
verdicts
sse chunks responses wellformed
recordings
attachments schema pictures conversations provenance
templates
tools
request
estimates
images sounds
render
base_reply logprobs
reply embeddings
image_reply audio_reply
explain
export
patience transport
azure
exchange
client
current
drawing
operations
table
lessons doctor widgets
magics
lab reproducing
cli
""".split("\n")
RANK = {name: rank for rank, line in enumerate(LAYERS) for name in line.split()}
# The local service is a program of its own, and must not drag the kernel's side along.
FORBIDDEN_IN_LOCAL = {"IPython", "openai", "httpx2", "ipywidgets"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "_notebooks" not in path.parts)


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every import in a module that happens at run time, inside of functions too, by its full name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = ["aoai_magic", *path.relative_to(PACKAGE).with_suffix("").parts]
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            level = node.level - (path.name == "__init__.py" and node.level > 0)
            base = ".".join(own[: len(own) - level] if node.level else [])
            module = ".".join(filter(None, [base, node.module]))
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_points_the_wrong_way(path: Path) -> None:
    if path.name == "__main__.py" or path == PACKAGE / "__init__.py":
        return  # a program's entry, and the list of public names: both stand above the house
    assert part(path) in RANK, "a new room: give it its place in LAYERS"
    for line, name in imports(path):
        words = name.split(".")
        if words[0] == "aoai_magic" and len(words) > 1 and words[1] in RANK:
            assert RANK[words[1]] <= RANK[part(path)], f"line {line}: {part(path)} imports {words[1]}"
        if part(path) == "local":
            assert words[0] not in FORBIDDEN_IN_LOCAL, f"line {line}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_one_module_reads_the_environment_and_only_one_displays(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if part(path) not in ("environment", "local", "lab"):  # the latter two hand the environment on to their children
        assert not {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {"environ", "getenv"}
    if part(path) != "render":
        assert not [name for _, name in imports(path) if name.startswith("IPython.display")]


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = {
        re.split("[>[]", one)[0]
        for one in [*project["dependencies"], *(one for name in ("local", "lab", "dask") for one in extras[name])]
    }
    known = packages_distributions()
    for path in modules():
        for line, name in imports(path):
            library = name.split(".")[0]
            if library in {*sys.stdlib_module_names, "aoai_magic"}:
                continue
            if library in ("pydantic_core", "polars"):
                continue  # pinned by pydantic to the very version that it needs; the table's own, if there is one
            found = {one.lower().replace("_", "-") for one in known.get(library, [library])}
            assert found & declared, f"{path}, line {line}: {library}"


def test_every_module_says_what_it_is_for_and_stays_small() -> None:
    for path in modules():
        text = path.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), path
        assert len(text.splitlines()) <= 400, path


def test_the_public_names_are_sorted_and_all_there() -> None:
    assert aoai_magic.__all__ == sorted(aoai_magic.__all__, key=lambda name: (name.islower(), name))
    for name in aoai_magic.__all__:
        getattr(aoai_magic, name)
    assert set(aoai_magic.__all__) <= set(dir(aoai_magic))
    with pytest.raises(AttributeError):
        aoai_magic.nonsense  # noqa: B018


def test_the_names_for_type_checkers_are_those_of_run_time() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    known = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    known |= {
        node.target.id for node in block.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    known -= {"InteractiveShell"}
    assert known | {"load_ipython_extension", "unload_ipython_extension"} == set(aoai_magic.__all__)


def test_public_things_have_an_example() -> None:
    for name in ("chat", "complete", "connect", "connection", "embed", "Connection", "Embeddings", "Reply"):
        assert ">>>" in (getattr(aoai_magic, name).__doc__ or ""), name
    for function in (aoai_magic.lessons.check, aoai_magic.render.mimebundle):
        assert ">>>" in (function.__doc__ or ""), function
    for name in aoai_magic.tokens.__all__:
        if inspect.isfunction(getattr(aoai_magic.tokens, name)):
            assert ">>>" in (getattr(aoai_magic.tokens, name).__doc__ or ""), name
