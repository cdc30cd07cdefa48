"""What a module runs when it is imported: the project's files, and the distributions they need."""

import ast
import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = ("stages", "speech_emotion", "benchmarks")

DISCOVERY = "speech_emotion.base.discovery"
"""A package that imports this finds its own modules, so that it depends on all of them."""

WITHOUT_INFLUENCE = {"distributed"}
"""Packages that decide where something is computed, and never what comes out."""

FACADE = "speech_emotion/__init__.py"
"""Hands on names when they are asked for; nothing that is computed depends on it."""


def imported_files(module: str) -> set[str]:
    """The module's own file and all that its imports lead to, relative to the root.

    Imports inside functions count, since they run too; those under ``if TYPE_CHECKING`` do not,
    and neither do packages whose ``__init__.py`` holds nothing but a docstring. Of a package that
    finds its modules by itself, all count.
    """
    found: set[str] = set()
    waiting = [module]
    while waiting:
        path = _file(waiting.pop())
        if path is None or (name := path.relative_to(ROOT).as_posix()) in found or name == FACADE:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.name != "__init__.py" or not all(map(_is_text, tree.body)):
            found.add(name)
        waiting += _project_imports(tree)
        if _finds_its_modules(path, tree):
            waiting += [_module(one) for one in path.parent.glob("*.py")]
    return found


def dependencies(module: str) -> list[str]:
    """The same as a stage of dvc.yaml lists it: sorted, a folder for those that are found whole."""
    files = imported_files(module)
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for path in (ROOT / name for name in files if name.endswith("/__init__.py"))
        if _finds_its_modules(path, ast.parse(path.read_text(encoding="utf-8")))
    }
    loose = {name for name in files if not any(name.startswith(f"{one}/") for one in folders)}
    return sorted(loose | folders)


def code_fingerprint(source: str) -> str:
    """Hash of what a module's source does: comments, docstrings and layout left out."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()


def imported_distributions(files: Iterable[str]) -> dict[str, str]:
    """Version by name of every installed distribution that files import, or that those require.

    Parameters
    ----------
    files : iterable of str
        Files of the project, relative to the root.
    """
    providers = packages_distributions()
    waiting = [
        name
        for file in files
        for package in _top_level_imports(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        for name in providers.get(package, ())
    ]
    versions: dict[str, str] = {}
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in versions:
            continue
        try:
            one = distribution(name)
        except PackageNotFoundError:
            continue
        versions[name] = one.version
        for requirement in map(Requirement, one.requires or ()):
            # not for another system or another Python, nor for an extra
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return dict(sorted(versions.items()))


def _file(module: str) -> Path | None:
    base = ROOT / module.replace(".", "/")
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.exists()), None)


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _finds_its_modules(path: Path, tree: ast.AST) -> bool:
    return path.name == "__init__.py" and DISCOVERY in _imports(tree)


def _project_imports(tree: ast.AST) -> list[str]:
    """The project's modules that a module imports, and the packages that they lie in."""
    return [
        ".".join(parts[:length])
        for parts in (name.split(".") for name in _imports(tree))
        if parts[0] in PACKAGES
        for length in range(1, len(parts) + 1)
    ]


def _top_level_imports(tree: ast.AST) -> set[str]:
    return {name.split(".")[0] for name in _imports(tree)} - {*PACKAGES, *WITHOUT_INFLUENCE}


def _imports(tree: ast.AST) -> tuple[str, ...]:
    """The full names of all that a module imports: modules, and names that may be modules."""
    names: list[str] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "the project's imports are absolute"
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        names += _imports(node)
    return tuple(names)


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a docstring, or a string after an attribute."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
