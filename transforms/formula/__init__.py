"""Formulas over columns: our own small language, parsed and type-checked to polars expressions.

``round([loan amount] / annual_income, 2)``, ``if(is_missing(grade), "none", upper(grade))``. Nothing of a
formula is ever run as Python.
"""

from transforms.formula.compiler import Compiled, compiled
from transforms.formula.functions import FUNCTIONS, Function
from transforms.formula.parser import FormulaError, parse

__all__ = ["FUNCTIONS", "Compiled", "FormulaError", "Function", "compiled", "parse"]
