"""Numbers: scales, bins, outliers, limits, rounding, roots and logarithms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from dataprep_app.chat.patterns import Ask, Draft, Match, Reading, Unreadable, frame

ON = "(?:on|of|for|to|in|from)?"
SCALES: dict[str, str] = {
    "standardize": "scale_standard",
    "normalize": "scale_minmax",
    "minmax": "scale_minmax",
    "standard": "scale_standard",
    "robust": "scale_robust",
    "maxabs": "scale_maxabs",
}
HOW = "(?P<how>standardize|normalize|minmax|robust|maxabs|standard)"


def numeric(match: Match, name: str = "columns") -> tuple[list[str], str]:
    """The columns of a part, numbers only where they were asked for as a group; and how they were chosen."""
    group = match.group(name)
    columns = match.columns(name)
    if group:
        columns = [each for each in columns if match.table.by_name[each].numeric]
        group = "numeric" if group == "all" else group
    return columns, group


@frame(
    f"(?:apply|scale)? {HOW} (?:scale|normalize)? {ON} {{columns}} (?:scale)? (?:\\( .+ \\))?",
    f"scale {{columns}} (?:with|using|by|to) {HOW} (?:scale)?",
    f"{HOW} {{columns}} (?:with|using|by) (?:scale|mean and std)",
    "(?:scale|normalize|minmax|change|convert) {columns} (?P<range>(?:to|between|into|in|from|range)* [NP]\\d+ "
    "(?:-|to|and|:|,) N\\d+)",
    "normalize {columns} (?:with|using|by) (?P<how2>standardize|minmax|robust|maxabs)",
    "minmax scale {columns}",
)
def scale(match: Match) -> Reading:
    """``standardize age and income``."""
    columns, chosen = numeric(match)
    if "range" in match:
        low, high = (each.value for each in match.part("range") if each.kind in ("number", "share"))
        bounds = {} if (low, high) == (0, 1) else {"min": float(low), "max": float(high)}
        return [Draft("scale_minmax", {"columns": columns, **bounds}, chosen=chosen)]
    notes = ("normalize is min-max: 0 to 1",) if match.word("how") == "normalize" and "how2" not in match else ()
    return [Draft(SCALES[match.word("how2") or match.word("how")], {"columns": columns}, notes=notes, chosen=chosen)]


@frame("scale {columns}", "scale (?:all)? (?:columns|it)")
def scale_somehow(match: Match) -> Reading:
    """Asked to scale, but not how."""
    columns = match.columns() if "columns" in match else match.table.group("numeric")
    ways = [
        (label, [Draft(id, {"columns": columns})])
        for label, id in (
            ("Standard (z-score)", "scale_standard"),
            ("Min-max (0 to 1)", "scale_minmax"),
            ("Robust (median and quartiles)", "scale_robust"),
        )
    ]
    raise Ask("parameter", f"How should {', '.join(columns)} be scaled?", ways)


OUTLIERS = {
    "iqr": "outlier_iqr",
    "std": "outlier_std",
    "standardize": "outlier_std",
    "quantile": "outlier_quantile",
    "robust": "outlier_mad",
}
METHOD = "(?P<method>iqr|std|standardize|quantile|robust)"


@frame(
    "(?P<fix>drop|clip|flag|handle|treat|fix|convert|replace) outliers (?:with|using|by|via|based "
    f"on|outside|>|over|beyond)? {{n}}? (?:times|x)? {METHOD}? (?:method|rule)? (?:in|of|from|for|on)? "
    f"{{columns}} (?:with|using|by|via)? (?P<method2>iqr|std|standardize|quantile|robust)? (?:method|rule)?",
    f"(?P<fix>drop|clip|flag|handle) {{columns}} outliers (?:with|using|by|via|based on)? {METHOD}?",
    "(?P<fix>replace|convert|set) outliers (?:in|of|from|for|on)? {columns} (?:with|by|to|into) "
    "(?P<to>missing|median|mean)",
    f"(?P<fix>drop|clip|flag|handle) {METHOD} outliers (?:in|of|from|for|on)? {{columns}}",
    "(?P<fix>drop) rows (?:where|with|if) {columns} (?:==)? (?:an)? outliers",
    "(?P<fix>drop) rows (?:where|with) outliers (?:in|of) {columns}",
    f"(?P<fix>drop|clip|flag|handle) outliers (?:with|using|by|via)? {METHOD}?",
)
def outliers(match: Match) -> Reading:
    """``remove outliers beyond 1.5 IQR in age``."""
    if "columns" in match:
        columns, chosen = numeric(match)
    else:
        columns, chosen = match.table.measures(), "numeric"
    method = match.word("method") or match.word("method2")
    transform = OUTLIERS.get(method, "outlier_iqr")
    fixes = {"drop": "remove", "clip": "clip", "flag": "flag"}
    fix = {"missing": "null"}.get(match.word("to"), match.word("to")) or fixes.get(match.word("fix"), "")
    assumed = () if fix else ("fix",)
    notes = () if fix else ("outliers are moved to the limit",)
    notes = notes if "columns" in match else (*notes, f"in all columns of numbers: {', '.join(columns)}")
    if not method:
        notes = (*notes, "an outlier lies 1.5 interquartile ranges outside the quartiles")
    params: dict[str, Any] = {"columns": columns, "fix": fix or "clip"}
    if "n" in match:
        if transform not in ("outlier_iqr", "outlier_std"):
            raise Unreadable
        params["k" if transform == "outlier_iqr" else "n"] = float(match.number())
    else:
        assumed = (*assumed, "k" if transform == "outlier_iqr" else "n")
    return [Draft(transform, params, assumed, notes, chosen)]


def _clip(columns: list[str], low: float | None, high: float | None) -> Draft:
    return Draft("outlier_threshold", {"columns": columns, "fix": "clip", "min": low, "max": high})


PAIR = r"C\d+ (?:at|to) N\d+"


@frame(f"clip (?P<list>{PAIR}(?: (?:, and|,|and) {PAIR})*)")
def clip_each(match: Match) -> Reading:
    """``cap price at 300 and cost at 240``."""
    part = match.part("list")
    pairs = [(part[i - 2], part[i]) for i in range(2, len(part)) if part[i].kind == "number"]
    names = [Match(match.table, [column], {"column": (0, 1)}).column() for column, _ in pairs]
    return [_clip([name], None, number.value) for name, (_, number) in zip(names, pairs, strict=True)]


@frame(
    "clip {columns} (?:between|to|in|from|at|into)? (?:range)? {n} (?:and|to|-|,) {n2}",
    "clip {columns} (?:at|to|with) (?P<side>max|min|upper|upper limit|lower "
    "limit|<=|>=|<|>|over|upper_case|lower_case)? {n}",
    "clip {columns} (?P<side><|>|over|<=|>=) {n}",
    "(?:set|change|replace|clip) (?:all)? {column} (?P<over>>|over|<|under) {n} (?:\\( N\\d+ \\))? "
    "(?:set|clip|changed)? (?:to|at|with|->) {n2}",
    "(?:all)? {column} (?P<over>>|over|<) {n} (?:hours)? (?:\\( N\\d+ \\))? (?:set|clip) (?:to|at) {n2} in {column2}",
)
def clip(match: Match) -> Reading:
    """``clip income between 10000 and 250000``."""
    if "over" in match:
        same = match.number("n") == match.number("n2")
        if not same or ("column2" in match and match.column("column2") not in match.part("column")[0].value):
            raise Unreadable
        name = match.column("column2" if "column2" in match else "column")
        high = match.word("over") in (">", "over")
        return [_clip([name], None if high else match.number(), match.number() if high else None)]
    columns, _ = numeric(match)
    if "n2" in match:
        return [_clip(columns, match.number(), match.number("n2"))]
    low = match.word("side") in ("min", "lower_limit", ">=", "<", "lower_case")
    return [_clip(columns, match.number() if low else None, None if low else match.number())]


@frame(
    "round (?P<way>up|down)? {columns} (?P<way2>up|down)? (?:to)? (?:{n} (?:decimals?|decimal "
    "places?|places?|digits?)?)?",
    "round {columns} (?:to)? (?:nearest)? (?:integer|whole number|integers)?",
    "(?P<way>floor|ceil|ceiling) (?:of)? {columns}",
)
def round_numbers(match: Match) -> Reading:
    """``round price to 2 decimals``."""
    way = match.word("way") or match.word("way2")
    mode = {"up": "ceil", "ceil": "ceil", "ceiling": "ceil", "down": "floor", "floor": "floor"}.get(way)
    columns, chosen = numeric(match)
    params: dict[str, Any] = {"columns": columns, "decimals": match.number() if "n" in match else 0}
    assumed: tuple[str, ...] = () if "n" in match or mode else ("decimals",)
    notes = () if "n" in match or mode else ("to whole numbers",)
    if mode:
        params["mode"] = mode
    return [Draft("round_number", params, assumed, notes, chosen)]


@frame(
    "(?:apply|extract|create)? (?P<base>log|log1p|log10|log2) (?:transform|transformation|scale)? "
    "(?:to|on|of|for|in)? {columns}",
    "log (?:with)? base {n} (?:of|on)? {columns}",
    "log {columns} (?:with)? base {n}",
    "{columns} (?:to)? log (?:scale)?",
    "convert {columns} to log (?:scale)?",
)
def logarithm(match: Match) -> Reading:
    """``log transform income``."""
    columns, chosen = numeric(match)
    base = match.word("base")
    params: dict[str, Any] = {"columns": columns}
    if base == "log1p":
        params["shift"] = 1.0
    number = match.number() if "n" in match else {"log10": 10.0, "log2": 2.0}.get(base)
    assumed = () if number or base == "log1p" else ("base",)
    params["base"] = float(number) if number else math.e
    notes = ("natural logarithm; zero and less become missing",) if assumed else ()
    return [Draft("logarithm", params, assumed, notes, chosen)]


@frame(
    "(?:apply|extract|create)? (?P<fn>sqrt|square|abs|cube) (?:root|transform)? (?:to|on|of|for)? {columns}",
    "(?P<fn>square) {columns}",
)
def power(match: Match) -> Reading:
    """``square root of fare``."""
    columns, chosen = numeric(match)
    fn = match.word("fn")
    if fn == "abs":
        return [Draft("absolute_value", {"columns": columns}, chosen=chosen)]
    return [
        Draft(
            "power_root", {"columns": columns, "exponent": {"sqrt": 0.5, "square": 2.0, "cube": 3.0}[fn]}, chosen=chosen
        )
    ]


EVEN = "(?P<how>quantile|equal_width|quartile|quartiles|deciles)"


@frame(
    f"(?:bin|split|cut|group|put|create|convert)? {{columns}} (?:bin)? (?:into|in|with|to|using)? {{n}} {EVEN} "
    "(?:bin)?",
    "(?:bin|split|group|put|cut) {columns} (?:into|in|with|using) (?P<how2>quartiles|deciles)",
    f"(?:bin|split|group|put|cut) {{columns}} (?:into|in|with|to)? {{n}} bin (?:of|by|with|using)? {EVEN}?",
    f"(?:create)? {{n}} {EVEN}? bin (?:of|for|from|on) {{columns}}",
    f"{EVEN} bin {{columns}} (?:into|in|with)? {{n}}? (?:bin)?",
)
def even_bins(match: Match) -> Reading:
    """``bin income into 5 quantiles``."""
    columns, chosen = numeric(match)
    how = match.word("how") or match.word("how2")
    number = match.number() if "n" in match else {"quartiles": 4, "deciles": 10}.get(how)
    params: dict[str, Any] = {"columns": columns}
    if number is not None:
        params["bins"] = int(number)
    quantile = how in ("quantile", "quartile", "quartiles", "deciles")
    notes = () if how else ("bins of equal width",)
    assumed = (*(() if how else ("method",)), *(("bins",) if number is None else ()))
    return [Draft("bin_equal_frequency" if quantile else "bin_equal_width", params, assumed, notes, chosen)]


@frame("(?:bin|bin of|create bin of|create bin for) {columns}")
def bins_somehow(match: Match) -> Reading:
    """Asked for bins, but not which."""
    columns, _ = numeric(match)
    ways = [
        ("5 of equal width", [Draft("bin_equal_width", {"columns": columns, "bins": 5})]),
        ("5 holding equally many rows", [Draft("bin_equal_frequency", {"columns": columns, "bins": 5})]),
    ]
    raise Ask("parameter", f"Into which bins should {', '.join(columns)} go?", ways)


@frame(
    "(?:bin|cut|group|split) {columns} (?:at|by|with|using|into)? (?:edges|custom edges|cut points|bin|at)? "
    "(?P<list>N\\d+(?: (?:, and|,|and) N\\d+)+)"
)
def edged_bins(match: Match) -> Reading:
    """``bin age at 18, 40 and 65``."""
    columns, _ = numeric(match)
    return [_edged(columns, [float(each.value) for each in match.part("list") if each.kind == "number"])]


def _edged(columns: list[str], inner: Sequence[float], names: Sequence[str] = ()) -> Draft:
    """Bins between edges, those at the ends open."""
    if list(inner) != sorted(set(inner)):
        raise Unreadable
    edges = [inner[0] - 1, *inner, inner[-1] + 1]
    params: dict[str, Any] = {"columns": columns, "edges": edges, "outside": "extend"}
    if names:
        params |= {"labels": "custom", "names": list(names)}
    return Draft("bin_custom", params, notes=("a value on an edge goes to the upper bin",))


LABEL = r"(?:[QUV]\d+|[a-z]\w*)"
BELOW = rf"(?:<|under) N\d+ (?:->|==|=|:|as|to)? {LABEL}"
MIDDLE = rf"N\d+ (?:to|-|and) N\d+ (?:->|==|=|:|as|to)? {LABEL}"
ABOVE = rf"(?:>|over|>=|rest|N\d+ and >|N\d+ or more)(?: (?:N\d+|that|where))? (?:->|==|=|:|as|to)? {LABEL}"


@frame(
    rf"(?:bin|create|group|split)? {{column}} (?:bin|group|into|in)* (?::|,|with|into)? (?P<list>{BELOW}(?: (?:, "
    rf"and|,|and) {MIDDLE})* (?:, and|,|and) {ABOVE})"
)
def labelled_bins(match: Match) -> Reading:
    """``age groups: under 13 child, 13 to 19 teen, above 19 adult``."""
    parts: list[list[Any]] = [[]]
    for token in match.part("list"):
        if token.word in (",", "and") and parts[-1] and parts[-1][-1].kind != "number":
            parts += [[]] if parts[-1] else []
        else:
            parts[-1].append(token)
    groups = [each for each in parts if each]
    names = [each[-1].text for each in groups]
    bounds = [[token.value for token in each if token.kind == "number"] for each in groups]
    edges = [bounds[0][0]]
    for low, high in bounds[1:-1]:
        if low != edges[-1]:
            raise Unreadable
        edges.append(high)
    if bounds[-1] and bounds[-1][0] != edges[-1]:
        raise Unreadable
    return [_edged([match.column()], [float(each) for each in edges], names)]


@frame(
    "(?:apply|run|do|create)? pca (?:with)? (?:to)? (?:{n} components?)? (?:on|of|for|with|to)? {columns}? "
    "(?:(?:to|into|with) {n2} components?)?"
)
def components(match: Match) -> Reading:
    """``PCA with 3 components on the numeric columns``."""
    name: Literal["columns"] = "columns"
    columns, chosen = numeric(match) if name in match else (match.table.measures(), "numeric")
    params: dict[str, Any] = {"columns": columns}
    count = match.number() if "n" in match else match.number("n2") if "n2" in match else None
    if count is not None:
        params["components"] = count
    return [Draft("pca", params, chosen=chosen)]
