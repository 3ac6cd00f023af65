"""Elements of SVG as text, with everything in them escaped: names and values are data."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape


def tag(name: str, *inside: str, **attributes: object) -> Markup:
    """An element; ``class_`` is written as ``class``, ``text_anchor`` as ``text-anchor``."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value)) for key, value in attributes.items()
    )
    start = Markup("<{}{}").format(name, written)
    return start + Markup(">{}</{}>").format(joined(inside), name) if inside else start + Markup("/>")


def joined(parts: Iterable[str]) -> Markup:
    """Elements and texts one after the other."""
    return Markup("").join(escape(each) for each in parts)


def picture(width: float, height: float, parts: Iterable[str], label: str) -> Markup:
    """A chart that is never wider than it was drawn."""
    return tag(
        "svg",
        *parts,
        class_="chart",
        viewBox=f"0 0 {width:g} {height:g}",
        style=f"max-width:{width:g}px",
        role="img",
        aria_label=label,
    )


def text(said: str, x: float, y: float, look: str = "tick", anchor: str = "middle", **more: object) -> Markup:
    """A text at a place."""
    return tag("text", said or " ", x=x, y=y, class_=look, text_anchor=anchor, **more)


def line(start: tuple[float, float], end: tuple[float, float], look: str) -> Markup:
    """A straight line."""
    return tag("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=look)


def _short(value: object) -> object:
    return f"{round(value, 1):g}" if isinstance(value, float) else value
