// The rows in sight, as elements; all others are only numbers.

import { html } from "../dataprep-app.flow_canvas/dom.js";
import { HEAD, NUMBER, ROW } from "./columns.js";

export class Rows {
  constructor(element, columns) {
    Object.assign(this, { element, columns, drawn: new Map(), window: "", data: null });
  }

  /** Show other data. */
  set(data) {
    this.data = data;
    this.invalid = new Map(Object.entries(data.invalid).map(([i, rows]) => [Number(i), new Set(rows)]));
    this.clear();
  }

  clear() {
    for (const each of this.drawn.values()) each.remove();
    this.drawn.clear();
  }

  /** Draw the rows `top` to `bottom` with the columns `first` to `last`, and take away what is out of sight. */
  paint([top, bottom], [first, last], selected) {
    const now = `${first}:${last}:${selected}:${this.columns.total}`;
    if (now !== this.window) this.clear();
    this.window = now;
    for (const [row, element] of this.drawn) {
      if (row >= top && row <= bottom) continue;
      element.remove();
      this.drawn.delete(row);
    }
    const added = document.createDocumentFragment();
    for (let row = top; row <= bottom; row += 1) {
      if (this.drawn.has(row)) continue;
      const element = this.row(row, first, last, selected);
      this.drawn.set(row, element);
      added.append(element);
    }
    this.element.append(added);
  }

  row(row, first, last, selected) {
    const number = this.data.numbers[row];
    const cells = [html("div", { class: "number", role: "rowheader", "aria-colindex": 1, style: `width:${NUMBER}px` }, number.toLocaleString("en"))];
    for (let i = first; i >= 0 && i <= last; i += 1) cells.push(this.cell(row, i, selected));
    const looks = { class: row % 2 ? "row odd" : "row", role: "row", "aria-rowindex": number + 1 };
    return html("div", { ...looks, style: `top:${HEAD + row * ROW}px` }, ...cells);
  }

  cell(row, i, selected) {
    const column = this.columns.all[i];
    const value = this.data.cells[i][row];
    const old = this.data.old[i]?.[row];
    const looks = ["cell", `kind-${column.kind}`];
    if (column.mark) looks.push(`in-${column.mark}`);
    if (old !== undefined) looks.push("is-changed");
    if (column.name === selected) looks.push("is-selected");
    if (value === null || value === "" || (value === "NaN" && column.kind === "number")) looks.push("is-empty");
    else if (this.invalid.get(i)?.has(row)) looks.push("is-invalid");
    const place = `left:${this.columns.left[i]}px;width:${this.columns.width(column)}px`;
    const said = text(value);
    const title = old !== undefined ? `Was: ${text(old)}` : said.length > 12 ? said : null;
    return html("div", { class: looks.join(" "), role: "gridcell", "aria-colindex": i + 2, "data-index": i, style: place, title }, said.replaceAll(/\r\n?|\n/g, "⏎"));
  }
}

/** What a cell says; missing and empty are words of their own look. */
export function text(value) {
  if (value === null) return "missing";
  return value === "" ? "empty" : String(value);
}
