"""Paths of files."""

from __future__ import annotations

from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import column as exactly
from transforms.core.transform import Example, Transform
from transforms.domain_parts import READ, TextParts

PathPart = Literal["folder", "name", "stem", "extension"]
SLASH, ANY_SLASH = "/", r"/\\"
DRIVE = r"^[A-Za-z]:"


class ParseFilePath(TextParts):
    r"""Take paths of files apart: folder, name, name without extension, extension.

    A path that ends in a separator is a folder and has no name. The extension is what follows the last
    point, in small letters; a point at the beginning of a name, as in .profile, begins none.
    """

    id = "parse_file_path"
    title = "Split file path"
    terms = ("file name", "extension", "directory", "basename", "dirname", "folder")
    missing = "Missing and empty text has no parts; parts that a path lacks are missing."
    examples = (
        Example(
            params={"column": "path", "parts": ["folder", "name", "stem", "extension"]},
            before={"path": ["/data/2024/sales.tar.GZ", r"C:\Users\ann\.profile", "notes", "logs/", None]},
            after={
                "path": ["/data/2024/sales.tar.GZ", r"C:\Users\ann\.profile", "notes", "logs/", None],
                "path_folder": ["/data/2024", r"C:\Users\ann", None, "logs", None],
                "path_name": ["sales.tar.GZ", ".profile", "notes", None, None],
                "path_stem": ["sales.tar", ".profile", "notes", None, None],
                "path_extension": ["gz", None, None, None, None],
            },
        ),
    )
    types: ClassVar = dict.fromkeys(("folder", "name", "stem", "extension"), pl.String())
    lost = "have no parts"

    parts: tuple[PathPart, ...] = Field(("folder", "name", "extension"), min_length=1)
    """What to add."""
    style: Literal["auto", "posix", "windows"] = "auto"
    r"""What separates folders: / (posix), / and \ (windows), or for each path by what it looks like: with a \ or
    a drive letter it is one of Windows."""

    def text(self) -> pl.Expr:
        text = exactly(self.column).cast(pl.String)
        return pl.when(text != "").then(text)

    def found(self) -> pl.Expr:
        text = self.text()
        posix, windows = self._split(text, SLASH), self._split(text, ANY_SLASH)
        if self.style != "auto":
            split = posix if self.style == "posix" else windows
        else:
            split = pl.when(text.str.contains(rf"\\|{DRIVE}")).then(windows).otherwise(posix)
        name = split.struct.field("name")
        dotted = name.str.extract_groups(r"(?s)^(?P<stem>.*[^.].*?)\.(?P<extension>[^.]+)$")
        return pl.struct(
            split.struct.field("folder"),
            name,
            pl.coalesce(dotted.struct.field("stem"), name).alias("stem"),
            dotted.struct.field("extension").str.to_lowercase(),
            text.is_not_null().alias(READ),
        )

    def _split(self, text: pl.Expr, separators: str) -> pl.Expr:
        """Folder and name; the separators at the end of a folder go, unless it is a root."""
        drive = f"(?:{DRIVE[1:]})?" if separators == ANY_SLASH else ""
        parts = text.str.extract_groups(rf"(?s)^({drive}(?:.*[{separators}])?)([^{separators}]*)$")
        folder, name = parts.struct.field("1"), parts.struct.field("2")
        bare = folder.str.replace(rf"[{separators}]+$", "")
        root = (bare == "") | bare.str.contains(f"{DRIVE}$") if drive else bare == ""
        root = root & folder.str.contains(rf"[{separators}]")
        first = folder.str.extract(rf"^({drive}[{separators}])")
        folder = pl.when(root).then(first).otherwise(bare)
        return pl.struct(
            pl.when(folder != "").then(folder).alias("folder"), pl.when(name != "").then(name).alias("name")
        )


TRANSFORMS: tuple[type[Transform], ...] = (ParseFilePath,)
