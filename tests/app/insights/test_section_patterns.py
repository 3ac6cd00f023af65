"""Tests of textual patterns, by Python's own regular expressions."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from dataprep_app.insights.sections.facts import TextPattern
from dataprep_app.insights.sections.patterns import text_patterns

ROWS = 400
NAMES = ["anna", "bob", "carla", "dmitri", "eve", "frank", "gerda", "hugo"]
Random = np.random.Generator


def digits(random: Random, size: int) -> str:
    return "".join(map(str, random.integers(0, 10, size)))


SHAPES: dict[str, tuple[Callable[[int, Random], str], str]] = {
    "phone": (
        lambda _i, random: f"({digits(random, 3)}) {digits(random, 3)}-{digits(random, 4)}",
        "({digits:3}) {digits:3}-{digits:4}",
    ),
    "date": (lambda i, _random: str(date(2010, 1, 1) + timedelta(i)), "{digits:4}-{digits:2}-{digits:2}"),
    "written date": (
        lambda _i, random: f"{random.choice(['Jan', 'Feb', 'Oct'])} {random.integers(1, 29)}, 20{digits(random, 2)}",
        "{name:3} {digits:1-2}, {digits:4}",
    ),
    "month first": (
        lambda _i, random: f"{random.integers(1, 13)}/{random.integers(1, 29)}/{random.integers(1990, 2020)}",
        "{digits:1-2}/{digits:1-2}/{digits:4}",
    ),
    "mail": (
        lambda i, random: (
            f"{random.choice(NAMES)}{random.choice(['', '.x', digits(random, 2)])}{i}"
            f"@{random.choice(['mail', 'web-mail'])}.{random.choice(['com', 'de'])}"
        ),
        "{any:5-11}@{any:4-8}.{lower:2-3}",
    ),
    "plain mail": (
        lambda i, random: f"{random.choice(NAMES)}{i + 100}@{random.choice(['mail', 'example'])}.org",
        "{lower:3-6}{digits:3}@{lower:4-7}.org",
    ),
    "address": (lambda i, random: f"10.{i % 9}.{random.integers(0, 256)}.7", "10.{digits:1}.{digits:1-3}.7"),
    "page": (
        lambda i, random: f"https://{random.choice(NAMES)}.com/{random.choice(NAMES)}/{i + 1_000}",
        "https://{lower:3-6}.com/{lower:3-6}/{digits:4}",
    ),
    "code": (lambda i, random: f"{random.choice(['AB', 'XY'])}{i:05}", "{upper:2}{digits:5}"),
    "sku": (lambda i, random: f"SKU_{i:04}{random.choice(['a', 'b'])}", "SKU_{digits:4}{lower:1}"),
    "beyond ASCII": (
        lambda i, random: f"{random.choice(['Müller', 'Özdemir', 'Łukasz', 'Ana'])}/{i:03}",
        "{name:3-7}/{digits:3}",
    ),
    "white space": (lambda i, random: f"A{' ' * random.integers(1, 4)}{i:03}", "A{whitespace:1-3}{digits:3}"),
    "metacharacters": (lambda i, _random: f"^$.*[{i:03}]\\|-&~{{}}()#", "^$.*[{digits:3}]\\|-&~{}()#"),
}


def texts_of(name: str) -> list[str]:
    make, _ = SHAPES[name]
    random = np.random.default_rng(4)
    return [make(i, random) for i in range(ROWS)]


def found_in(texts: list[str | None]) -> tuple[TextPattern, ...]:
    return text_patterns(pl.Series("any name", texts, dtype=pl.String))


@pytest.mark.parametrize("name", SHAPES)
def test_shape_is_found(name: str) -> None:
    best = text_patterns(pl.Series(texts_of(name)))[0]
    assert best.pattern == SHAPES[name][1]
    assert best.share == 1.0
    assert best.others == ()


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "beyond ASCII"])
def test_regex_means_to_python_what_it_means_to_the_engine(name: str) -> None:
    texts = texts_of(name)
    spoiled = [f"{text}!?" if i % 8 == 0 else text for i, text in enumerate(texts)]
    (best, *_) = text_patterns(pl.Series(spoiled))
    matched = [text for text in spoiled if re.fullmatch(best.regex, text)]
    assert best.share == len(matched) / len(spoiled) == 0.875
    assert set(best.matches) <= set(matched)
    assert set(best.others) <= {text for text in spoiled if text.endswith("!?")}
    assert len(best.matches) == len(best.others) == 5


def test_share_counts_rows_not_different_texts() -> None:
    texts = [f"A-{i:03}" for i in range(100)] * 3 + ["none"] * 30 + ["unknown"] * 20
    (best,) = found_in([*texts])
    assert best.share == pytest.approx(300 / 350)
    assert best.others == ("none", "unknown"), "the most frequent first"


def test_missing_and_blank_texts_are_left_out() -> None:
    (best,) = found_in([None, "", "  ", *(f"A-{i:03}" for i in range(100))])
    assert best.share == 1.0


@pytest.mark.parametrize(("share", "seen"), [(0.19, True), (0.21, False)])
def test_a_shape_needs_four_fifths_of_the_texts(share: float, *, seen: bool) -> None:
    odd = round(1_000 * share)
    texts = [f"A-{i:03}" for i in range(1_000 - odd)] + [f"some {'x' * (i % 9)} {i} ; {i}" for i in range(odd)]
    assert bool(found_in([*texts])) == seen


def test_a_wider_pattern_is_told_only_where_more_texts_have_it() -> None:
    texts = [f"{i:05}" if i % 10 else f"{i:04}X" for i in range(1_000)]
    first, second = found_in([*texts])
    assert (first.pattern, first.share) == ("{digits:5}", 0.9)
    assert (second.pattern, second.share) == ("{alnum:5}", 1.0)


def test_a_rare_length_does_not_match() -> None:
    (best,) = found_in([f"{i:05}" if i % 50 else f"{i:04}" for i in range(1_000)])
    assert best.pattern == "{digits:5}"
    assert best.share == 0.98


PROSE = {
    "sentences": lambda i, random: " ".join(random.choice([*NAMES, "the", "went"], random.integers(3, 12))) + ".",
    "names": lambda i, random: f"{random.choice(NAMES).title()} {random.choice(NAMES).title()}{'x' * (i % 5)}",
    "last, first": lambda i, random: f"{random.choice(NAMES).title()}{'x' * (i % 5)}, {random.choice(NAMES).title()}",
    "words": lambda i, random: f"{random.choice(NAMES)}{random.choice(NAMES)}",
    "long texts": lambda i, random: f"{i:04} {'word ' * 60}",
    "anything": lambda i, random: "".join(map(chr, random.integers(33, 127, random.integers(1, 30)))),
}


@pytest.mark.parametrize("name", PROSE)
def test_prose_and_names_have_none(name: str) -> None:
    random = np.random.default_rng(6)
    assert found_in([PROSE[name](i, random) for i in range(ROWS)]) == ()


@pytest.mark.parametrize("texts", [[], [None], [""], ["a-1"], [f"a-{i}" for i in range(9)], ["x" * 100_000] * 20])
def test_too_few_texts_have_none(texts: list[str | None]) -> None:
    assert found_in(texts) == ()


def test_identifiers_of_random_letters_and_digits() -> None:
    random = np.random.default_rng(2)
    texts = [str(uuid.UUID(bytes=random.bytes(16), version=4)) for _ in range(300)]
    (best,) = found_in([*texts])
    assert best.pattern == "{alnum:8}-{alnum:4}-{alnum:4}-{alnum:4}-{alnum:12}"
    assert all(re.fullmatch(best.regex, text) for text in texts)


def test_a_few_endless_texts_take_no_time() -> None:
    texts = [f"A-{i:03}" for i in range(50_000)] + ["A-1" * 100_000, "A-2" * 100_000]
    began = time.process_time()
    (best,) = found_in([*texts])
    assert time.process_time() - began < 5
    assert best.others == ("A-1" * 26 + "A-", "A-2" * 26 + "A-")


def test_order_of_rows_does_not_matter() -> None:
    texts = [f"{text}!" if i % 9 == 0 else text for i, text in enumerate(texts_of("mail"))]
    assert found_in([*texts]) == found_in([*reversed(texts)])


def test_many_long_parts_beyond_ascii_are_a_regex_the_engine_takes() -> None:
    random = np.random.default_rng(1)
    texts = ["/".join("é" * random.integers(1, 41) for _ in range(4)) + f"/{i}" for i in range(200)]
    (best, *_) = found_in([*texts])
    assert best.share == 1.0
    many = ["/".join("éA1" * random.integers(1, 3) for _ in range(12)) for i in range(200)]
    (best, *_) = found_in([*many])
    assert best.share == 1.0
