"""The docstrings of settings, read from the source when somebody wants to see them.

Pydantic can take them while a class is made, which reads and parses the source of every transform each
time that any is used; a run shows none of them.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from importlib import import_module


def field_help(kind: type, field: str) -> str:
    """The docstring below a field of a class, or of the class that it inherits the field from; empty without one."""
    for each in kind.__mro__:
        if each.__module__ != "builtins" and field in inspect.get_annotations(each):
            return _of_module(each.__module__).get(each.__qualname__, {}).get(field, "")
    return ""


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    """Docstrings by class and field; none where the source is not there."""
    try:
        tree = ast.parse(inspect.getsource(import_module(name)))
    except OSError:
        return {}
    return {each.name: _of_class(each) for each in ast.walk(tree) if isinstance(each, ast.ClassDef)}


def _of_class(node: ast.ClassDef) -> dict[str, str]:
    found = {}
    for field, below in zip(node.body, node.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
            case _:
                pass
    return found
