"""The text of a person's code: whether it is Python and defines the function that a step calls. Nothing is run here."""

from __future__ import annotations

import ast
import os
import warnings
from typing import Annotated

from pydantic import AfterValidator, Field

FUNCTION = "transform"
"""Name of the function that code defines."""
SWITCH = "DATAPREP_CODE"
"""Environment variable with which an administrator turns code off, trusted or not."""
LONGEST = 100_000
"""Characters of code."""


def code_is_off() -> bool:
    """Whether the administrator of this machine allows no code at all."""
    return os.environ.get(SWITCH, "").strip().lower() in ("off", "0", "false", "no")


def function_of(code: str) -> ast.FunctionDef:
    """The function that the code defines.

    Raises:
        ValueError: it is not Python, or does not define the function; the text says in which line.
    """
    if len(code) > LONGEST:
        raise ValueError(f"The code has {len(code):,} characters; {LONGEST:,} is the most.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of "\d", which is an error to nobody
            tree = ast.parse(code)
            compile(tree, "code", "exec", dont_inherit=True)  # finds a return outside of a function, too
    except SyntaxError as error:
        raise ValueError(_said(error, code)) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"The code cannot be read: {str(error) or 'it is nested too deeply'}.") from error
    found = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == FUNCTION]
    if found:
        return found[-1]
    if any(isinstance(each, ast.AsyncFunctionDef) and each.name == FUNCTION for each in tree.body):
        raise ValueError(f"The function {FUNCTION!r} is async. Define it with def alone.")
    others = [each.name for each in tree.body if isinstance(each, ast.FunctionDef)]
    hint = f" It defines {', '.join(map(repr, others[:5]))}: rename one." if others else ""
    raise ValueError(f"The code does not define the function {FUNCTION!r}: begin with def {FUNCTION}(...):.{hint}")


def takes(function: ast.FunctionDef, arguments: int) -> bool:
    """Whether a function can be called with so many arguments, by place."""
    by_place = len(function.args.posonlyargs) + len(function.args.args)
    least = by_place - len(function.args.defaults)
    needed_by_name = any(default is None for default in function.args.kw_defaults)
    return not needed_by_name and least <= arguments and (arguments <= by_place or function.args.vararg is not None)


def _defines_the_function(code: str) -> str:
    function_of(code)
    return code


def _said(error: SyntaxError, code: str) -> str:
    lines = code.splitlines()
    reason = error.msg[:1].lower() + error.msg[1:]
    if error.lineno is None or not 1 <= error.lineno <= len(lines):
        return f"The code is not valid Python: {reason}."
    return f"Line {error.lineno} of the code is not valid Python: {reason} ({lines[error.lineno - 1].strip()[:80]})."


Code = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "code"}), AfterValidator(_defines_the_function)]
"""Python code that defines the function ``transform``."""
