"""Paths of files."""

from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

import polars as pl
import pytest

from tests.checks import result
from transforms.domain_paths import ParseFilePath

PARTS = ("folder", "name", "stem", "extension")
POSIX = ["/a/b.txt", "a/b/c", "x.tar.gz", ".profile", "/x", "//y/z.a.b", "a//b.c", "ä/ö.ü", "a b/c d.e f", "a/..b.c"]
WINDOWS = [r"C:\a\b.TXT", r"C:\b", "C:/a/b.x", r"a\b\.c", r"\\server\share\d\f.txt", r"a/b\c.d"]


def parsed(*paths: str | None, style: str = "auto") -> list[tuple[str | None, ...]]:
    step = ParseFilePath.model_validate({"column": "p", "parts": PARTS, "prefix": "", "style": style})
    return result(step, pl.DataFrame({"p": paths}, schema={"p": pl.String})).drop("p").rows()


@pytest.mark.parametrize(
    ("paths", "kind", "style"), [(POSIX, PurePosixPath, "posix"), (WINDOWS, PureWindowsPath, "windows")]
)
def test_parts_are_those_of_pathlib(paths: list[str], kind: type[PurePath], style: str) -> None:
    for text, chosen, guessed in zip(paths, parsed(*paths, style=style), parsed(*paths), strict=True):
        path = kind(text)
        _, name, stem, extension = chosen
        assert guessed == chosen
        assert (name, stem, extension) == (path.name, path.stem, path.suffix.lower()[1:] or None)
        assert kind(chosen[0] or ".") == path.parent


def test_a_path_that_ends_in_a_separator_is_a_folder() -> None:
    found = parsed("a/b/", "/", "//", "C:\\", "a\\\\", "a\nb/c\n.d", "", None)
    assert [each[0] for each in found] == ["a/b", "/", "/", "C:\\", "a", "a\nb", None, None]
    assert [each[1] for each in found] == [None] * 5 + ["c\n.d", None, None]


def test_a_backslash_is_no_separator_in_posix_paths() -> None:
    assert parsed(r"a/b\c.d", style="posix") == [("a", r"b\c.d", r"b\c", "d")]
