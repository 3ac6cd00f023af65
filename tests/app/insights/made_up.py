"""A report with every section filled in, made up: for tests of how reports are drawn."""

from __future__ import annotations

from typing import Any

from dataprep_app.insights.findings import (
    ClassShare,
    FeatureSummary,
    Finding,
    Fix,
    Report,
    TableSummary,
    TargetSummary,
)
from dataprep_app.insights.sections.facts import (
    AnomalySection,
    Associations,
    Bin,
    Card,
    DatePart,
    Dependency,
    DependencySection,
    DriftingColumn,
    DriftSection,
    DuplicateSection,
    ExampleRow,
    Level,
    Matrix,
    MissingPattern,
    MissingTogether,
    MissingValuesSection,
    Pair,
    TargetCard,
    TextPattern,
    Word,
)
from tests.app.insights.made_up_model import CLASSES, ROWS, hump, made_up_model
from tests.app.insights.made_up_model import Kind as Kind

BASIS = "Computed on 19,195 of 88,204 rows, drawn by chance."
KEPT = frozenset({"kind", "measure", "part", "priority", "scope", "type", "problem", "values", "metric", "weights"})
"""Fields that take a few words only; the ``values`` of a problem are one of them, those of a row a table."""


def made_up(kind: Kind | None = "binary") -> Report:
    """A report with every section."""
    power = {"interest_rate": 0.41, "loan_amount": 0.22, "employer": 0.08, "grade": 0.31, "issued": 0.02, "note": None}
    features = sorted(_features(), key=lambda each: -(power[each.name] or 0) if kind else 0)
    return Report(
        subject="Loans, after Drop missing",
        made_at="2026-11-25T12:00:00+00:00",
        basis="All 19,195 rows.",
        power_basis="Prediction power: a small model of each column alone, on 19,195 real rows." if kind else "",
        sampled=False,
        table=TableSummary(
            rows=ROWS,
            columns=7,
            missing_cells=5_210,
            duplicate_rows=212,
            types={"numeric": 2, "categorical": 2, "text": 2, "datetime": 1},
        ),
        target=_target(kind) if kind else None,
        target_card=_target_card(kind) if kind else None,
        findings=_findings(kind),
        features=tuple(each.model_copy(update={"power": power[each.name] if kind else None}) for each in features),
        cards=tuple(_card(each, kind) for each in features),
        associations=_associations(),
        missing=_missing(kind),
        duplicates=_duplicates(),
        anomalies=AnomalySection(
            basis=BASIS, columns=("loan_amount", "interest_rate", "grade"),
            rows=tuple(_row(i, marked=("loan_amount", "interest_rate"), score=0.81 - i / 50) for i in range(6)),
        ),
        dependencies=_dependencies(),
        drift=DriftSection(
            basis=BASIS, order="issued", looked_at=6,
            columns=(
                DriftingColumn(name="interest_rate", distance=0.42, first="median 9.8", last="median 13.1"),
                DriftingColumn(name="grade", distance=0.21, first="B 34 %", last="C 31 %"),
            ),
        ),
        model=made_up_model(kind) if kind else None,
        thresholds={"missing": {"medium": 0.05, "high": 0.5}, "constant": {}, "gone": {"most": 3.0}},
        seconds=12.34,
    )  # fmt: skip


def without_sections(kind: Kind | None = "binary") -> Report:
    """The same report as it was made before there were sections, with no warning."""
    gone = dict.fromkeys(("target_card", "associations", "missing", "duplicates", "anomalies", "dependencies", "drift"))
    problem = "There are only 12 rows to learn from." if kind else ""
    return made_up(kind).model_copy(
        update={**gone, "cards": (), "findings": (), "model": None, "model_problem": problem, "thresholds": {}}
    )


def poisoned(report: Report, poison: str) -> Report:
    """The report with something put behind every text in it that is data, in the names of its tables too."""
    return Report.model_validate(_poisoned(report.model_dump(mode="json"), poison))


def _poisoned(value: Any, poison: str, key: str = "") -> Any:
    if isinstance(value, dict):
        tables = key in ("values", "evidence", "left_out")
        return {
            name + poison if tables else name: inner
            if not tables and name in KEPT and not isinstance(inner, dict | list)
            else _poisoned(inner, poison, name)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_poisoned(each, poison, key) for each in value]
    named = key in ("name", "rule", "transform", "transforms") and value in ("no model", "linear")
    return value + poison if isinstance(value, str) and not named else value


