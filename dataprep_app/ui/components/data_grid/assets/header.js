// The head of a column: its type and name, how much of it is valid, and the shape of its values.

import { html, svg } from "../dataprep-app.flow_canvas/dom.js";

const CHIPS = { number: "#", text: "A", boolean: "T/F", date: "D", time: "T", other: "{ }" };
const MARKS = { new: "new column", changed: "changed", removed: "removed column" };
const SHOWN_VALUES = 2;

/** The element of a head; `open(button)` is called by its menu button. */
export function headElement(column, index, open) {
  const { name, mark } = column;
  const chip = html("span", { class: `chip chip-${column.kind}`, title: column.type, "aria-hidden": "true" }, CHIPS[column.kind] ?? "?");
  const button = html("button", { type: "button", class: "more", tabindex: "-1", "aria-label": `${name}: actions`, "aria-haspopup": "menu", "aria-expanded": "false", "data-testid": `column-menu-${name}` }, "⋮");
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    open(button);
  });
  const said = [name, column.type, MARKS[mark], share(column), different(column)].filter(Boolean).join(", ");
  return html(
    "div",
    { class: `head${mark ? ` is-${mark}` : ""}`, id: `head-${index}`, role: "columnheader", "aria-colindex": index + 2, "aria-label": said, "data-index": index, "data-testid": `col-${name}` },
    html("div", { class: "title" }, chip, html("b", { title: mark ? `${name} (${MARKS[mark]})` : name }, name), column.menu ? button : null),
    bar(column),
    html("div", { class: "facts" }, html("span", {}, share(column)), html("span", {}, different(column))),
    column.histogram.length ? histogram(column) : values(column),
    html("div", { class: "facts range" }, html("span", {}, column.low ?? ""), html("span", {}, column.high ?? "")),
    html("i", { class: "resize", "data-testid": `resize-${name}`, title: "Drag to resize, double-click to fit" }),
  );
}

/** A share in percent that never claims all or none where there is a rest. */
export function percent(part, whole) {
  if (!part || !whole) return "0%";
  const value = (100 * part) / whole;
  if (value < 1) return "<1%";
  if (value > 99 && part < whole) return ">99%";
  return `${Math.round(value)}%`;
}

function share({ rows, missing, invalid }) {
  if (!rows) return "no rows";
  const parts = [missing && `${percent(missing, rows)} missing`, invalid && `${percent(invalid, rows)} invalid`].filter(Boolean);
  return parts.length ? parts.join(", ") : "complete";
}

function different({ distinct }) {
  return distinct === null || distinct === undefined ? "" : `${distinct.toLocaleString("en")} distinct`;
}

function bar(column) {
  const { rows, missing, invalid } = column;
  const part = (kind, count) => (count ? html("i", { class: kind, style: `flex:${count} 0 2px` }) : null);
  return html("div", { class: "bar", title: `${(rows - missing - invalid).toLocaleString("en")} valid, ${invalid.toLocaleString("en")} invalid, ${missing.toLocaleString("en")} missing` }, part("valid", rows - missing - invalid), part("invalid", invalid), part("missing", missing));
}

function histogram({ histogram: counts }) {
  const most = Math.max(1, ...counts);
  const width = 100 / counts.length;
  const bars = counts.map((count, i) => {
    const height = count ? Math.max(1.5, (30 * count) / most) : 0;
    return `M${(i * width + 0.6).toFixed(2)} 32v${(-height).toFixed(2)}h${(width - 1.2).toFixed(2)}v${height.toFixed(2)}z`;
  });
  return svg("svg", { class: "histogram", viewBox: "0 0 100 32", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("path", { d: bars.join("") }));
}

function values({ top, rows }) {
  const lines = top.slice(0, SHOWN_VALUES).map(([value, count]) =>
    html("div", { title: `${value}: ${count.toLocaleString("en")} rows` }, html("span", {}, value || "(empty)"), html("em", {}, percent(count, rows))),
  );
  return html("div", { class: "values" }, ...lines);
}
