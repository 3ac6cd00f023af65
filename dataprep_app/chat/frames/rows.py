"""Rows: kept and dropped by conditions, sorted, limited, sampled, split, without duplicates."""

from __future__ import annotations

from typing import Any

from dataprep_app.chat.conditions import read_condition
from dataprep_app.chat.patterns import Ask, Draft, Match, Query, Reading, Unreadable, frame

BIGGEST = "(?P<most>max|min|first|last)"


@frame(
    "drop rows? (?:where|with|if)? {column} (?:==)? > {n} std (?:away|off)? from (?:mean|its mean)",
    "drop rows? (?:where|with|if)? {column} {n} std from mean",
    "drop outliers (?:in|of|from) {column} (?:>|over)? {n} std (?:from mean)?",
)
def drop_by_deviations(match: Match) -> Reading:
    """``delete rows where income is more than 3 standard deviations from the mean``."""
    return [Draft("outlier_std", {"columns": [match.column()], "fix": "remove", "n": float(match.number())})]


@frame(
    "(?:dedupe|drop duplicates|keep unique) rows? (?:by|on|based on|using|for|in|with same|with)? {columns}? "
    "(?P<keep>, keep (?:first|last)(?: one)?| keep (?:first|last)(?: one)?)?",
    "drop (?:duplicates|repeated) (?:by|on|based on|using|for|in|of)? {columns}? ,? (?P<keep>(?:and)? keep "
    "(?:first|last)(?: one)?)?",
    "keep (?:only)? (?:first|one) rows? (?:of|per|for) {columns}",
    "drop rows? (?:where|with|if) {columns} (?:==)? (?:duplicates)",
    "drop rows? (?:where|with)? (?:==)? duplicates (?:in|of|on|by)? {columns}?",
    "(?:dedupe|keep unique) {columns}?",
    "(?:make|keep) {columns} unique",
)
def drop_duplicates(match: Match) -> Reading:
    """``remove duplicates by customer, keep the last``."""
    keep = "last" if "last" in match.word("keep") else "first"
    if "columns" not in match or match.group() == "all":
        return [Draft("drop_duplicates", {}, chosen="all", notes=("all columns are compared",))]
    params: dict[str, Any] = {"columns": match.columns(), "keep": keep}
    notes = () if "keep" in match else ("the first of equal rows is kept",)
    return [Draft("drop_duplicates", params, () if "keep" in match else ("keep",), notes)]


@frame(
    "sort (?:by)? {list}",
    "sort rows? (?:by|on)? {list}",
    "order (?:by|rows by) {list}",
    "(?:asc|desc) sort (?:by)? {list}",
    "sort (?P<way>asc|desc) (?:by|on) {list}",
)
def sort_rows(match: Match) -> Reading:
    """``sort by city, then by age descending``."""
    by: list[dict[str, Any]] = []
    told: list[bool] = []
    for token in match.part("list"):
        if token.kind == "column":
            part = Match(match.table, [token], {"column": (0, 1)})
            by.append({"column": part.column(), "descending": match.word("way") == "desc"})
            told.append("way" in match)
        elif token.is_word("asc", "desc") and by:
            by[-1]["descending"] = token.word == "desc"
            told[-1] = True
        elif token.word not in ("and", ",", "then", "by", "in", "order", "from", "&", "columns"):
            raise Unreadable
    if not by:
        raise Unreadable
    notes: tuple[str, ...] = ()
    if len(by) > 1 and told == [*([False] * (len(by) - 1)), True] and by[-1]["descending"]:
        notes = (f"only {by[-1]['column']} runs from large to small",)
    return [Draft("sort_rows", {"by": by}, notes=notes)]


@frame(
    "keep first {n} rows?",
    "keep {n} first rows?",
    "(?:keep|extract) {n} rows",
    "first {n} rows only",
    "head \\( {n} \\)",
    "(?:clip|keep) (?:to)? (?:first)? {n} rows",
    "clip rows to {n}",
    "keep only first {n} rows?",
    "(?:show)? only first {n} rows",
    "drop rows? (?:after|but|except) first {n} (?:rows)?",
    "drop (?:all)? (?:but|except) first {n} rows?",
)
def first_rows(match: Match) -> Reading:
    """``keep only the first 1000 rows``."""
    return [Draft("keep_first_rows", {"rows": match.number()})]


