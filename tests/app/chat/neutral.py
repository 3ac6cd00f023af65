"""The product's steps in the neutral form of the evaluation set, so that its scorer can be run over the chat."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dataprep_app.chat.engine import respond as ask
from dataprep_app.chat.table import ColumnFacts, TableFacts
from dataprep_app.chat.turn import (
    AnalysisResult,
    ChatTurn,
    ClarifyResult,
    CommandResult,
    PlanResult,
    PlanStep,
)

TYPES = {"int": "integer", "float": "number", "str": "text", "bool": "boolean", "date": "date", "datetime": "datetime"}
COMPARISONS = {
    "equals": "==", "not_equals": "!=", "less": "<", "at_most": "<=", "more": ">", "at_least": ">=", "is_in": "in",
    "not_in": "not_in", "between": "between", "contains": "contains", "starts_with": "starts_with",
    "ends_with": "ends_with", "is_missing": "is_null", "is_present": "not_null",
}  # fmt: skip
GROUPS = {"all": "*", "numeric": "@numeric", "text": "@string", "categorical": "@categorical", "temporal": "@date"}
FUNCTIONS = {"rows": "count", "count_distinct": "n_unique"}
Args = dict[str, Any]


def facts(schema: Mapping[str, Any]) -> TableFacts:
    """What the chat may know of a table, from a profile of the evaluation set."""
    columns = tuple(
        ColumnFacts(
            each["name"],
            TYPES[each["dtype"]],
            each["n_unique"],
            round(each["null_pct"] * schema["n_rows"] / 100),
            tuple(each.get("top_values", ())),
        )
        for each in schema["columns"]
    )
    return TableFacts(schema["name"], schema["n_rows"], columns)


def respond(
    text: str, schema: Mapping[str, Any], history: Sequence[Any] | None = None, pending: Any = None
) -> dict[str, Any]:
    """One answer in the neutral form; the turns before are made anew from what was said in them."""
    table = facts(schema)
    turns: list[ChatTurn] = []
    for each in history or []:
        turns.append(ask(each["user"], table, turns))
    return neutral(ask(text, table, turns))


def neutral(turn: ChatTurn) -> dict[str, Any]:
    """A turn in the neutral form."""
    match turn.result:
        case PlanResult(steps=steps, replaces_last=replaces):
            return {
                "kind": "plan",
                "steps": [one for each in steps for one in operations(each)],
                "replace_last": replaces,
            }
        case AnalysisResult(analysis=analysis, spec=spec):
            return {"kind": "analysis", "steps": [question(analysis, dict(spec))]}
        case ClarifyResult(about=about, options=options):
            return {"kind": "clarify", "about": about, "candidates": [each.column for each in options if each.column]}
        case CommandResult(name=name, n=n):
            return {"kind": "command", "steps": [{"op": name, "args": {"n": n} if name in ("undo", "redo") else {}}]}
        case refused:
            return {"kind": "refuse", "reason": getattr(refused, "reason", "")}


def condition(given: Mapping[str, Any]) -> Args:
    """A condition in the neutral form."""
    if "all" in given or "any" in given:
        key = "all" if "all" in given else "any"
        return {{"all": "and", "any": "or"}[key]: [condition(each) for each in given[key]]}
    if "not" in given:
        return {"not": condition(given["not"])}
    found = {"col": given["column"], "cmp": COMPARISONS.get(given["op"], "==")}
    if given["op"] in ("is_true", "is_false"):
        return {**found, "value": given["op"] == "is_true"}
    if given.get("other"):
        return {**found, "col2": given["other"]}
    return found if given.get("value") is None else {**found, "value": given["value"]}


def question(analysis: str, spec: Args) -> Args:
    """An analysis in the neutral form."""
    ops = {"missing": "missing_report", "values": "unique_values", "rows": "show_rows"}
    args: Args = {}
    for key, value in spec.items():
        if key == "where":
            args["where"] = condition(value)
        elif key == "aggregations":
            args["aggs"] = [_agg(each) for each in value]
        elif key == "sort" and isinstance(value, str):
            args["sort"] = value.removesuffix("ending").replace("asc", "asc")
        elif key == "sort":
            args["sort"] = [{"column": each["column"], "desc": each["descending"]} for each in value]
        else:
            args[{"function": "fn", "limit": "n" if analysis == "rows" else "limit"}.get(key, key)] = value
    if analysis == "plot" and args.get("fn") == "rows":
        args["fn"] = "count"
    if analysis in ("describe", "missing") and "columns" not in args:
        args["columns"] = "*"
    return {"op": ops.get(analysis, analysis), "args": args}


def _agg(each: Mapping[str, Any]) -> Args:
    return {"column": each["column"] or "*", "fn": FUNCTIONS.get(each["function"], each["function"])}


def operations(step: PlanStep) -> list[Args]:
    """A step as neutral operations; settings that the request left open are not told."""
    params = {name: value for name, value in step.params.items() if name not in step.assumed}
    columns: Any = GROUPS[step.chosen] if step.chosen else params.get("columns", "*")
    found = _operation(step.transform, params, columns)
    return found if isinstance(found, list) else [found]


def _op(name: str, **args: Any) -> Args:
    return {"op": name, "args": {key: value for key, value in args.items() if value is not None}}


SAME = {
    "drop_columns": "drop_columns", "one_hot_encode": "one_hot", "add_missing_indicator": "missing_indicator",
    "ordinal_encode": "ordinal_encode", "remove_stopwords": "remove_stopwords", "trim_whitespace": "strip_whitespace",
    "hash_column": "hash_values", "select_columns": "keep_columns",
}  # fmt: skip
FILLS = {"impute_mean": "mean", "impute_median": "median", "impute_mode": "mode", "forward_fill": "forward",
         "backward_fill": "backward", "interpolate_missing": "interpolate"}  # fmt: skip
SCALES = {"scale_standard": "standard", "scale_minmax": "minmax", "scale_robust": "robust", "scale_maxabs": "maxabs"}
OUTLIERS = {"outlier_iqr": "iqr", "outlier_std": "zscore", "outlier_quantile": "quantile", "outlier_mad": "zscore"}
VECTORS = {"vectorize_tfidf": "tfidf", "vectorize_count": "count", "vectorize_hash": "hash"}
BALANCE = {"smote": "smote", "oversample_random": "random_oversample", "undersample_random": "random_undersample"}


def _operation(id: str, params: Args, columns: Any) -> Args | list[Args]:
    if id in SAME:
        return _op(SAME[id], columns=columns)
    if id in FILLS:
        return _op("fill_missing", columns=columns, strategy=FILLS[id])
    if id in SCALES:
        return _op("scale", columns=columns, method=SCALES[id])
    if id in VECTORS:
        return _op("vectorize_text", column=params["column"], method=VECTORS[id])
    if id in BALANCE:
        return _op("balance", target=params["target"], method=BALANCE[id])
    if id in OUTLIERS:
        action = {"null": "null", "remove": "remove", "clip": "clip", "flag": "flag"}.get(params.get("fix", ""))
        threshold = params.get("k", params.get("n"))
        return _op("handle_outliers", columns=columns, method=OUTLIERS[id], action=action, threshold=threshold)
    for part in (_values, _rows, _columns, _numbers, _text, _dates):
        found = part(id, params, columns)
        if found is not None:
            return found
    return _op(id, **params)


def _values(id: str, params: Args, columns: Any) -> Args | list[Args] | None:
    match id:
        case "fill_constant":
            return _op("fill_missing", columns=columns, strategy="constant", value=params["value"])
        case "replace_text" if params.get("match") == "whole":
            return [
                _op("replace_value", column=each, **{"from": params["find"]}, to=params["replacement"])
                for each in params["columns"]
            ]
        case "replace_text":
            return _op("replace_text", columns=columns, find=params["find"][0], **{"with": params["replacement"]})
        case "map_values":
            return [_op("map_values", column=each, mapping=params["mapping"]) for each in params["columns"]]
        case "update_where":
            args = {"column": params["columns"][0], "where": condition(params["condition"]), "value": params["value"]}
            return {"op": "replace_where", "args": args}
        case "values_to_missing":
            return _op("replace_with_missing", columns=columns, values=[*params["values"], *params.get("numbers", [])])
        case _:
            return None


def _rows(id: str, params: Args, columns: Any) -> Args | None:
    match id:
        case "filter_rows":
            return _op("filter_rows", where=condition(params["condition"]), mode=params.get("action", "keep"))
        case "drop_missing_rows":
            return _op("drop_missing", columns=columns)
        case "drop_duplicates":
            return _op("drop_duplicates", columns=columns, keep=params.get("keep"))
        case "sort_rows":
            return _op("sort", by=[{"column": each["column"], "desc": each["descending"]} for each in params["by"]])
        case "keep_first_rows":
            return _op("limit", n=params["rows"])
        case "sample_random" | "sample_stratified":
            by = params.get("by")
            return _op("sample_rows", n=params.get("rows"), fraction=params.get("share"), stratify_by=by)
        case "shuffle_rows":
            return _op("shuffle")
        case "split_random" | "split_stratified":
            test = params["parts"][1]["share"] if "parts" in params else None
            return _op("train_test_split", test_fraction=test, stratify=params.get("target"))
        case "flag_rows":
            return _op("flag", new_name=params.get("output"), where=condition(params["condition"]))
        case "group_aggregate":
            return _op("aggregate", by=params["by"], aggs=[_agg(each) for each in params["aggregations"]])
        case "pivot_wide":
            args = {"index": params["index"], "columns": [params["names_from"]], "values": params["values"][0]}
            return _op("pivot", **args, fn=params["aggregate"])
        case "rank_rows":
            by = params["by"][0]
            return _op("rank", column=by["column"], group_by=params.get("group_by"), desc=by["descending"])
        case _:
            return None


def _columns(id: str, params: Args, columns: Any) -> Args | None:
    match id:
        case "rename_columns":
            return _op("rename_columns", mapping=params["mapping"])
        case "move_column":
            to = params["to"] if params["to"] in ("start", "end") else f"{params['to']}:{params['reference']}"
            return _op("reorder_columns", columns=params["columns"], to=to)
        case "duplicate_column":
            return _op("duplicate_column", column=params["column"], new_name=params.get("output"))
        case "add_row_number":
            return _op("add_row_id")
        case "drop_empty_columns":
            return _op("drop_columns_missing_over", threshold=params["min_share"])
        case "select_correlated":
            return _op("drop_high_correlation", threshold=params.get("threshold"))
        case "split_column":
            return _op("split_column", column=params["column"], by=params["delimiter"])
        case "concat_columns":
            args = {"columns": params["columns"], "separator": params.get("separator")}
            return _op("concat_columns", **args, new_name=params.get("output"))
        case "formula_column":
            expression = params["expression"].replace("[", "`").replace("]", "`")
            return _op("derive", new_name=params.get("output"), formula=expression)
        case "change_type":
            names = {"number": "float", "text": "string"}
            return _op("cast", columns=columns, dtype=names.get(params["type"], params["type"]))
        case _:
            return None


def _numbers(id: str, params: Args, columns: Any) -> Args | list[Args] | None:
    match id:
        case "logarithm":
            base = "1p" if params.get("shift") == 1 else params.get("base")
            base = "e" if isinstance(base, float) and math.isclose(base, math.e) and "shift" not in params else base
            return _op("log_transform", columns=columns, base=base)
        case "power_root":
            fn = {0.5: "sqrt", 2.0: "square"}.get(params["exponent"])
            return _op("math", columns=columns, fn=fn)
        case "absolute_value":
            return _op("math", columns=columns, fn="abs")
        case "round_number":
            mode = params.get("mode")
            return _op("round", columns=columns, mode=mode, digits=None if mode else params.get("decimals"))
        case "outlier_threshold":
            return _op("clip", columns=columns, lower=params.get("min"), upper=params.get("max"))
        case "bin_equal_width" | "bin_equal_frequency":
            method = None if "method" in params else {"bin_equal_width": "equal_width"}.get(id, "quantile")
            return [_op("bin", column=each, method=method, n=params.get("bins")) for each in params["columns"]]
        case "bin_custom":
            labels = params.get("names")
            inner = [int(each) if each.is_integer() else each for each in params["edges"][1:-1]]
            return [_op("bin", column=each, method="custom", edges=inner, labels=labels) for each in params["columns"]]
        case "pca":
            return _op("pca", columns=columns, n=params.get("components"))
        case "group_rare_categories":
            args = {"top_k": params.get("max_categories"), "threshold": params.get("min_share")}
            return _op("group_rare", column=params["columns"][0], label=params.get("name"), **args)
        case _:
            return None


def _text(id: str, params: Args, columns: Any) -> Args | None:
    match id:
        case "change_case":
            return _op("change_case", columns=columns, case=params["case"])
        case "remove_characters":
            classes = params["classes"]
            kind = "special" if len(classes) > 1 else classes[0]
            return _op("remove_characters", columns=columns, kind=kind)
        case "extract_regex":
            kind = "number" if params["pattern"] == r"\d+" else "regex"
            return _op("extract", column=params["column"], kind=kind)
        case "extract_substring":
            n, side = (-params["start"], "right") if params["start"] < 0 else (params["length"], "left")
            return _op("text_slice", column=params["column"], n=n, side=side)
        case "text_length":
            name = "word_count" if params.get("unit") == "words" else "text_length"
            return _op(name, column=params["column"], new_name=params.get("output"))
        case "add_prefix_suffix":
            front = "before" in params
            text = params["before" if front else "after"]
            return _op("add_prefix" if front else "add_suffix", columns=columns, text=text)
        case "pad_text":
            return _op("pad", columns=columns, width=params["width"], char="0", side="left")
        case _:
            return None


def _dates(id: str, params: Args, columns: Any) -> Args | None:
    order = [each["column"] for each in params.get("order_by", []) if isinstance(each, dict)] or None
    match id:
        case "extract_date_parts":
            return _op("date_part", column=params["columns"][0], parts=params["parts"])
        case "date_add":
            return _op("date_add", column=params["column"], n=params["amount"], unit=params["unit"])
        case "format_date":
            return _op("date_format", column=params["columns"][0], format=params["format"])
        case "date_difference":
            return _op("date_diff", start=params["start"], end=params["end"], unit=params.get("unit"))
        case "cumulative_aggregate":
            return _op(
                "cumulative",
                column=params["columns"][0],
                fn=params["function"],
                group_by=params.get("by"),
                order_by=order,
            )
        case "rolling_aggregate":
            column = params["columns"][0]
            return _op("rolling", column=column, fn=params["function"], window=params["window"], order_by=order)
        case "lag_column":
            return _op("lag", column=params["column"], n=params["periods"][0], order_by=order)
        case _:
            return None
