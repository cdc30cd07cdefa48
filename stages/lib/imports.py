"""Which of the project's files a module runs when it is imported, directly or not."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("stages", "benchmarks")


def imported_files(module: str) -> set[str]:
    """The module's own file and all that its imports lead to, relative to the root.

    Imports inside functions count, since they run too; those under ``if TYPE_CHECKING`` do not,
    and neither do packages whose ``__init__.py`` holds nothing but a docstring.
    """
    found: set[str] = set()
    waiting = [module]
    while waiting:
        path = _file(waiting.pop())
        if path is None or path.relative_to(ROOT).as_posix() in found:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.name != "__init__.py" or len(tree.body) > 1:
            found.add(path.relative_to(ROOT).as_posix())
        waiting += _imports(tree)
    return found


def _file(module: str) -> Path | None:
    base = ROOT / module.replace(".", "/")
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.exists()), None)


def _imports(tree: ast.AST) -> list[str]:
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
    return [name for name in names if name.split(".")[0] in PACKAGES]
