// Rows of a table under heads that say what each column holds. Python packs the rows once; here is what is seen for
// now: how far it is scrolled, how wide columns are, which one is selected. See the Python side for data and events.

import { follow, html } from "../dataprep-app.flow_canvas/dom.js";
import { Menu } from "../dataprep-app.flow_canvas/menu.js";
import { Outbox } from "../dataprep-app.flow_canvas/outbox.js";
import { Columns, HEAD, NUMBER, ROW } from "./columns.js";
import { Find } from "./find.js";
import { headElement } from "./header.js";
import { Rows } from "./rows.js";

const HASH = 24; // characters of the content hash before the JSON
const KEPT_EVENTS = 20; // the payload carries no acknowledgement, or every click would send the table again
const SPARE_ROWS = 4;
const LEGEND = { new: "New column", changed: "Changed", removed: "Removed column" };

class Grid {
  constructor(parent, send) {
    Object.assign(this, { hash: null, data: null, selected: null, heads: new Map(), columns: new Columns() });
    this.outbox = new Outbox(send);
    this.find = new Find((name) => {
      this.select(name);
      this.scroller.focus({ preventScroll: true });
    });
    this.legend = html("span", { class: "legend" });
    this.status = html("span", { class: "status" });
    this.headRow = html("div", { class: "headrow", role: "row", "aria-rowindex": 1 }, html("div", { class: "corner", role: "columnheader", "aria-colindex": 1 }, "Row"));
    this.body = html("div", { class: "body", role: "rowgroup" });
    this.sheet = html("div", { class: "sheet", role: "presentation" }, html("div", { class: "top", role: "rowgroup" }, this.headRow), this.body);
    this.scroller = html("div", { class: "scroller", role: "grid", tabindex: "0", "data-testid": "grid" }, this.sheet);
    this.stage = html("div", { class: "stage" }, this.scroller);
    this.root = html("div", { class: "root" }, html("div", { class: "tools" }, this.find.element, this.legend, this.status), this.stage);
    this.menu = new Menu(this.stage);
    this.rows = new Rows(this.body, this.columns);
    parent.append(this.root);
    this.listen();
  }

  listen() {
    this.scroller.addEventListener("scroll", () => this.soon(), { passive: true });
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    this.scroller.addEventListener("click", (event) => {
      const column = this.under(event);
      if (column && !event.target.closest(".resize")) this.select(column.name, false);
    });
    this.scroller.addEventListener("contextmenu", (event) => {
      const column = this.under(event);
      if (!column?.menu) return;
      event.preventDefault();
      this.select(column.name, false);
      this.open(column.name);
    });
    this.scroller.addEventListener("pointerdown", (event) => this.resize(event));
    this.scroller.addEventListener("dblclick", (event) => this.fit(event));
    this.sized = new ResizeObserver(() => this.soon());
    this.sized.observe(this.scroller);
  }

  emit(type, body) {
    this.outbox.put(type, body);
    this.outbox.seen({ sid: this.outbox.session, seq: this.outbox.last - KEPT_EVENTS });
  }

  /** Draw what Python says; nothing is read when it is what is shown already. */
  render(packed) {
    const decode = (part) => new TextDecoder().decode(part);
    const hash = decode(packed.subarray(0, HASH));
    if (hash === this.hash) return;
    const data = JSON.parse(decode(packed.subarray(HASH)));
    if (this.hash === null) this.selected = data.start;
    Object.assign(this, { hash, data });
    this.menu.close();
    this.columns.set(data.columns);
    if (this.columns.index(this.selected) < 0) this.selected = null;
    this.rows.set(data);
    this.find.set(data.columns.map((each) => each.name));
    this.say();
    this.root.style.height = `${data.height}px`;
    this.resetHeads();
    this.bringMarked();
    this.paint();
    this.root.dataset.ready = hash;
  }

  say() {
    const { data } = this;
    this.shown = data.numbers.length;
    this.status.textContent = data.status;
    const marks = new Set(data.columns.map((each) => each.mark));
    this.legend.replaceChildren(...Object.entries(LEGEND).filter(([mark]) => marks.has(mark)).map(([mark, label]) => html("span", { class: `key key-${mark}` }, label)));
    for (const [name, value] of Object.entries({ "aria-rowcount": data.total + 1, "aria-colcount": data.columns.length + 1, "aria-label": data.label })) this.scroller.setAttribute(name, value);
  }

  /** Bring what a preview changes into sight, once and if none of it is; people may scroll away from it. */
  bringMarked() {
    const marked = this.data.columns.filter((each) => each.mark);
    const first = marked.find((each) => each.mark !== "removed") ?? marked[0];
    if (first && first.name !== this.marked && !marked.some((each) => this.inSight(this.columns.index(each.name)))) {
      this.reveal(this.columns.index(first.name));
    }
    this.marked = first?.name ?? null;
  }

  inSight(i) {
    const { scroller, columns } = this;
    const left = columns.left[i] - scroller.scrollLeft;
    return left >= NUMBER && left + columns.width(columns.all[i]) <= scroller.clientWidth;
  }

