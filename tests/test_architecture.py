"""Data flows one way: a folder imports only from those above it; files stay small."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "retia"

ORDER = [
    "records",
    "taxonomy",
    "anatomy",
    "statistics",
    "runs",
    "images",
    "figures",
    "synthesis",
    "segmentation",
    "graphs",
    "staging",
    "attribution",
    "sources",
    "claims",
    "chat",
    "instructions",
    "students",
    "counterfactuals",
    "tuning",
    "evaluation",
    "explain",
    "serving",
    "demo",
    "cli",
]
ROOT_MODULES = {"errors", "disclaimer", "weights", "atomic"}
FILES = sorted(PACKAGE.rglob("*.py"))


def unit_of(module: str) -> str:
    """The folder (or root module) of a dotted name below `retia`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "retia"


def imports_of(path: Path) -> set[str]:
    """Modules of Retia that a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found |= {f"{node.module}.{a.name}" for a in node.names if node.module == "retia"}
    return {name for name in found if name.split(".")[0] == "retia"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_upstream(path: Path):
    inner = path.relative_to(PACKAGE)
    here = inner.parts[0].removesuffix(".py")
    if here in ROOT_MODULES | {"doctor", "__init__"}:
        return
    for module in imports_of(path):
        there = unit_of(module)
        if there in ROOT_MODULES | {"retia", "__version__", here}:
            continue
        if here == "cli":
            continue
        assert there in ORDER, f"{inner} imports {module}, which has no place in the order"
        assert ORDER.index(there) < ORDER.index(here), f"{inner} imports {module} from below"


def test_every_folder_has_its_place():
    folders = {p.parent.relative_to(PACKAGE).parts[0] for p in FILES if p.parent != PACKAGE}
    assert folders <= set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_is_longer_than_400_lines(path: Path):
    assert len(path.read_text().splitlines()) <= 400


def test_no_cycles_between_modules():
    names = {p: ".".join(("retia", *p.relative_to(PACKAGE).with_suffix("").parts)) for p in FILES}
    modules = {name.removesuffix(".__init__"): path for path, name in names.items()}
    edges = {}
    for name, path in modules.items():
        # Packages re-export their files; a file never imports its own package.
        targets = {m for m in top_level_imports(path) if m in modules and m != name}
        edges[name] = targets
    seen, active = set(), []

    def visit(name: str) -> None:
        if name in active:
            pytest.fail("import cycle: " + " -> ".join([*active[active.index(name) :], name]))
        if name in seen:
            return
        active.append(name)
        for target in sorted(edges[name]):
            visit(target)
        active.pop()
        seen.add(name)

    for name in sorted(edges):
        visit(name)


def top_level_imports(path: Path) -> set[str]:
    """Modules imported when the file itself is imported (not inside functions or for types)."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_no_drawer_for_odds_and_ends():
    forbidden = {"utils", "helpers", "common", "manager", "misc"}
    assert not [p for p in FILES if forbidden & set(p.with_suffix("").parts)]