@frame(
    f"keep {{n}} rows (?:with|where|by|having) {BIGGEST} {{column}}",
    f"keep {BIGGEST} {{n}} rows? (?:by|on|with|of|sort)? (?:max|min)? {{column}}",
    f"keep {{n}} {BIGGEST} {{column}}",
    f"keep {{n}} {BIGGEST} rows (?:by|on|with|of) {{column}}",
)
def extreme_rows(match: Match) -> Reading:
    """``keep the 20 flights with the largest delay``."""
    largest = match.word("most") in ("max", "first")
    by = [{"column": match.column(), "descending": largest}]
    return [Draft("sort_rows", {"by": by}), Draft("keep_first_rows", {"rows": match.number()})]


@frame(
    "(?:keep|extract|create|select)? (?:random)? sample (?:of|to|random)? {share} (?:of)? rows? (?:random)?",
    "(?:keep|extract|select) (?:random)? {share} (?:random)? (?:of)? rows? ,? random",
    "(?:keep|extract|select) random {share} (?:of)? rows?",
    "(?:keep|extract) {share} of rows? ,? (?:random)?",
    "sample (?:random)? {share} (?:of)? rows? (?:random)?",
    "(?:keep|extract) (?P<word>tenth|half|third|quarter|fifth) (?:of)? rows? ,? random",
    "(?:keep|extract|select|sample) {share} rows? (?:random|per|stratify) (?:by|on)? {columns}",
    "(?:keep|extract)? (?:stratify)? sample (?:of)? {share} (?:of)? rows? (?:stratify|per|by)? {columns}",
)
def sample_rows(match: Match) -> Reading:
    """``sample 10 % of the rows``."""
    words = {"tenth": 0.1, "half": 0.5, "third": 1 / 3, "quarter": 0.25, "fifth": 0.2}
    if "word" in match:
        return [Draft("sample_random", {"share": words[match.word("word")]})]
    token = match.part("share")[0]
    whole = token.kind == "number" and token.value >= 1
    size: dict[str, Any] = {"rows": int(token.value)} if whole else {"share": float(token.value)}
    if "columns" in match:
        return [Draft("sample_stratified", {**size, "by": match.columns()})]
    return [Draft("sample_random", size)]


@frame("shuffle rows?", "shuffle (?:order|order of)? rows?", "random (?:order|sort) (?:of)? rows?")
def shuffle(match: Match) -> Reading:
    """``shuffle the rows``."""
    return [Draft("shuffle_rows", {})]


@frame(
    "split rows? (?:into|in)? train and test (?:sets|set|parts|rows|split)? (?:with|,|of|using|\\()? "
    "(?P<parts>[PN]\\d+(?: [/:-] [PN]\\d+| and [PN]\\d+| test)?)? \\)? ,? (?:stratify|by)? (?:on|by)? {column}?",
    "(?:create|do|apply)? train (?:/)? test split (?:with|,|of|using)? (?:test)? (?P<parts>[PN]\\d+(?: [/:-] "
    "[PN]\\d+| test)?)? (?:test)? ,? (?:stratify|by|on)? (?:on|by)? {column}?",
    "split rows? (?P<parts>[PN]\\d+ [/:-] [PN]\\d+) (?:into|in)? (?:train and test)? ,? (?:stratify|by)? (?:on)? "
    "{column}?",
    "split (?:off)? (?P<parts>[PN]\\d+) (?:of rows)? (?:as|for|into) test (?:set)? ,? (?:stratify)? (?:on|by)? "
    "{column}?",
)
def train_test(match: Match) -> Reading:
    """``split into train and test 80/20 stratified on churn``."""
    assumed: tuple[str, ...] = ("parts",)
    notes: tuple[str, ...] = ("80 % train, 20 % test",)
    test = 0.2
    if "parts" in match:
        numbers = [each for each in match.part("parts") if each.kind in ("number", "share")]
        shares = [float(each.value if each.kind == "share" or each.value < 1 else each.value / 100) for each in numbers]
        only_test = len(shares) == 1 and (shares[0] < 0.5 or any(each.is_word("test") for each in match.part("parts")))
        test = shares[0] if only_test else shares[1] if len(shares) > 1 else 1 - shares[0]
        if len(shares) > 1 and abs(sum(shares) - 1) > 0.001:
            raise Ask("parameter", f"The parts add up to {sum(shares):.0%}. Which share of the rows is for testing?")
        assumed, notes = (), ()
    parts = [{"name": "train", "share": round(1 - test, 6)}, {"name": "test", "share": round(test, 6)}]
    if "column" in match:
        return [Draft("split_stratified", {"parts": parts, "target": match.column()}, assumed, notes)]
    return [Draft("split_random", {"parts": parts}, assumed, notes)]