def _features() -> list[FeatureSummary]:
    def numbers(name: str, low: float, high: float, missing: int) -> FeatureSummary:
        return FeatureSummary(
            name=name, type="numeric", stored_as="number", rows=ROWS, missing=missing, invalid=12, distinct=4_311,
            min=low, max=high, mean=(low + high) / 2.4, std=(high - low) / 6, median=(low + high) / 2.6, skew=1.32,
            kurtosis=2.1, outliers=31, histogram=tuple(hump(12)),
        )  # fmt: skip

    grades = tuple(zip("BCADEFG", (5_600, 5_204, 3_900, 2_700, 1_100, 500, 191), strict=True))
    return [
        numbers("loan_amount", 974.0, 153_216.5, 805),
        numbers("interest_rate", 5.31, 30.99, 0),
        FeatureSummary(
            name="grade", type="categorical", stored_as="text", rows=ROWS, missing=0, invalid=0, distinct=7, top=grades
        ),
        FeatureSummary(
            name="employer", type="text", stored_as="text", rows=ROWS, missing=1_204, invalid=0, distinct=9_310,
            top=(("Teacher", 310), ("Manager", 280), ("Registered nurse", 120)),
        ),
        FeatureSummary(
            name="issued", type="datetime", stored_as="date", rows=ROWS, missing=0, invalid=0, distinct=1_801,
            min="2014-01-02", max="2018-12-29", histogram=tuple(hump(12)),
        ),
        FeatureSummary(
            name="note", type="text", stored_as="text", rows=ROWS, missing=ROWS, invalid=0, distinct=0,
        ),
    ]  # fmt: skip


def _says(kind: Kind | None) -> str:
    return {"binary": "share of 'default'", "multiclass": "share of 'charged off'", "regression": "mean of amount"}[
        kind
    ] if kind else ""  # fmt: skip


def _effect(kind: Kind | None, place: float) -> float | None:
    """What the target is like at some place of a column, 0 to 1."""
    if kind is None:
        return None
    return 9_000 + 8_000 * place if kind == "regression" else 0.08 + 0.4 * place


def _bins(kind: Kind | None, low: float, high: float) -> tuple[Bin, ...]:
    step = (high - low) / 20
    return tuple(
        Bin(low=low + step * i, high=low + step * (i + 1), rows=n, target=_effect(kind, i / 20) if n else None)
        for i, n in enumerate(hump(20))
    )


def _levels(kind: Kind | None, names: list[str]) -> tuple[Level, ...]:
    shares = [1 / (i + 1.5) for i in range(len(names))]
    return tuple(
        Level(name=name, rows=round(ROWS * share / sum(shares)), target=_effect(kind, i / len(names)))
        for i, (name, share) in enumerate(zip(names, shares, strict=True))
    )


def _card(feature: FeatureSummary, kind: Kind | None) -> Card:
    base = Card(name=feature.name, basis=BASIS, target_says=_says(kind))
    more: dict[str, Any] = {}
    match feature.name:
        case "loan_amount" | "interest_rate":
            low, high = float(feature.min or 0), float(feature.max or 0)
            more = {
                "bins": _bins(kind, low, high),
                "robust_bins": _bins(kind, low, high / 3),
                "lowest": ("974", "980"),
                "highest": ("153216.5", "149000", "140100"),
            }
        case "grade":
            more = {"levels": _levels(kind, list("BCADEFG"))}
        case "employer":
            more = {
                "levels": _levels(kind, ["Teacher", "Manager", "Registered nurse", "  ", "Owner of a long name"]),
                "other_rows": 12_000,
                "characters": {
                    "length_min": 2, "length_mean": 14.2, "length_max": 61, "words_mean": 1.9,
                    "digits": 0.004, "upper": 0.11, "spaces": 0.06, "special": 0.01,
                },
                "words": (
                    Word(word="teacher", rows=812, power=0.11 if kind else None),
                    Word(word="manager", rows=2_310, power=0.05 if kind else None),
                ),
                "patterns": (
                    TextPattern(
                        pattern="{name:3-12} {lower:3-12}", regex="[A-Z][a-z]{2,11} [a-z]{3,12}", share=0.86,
                        matches=("Registered nurse", "Office manager"), others=("RN", "u.s. army"),
                    ),
                ),
            }  # fmt: skip
        case "issued":
            more = {"date_parts": _date_parts(kind)}
    return base.model_copy(update=more)


def _date_parts(kind: Kind | None) -> tuple[DatePart, ...]:
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    named: dict[str, list[str]] = {
        "year": [str(2014 + i) for i in range(5)],
        "month": months,
        "weekday": days,
        "week": [str(i + 1) for i in range(53)],
    }
    return tuple(
        DatePart.model_validate(
            {"part": part, "levels": [dict(each) for each in _levels(kind, names)], "power": 0.03 if kind else None}
        )
        for part, names in named.items()
    )


