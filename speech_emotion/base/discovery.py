"""Finds the modules of a folder in which every module is one thing: a corpus, a network ..."""

import pkgutil
from importlib import import_module
from types import ModuleType


def module_names(package: str) -> tuple[str, ...]:
    """The names of a package's modules, sorted; its subpackages are not among them."""
    path = import_module(package).__path__
    return tuple(sorted(found.name for found in pkgutil.iter_modules(path) if not found.ispkg))


def modules(package: str) -> dict[str, ModuleType]:
    """A package's modules by name, sorted and imported."""
    return {name: import_module(f"{package}.{name}") for name in module_names(package)}