  resetHeads() {
    for (const each of this.heads.values()) each.remove();
    this.heads.clear();
    this.sheet.style.width = `${this.columns.total}px`;
    this.sheet.style.height = `${HEAD + this.shown * ROW}px`;
  }

  soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.paint();
    });
  }

  /** Draw what is in sight. */
  paint() {
    if (!this.data) return;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.scroller;
    if (this.scrolled !== scrollLeft + scrollTop) this.menu.close();
    this.scrolled = scrollLeft + scrollTop;
    const range = this.columns.range(scrollLeft, clientWidth);
    const top = Math.max(0, Math.floor(scrollTop / ROW) - SPARE_ROWS);
    const bottom = Math.min(this.shown - 1, Math.ceil((scrollTop + clientHeight - HEAD) / ROW) + SPARE_ROWS);
    this.paintHeads(range);
    this.rows.paint([top, bottom], range, this.selected);
  }

  paintHeads([first, last]) {
    for (const [i, element] of this.heads) {
      if (i >= first && i <= last) continue;
      element.remove();
      this.heads.delete(i);
    }
    for (let i = Math.max(0, first); i <= last; i += 1) {
      const column = this.columns.all[i];
      if (!this.heads.has(i)) {
        const element = headElement(column, i, (button) => this.open(column.name, button));
        this.heads.set(i, element);
        this.headRow.append(element);
      }
      const element = this.heads.get(i);
      const here = column.name === this.selected;
      element.style.left = `${this.columns.left[i]}px`;
      element.style.width = `${this.columns.width(column)}px`;
      element.classList.toggle("is-selected", here);
      element.setAttribute("aria-selected", String(here));
      if (here) this.scroller.setAttribute("aria-activedescendant", element.id);
    }
    if (!this.heads.has(this.columns.index(this.selected))) this.scroller.removeAttribute("aria-activedescendant");
  }

  /** The column that an event is about. */
  under(event) {
    const place = event.target.closest("[data-index]")?.dataset.index;
    return place === undefined ? null : this.columns.all[place];
  }

  /** Select a column, bring it into sight and say so. */
  select(name, reveal = true) {
    if (reveal) this.reveal(this.columns.index(name));
    if (name !== this.selected) {
      this.selected = name;
      this.emit("select", { column: name });
    }
    this.paint();
  }

  reveal(i) {
    const { scroller, columns } = this;
    const left = columns.left[i] - NUMBER;
    const right = columns.left[i] + columns.width(columns.all[i]) - scroller.clientWidth;
    if (left < scroller.scrollLeft) scroller.scrollLeft = left;
    else if (right > scroller.scrollLeft) scroller.scrollLeft = right;
  }

  /** Open the menu of a column. */
  open(name, button) {
    this.select(name, !button);
    const column = this.columns.all[this.columns.index(name)];
    const from = button ?? this.heads.get(this.columns.index(name))?.querySelector(".more");
    if (from) this.menu.open(from, this.data.menus[column.menu], (action) => this.emit("act", { column: name, action }));
  }

  key(event) {
    if (event.target !== this.scroller || event.ctrlKey || event.metaKey || event.altKey) return;
    const here = this.columns.index(this.selected);
    const last = this.columns.all.length - 1;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (last < 0) return;
    if (step && event.shiftKey && here >= 0) this.widen(here, this.columns.width(this.columns.all[here]) + 16 * step);
    else if (step) this.select(this.columns.all[Math.min(last, Math.max(0, here + step))].name);
    else if (event.key === "Home" || event.key === "End") this.select(this.columns.all[event.key === "Home" ? 0 : last].name);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") this.scroller.scrollTop += event.key === "ArrowDown" ? ROW : -ROW;
    else if (event.key === "Enter" && here >= 0 && this.columns.all[here].menu) this.open(this.selected);
    else return;
    event.preventDefault();
  }

  widen(i, width) {
    this.columns.resize(this.columns.all[i], width);
    this.sheet.style.width = `${this.columns.total}px`;
    this.paint();
  }

  resize(event) {
    const handle = event.target.closest(".resize");
    if (!handle || event.button !== 0) return;
    event.preventDefault();
    const i = Number(handle.parentElement.dataset.index);
    const width = this.columns.width(this.columns.all[i]);
    follow(handle, event, (_now, dx) => this.widen(i, width + dx), () => {}, 2);
  }

  /** As wide as the widest value in sight. */
  fit(event) {
    const handle = event.target.closest(".resize");
    if (!handle) return;
    const i = Number(handle.parentElement.dataset.index);
    this.widen(i, 0); // so that what is measured is the text, not the room it has
    const cells = [...this.body.querySelectorAll(`[data-index="${i}"]`), handle.parentElement.querySelector(".title b")];
    this.widen(i, Math.max(...cells.map((each) => each.scrollWidth + (each.matches("b") ? 74 : 12))));
  }
}

const grids = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  let grid = grids.get(parentElement);
  if (!grid) {
    grid = new Grid(parentElement, (name, value) => setStateValue(name, value));
    grids.set(parentElement, grid);
  }
  grid.outbox.send = setStateValue;
  grid.render(data);
  return () => {
    grid.menu.close();
    grid.sized.disconnect();
    grids.delete(parentElement);
  };
}