def _target(kind: Kind) -> TargetSummary:
    names = CLASSES[kind]
    feature = next(each for each in _features() if each.name == "loan_amount")
    return TargetSummary(
        name="amount" if kind == "regression" else "loan_status",
        kind=kind,
        reason="It holds numbers with decimals."
        if kind == "regression"
        else f"It holds {len(names)} different values.",
        missing=14,
        classes=tuple(ClassShare(name=name, rows=ROWS // (i * 4 + 1)) for i, name in enumerate(names)),
        feature=feature.model_copy(update={"name": "amount" if kind == "regression" else "loan_status"}),
    )


def _target_card(kind: Kind) -> TargetCard:
    if kind != "regression":
        return TargetCard(name="loan_status", basis=BASIS, levels=_levels(None, list(CLASSES[kind])))
    return TargetCard(
        name="amount", basis=BASIS, bins=_bins(None, 974, 153_216.5), robust_bins=_bins(None, 974, 40_000),
        lowest=("974",), highest=("153216.5", "149000"), invalid=("unknown", "12k"), outlier_share=0.004,
        outlier_rows=tuple(_row(i, marked=("loan_amount",)) for i in range(4)),
    )  # fmt: skip


def _findings(kind: Kind | None) -> tuple[Finding, ...]:
    drop = Fix(label="Drop note", transform="drop_columns", params={"columns": ["note"]}, safe=True)
    blanks = Fix(
        label="Turn into missing values", transform="values_to_missing",
        params={"columns": ["employer"], "values": ["n/a", "unknown"]}, safe=True,
    )  # fmt: skip
    model = Finding(
        rule="low_quick_model_score", title="Low quick-model score", scope="model", priority="high",
        text="The quick model gains only 4 % of what there is to gain over no model.", evidence={"share": 0.04},
    )  # fmt: skip
    found = (
        Finding(
            rule="constant", title="Constant column", scope="feature", priority="medium", column="note",
            text="'note' has no value in any row.", fixes=(drop,),
        ),
        Finding(
            rule="disguised_missing", title="Disguised missing values", scope="feature", priority="medium",
            column="employer", text="212 rows of 'employer' hold 'n/a', which probably stands for a missing value.",
            evidence={"rows": 212, "share": 0.011}, examples=("n/a", "unknown", ""), fixes=(blanks,),
        ),
        Finding(
            rule="gone", title="A rule that is no more", scope="table", priority="low",
            text="Reports outlive the rules they were made by.", evidence={"largest": 153_216.5, "of": "all rows"},
        ),
    )  # fmt: skip
    return (model, *found) if kind else found


def _row(place: int, marked: tuple[str, ...] = (), **more: Any) -> ExampleRow:
    values = {
        "loan_amount": f"{974 + place * 31_000:,}", "interest_rate": f"{5.31 + place * 4:.2f}",
        "grade": "BCADEF"[place],
        "employer": None if place == 1 else "Registered nurse", "issued": f"2015-0{place + 1}-14",
    }  # fmt: skip
    return ExampleRow(values=values, marked=marked, **more)


def _associations() -> Associations:
    names = ("loan_amount", "interest_rate", "grade", "issued", "employer")
    strength = [[1.0 if i == j else round(0.9 / (1 + abs(i - j)), 2) for j in range(5)] for i in range(5)]
    strength[0][4] = strength[4][0] = None  # type: ignore[call-overload]
    signed = [
        [value * (-1) ** (i + j) if value is not None else None for j, value in enumerate(row)]
        for i, row in enumerate(strength)
    ]
    return Associations(
        basis=BASIS,
        matrices=(
            Matrix(measure="association", columns=names, values=tuple(map(tuple, strength))),
            Matrix(measure="pearson", columns=names[:2], values=tuple(tuple(row[:2]) for row in signed[:2])),
        ),
        pairs=(
            Pair(first="grade", second="interest_rate", measure="correlation_ratio", value=0.91, rows=ROWS),
            Pair(first="loan_amount", second="interest_rate", measure="pearson", value=-0.45, rows=18_390),
        ),
        left_out=("note",),
    )


def _missing(kind: Kind | None) -> MissingValuesSection:
    return MissingValuesSection(
        basis=BASIS,
        patterns=(
            MissingPattern(columns=("note",), rows=17_300),
            MissingPattern(columns=("note", "employer"), rows=1_100),
            MissingPattern(columns=(), rows=0),
        ),
        other_patterns=3,
        together=(MissingTogether(first="loan_amount", second="employer", correlation=0.61, rows=501),),
        by_column=(("note", ROWS), ("employer", 1_204), ("loan_amount", 805)),
        with_target=(("employer", 0.12),) if kind else (),
    )


def _duplicates() -> DuplicateSection:
    first, second = _row(1, marked=("employer",)), _row(1, marked=("employer",))
    other = {**second.values, "employer": "registered  nurse"}
    return DuplicateSection(
        basis=BASIS,
        exact=(_row(0, count=14), _row(2, count=3)),
        near=(first, second.model_copy(update={"values": other})),
        near_rows=18,
    )


def _dependencies() -> DependencySection:
    rows = tuple(_row(i, marked=("grade",)) for i in range(2))
    made: list[dict[str, Any]] = [
        {"determinant": ("interest_rate",), "dependent": "grade", "kind": "decides"},
        {"determinant": ("loan_amount",), "dependent": "interest_rate", "kind": "at_most"},
        {"determinant": ("loan_amount",), "dependent": "interest_rate", "kind": "equals"},
        {"determinant": ("loan_amount", "interest_rate"), "dependent": "total", "kind": "sum"},
    ]
    found = tuple(Dependency(**each, holds=0.998, rows=19_000, broken=38, examples=rows) for each in made)
    return DependencySection(basis=BASIS, found=found, whole=2)