@frame(
    "(?P<verb>keep|drop|filter) (?:only)? rows? (?:where|with|if|from|to|by|on|for|out)? {where}",
    "(?P<verb>only|rows) (?:rows)? (?:where|with|if|from)? {where}",
    "(?P<verb>where) {where}",
    "{where} rows? only",
    "do not (?P<verb>keep|include) rows? (?:where|with)? {where}",
)
def filter_rows(match: Match) -> Reading:
    """``keep rows where age is over 30 and city is Oslo``."""
    part = match.part("where")
    words = [each.word for each in match.tokens]
    condition, notes = read_condition(part, match.table)
    negated = match.word("verb") in ("keep", "include") and words[0] == "do"
    action = "drop" if match.word("verb") == "drop" or negated else "keep"
    return [Draft("filter_rows", {"action": action, "condition": condition}, notes=notes)]


@frame("filter (?:rows)? (?:by|on|where)? {column}", "(?:keep|drop) rows (?:where|with|by|on) {column}")
def filter_somehow(match: Match) -> Reading:
    """Asked to filter, but not by what."""
    name = match.column()
    values = [each for each in match.facts().values[:4] if isinstance(each, str)]
    options = [
        (f"{name} is {each}", [Draft("filter_rows", {"condition": {"column": name, "op": "equals", "value": each}})])
        for each in values
    ]
    raise Ask(
        "parameter",
        f"Which values of {name!r} are to be kept? Say for example: keep rows where {name} ...",
        options,
        f"keep rows where {name} {{}}",
    )


@frame(
    "(?:flag|create flag (?:for|where|if)?|create (?:flag|columns) (?:flag)?) rows? (?:where|with|if|for)? {where}",
    "flag rows? (?:where|with|if)? {where} (?:as|named) {new}",
    "(?:create|flag) (?P<new2>[UQ]\\d+) (?:=|:|as|where|if|flag)? (?:1)? (?:if|where|when) {where}",
    "(?:create)? flag (?:named)? (?P<new2>[UQ]\\d+) (?:where|if|for)? {where}",
)
def flag_rows(match: Match) -> Reading:
    """``flag loans with grade F or G``."""
    condition, notes = read_condition(match.part("where"), match.table)
    name = "new" if "new" in match else "new2"
    params: dict[str, Any] = {"condition": condition, "true_value": 1, "false_value": 0}
    if name in match:
        params["output"] = match.text(name)
    return [Draft("flag_rows", {**params}, ("true_value", "false_value"), (*notes, "1 where it holds, 0 elsewhere"))]


@frame(
    "show (?:first|random|last)? {n} (?:random)? rows?",
    "show (?:me)? rows?",
    "show first rows",
    "show rows? (?:where|with|if)? {where}",
    "show {n} rows? (?:where|with) {where}",
    "(?P<order>show first|first|show) {n} rows (?:by|with|on|where) (?P<most>max|min)? {column}",
    "(?P<order>where|show rows with|which rows|show rows where) (?:has|have|==|paid|got)? (?P<most>max|min) {column}",
)
def show_rows(match: Match) -> Reading:
    """``show passengers with fare above 300``."""
    spec: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    if "where" in match:
        spec["where"], notes = read_condition(match.part("where"), match.table)
    if "order" in match:
        spec |= {"sort": [{"column": match.column(), "descending": match.word("most") != "min"}]}
        spec["limit"] = match.number() if "n" in match else 1
    elif "n" in match:
        spec["limit"] = match.number()
    if any(each.is_word("random") for each in match.tokens):
        spec["random"] = True
    if any(each.is_word("last") for each in match.tokens):
        raise Unreadable
    return Query("rows", spec, notes)
