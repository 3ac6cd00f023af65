// The canvas of a flow. Python owns the document and says what to draw; here is only what is seen for now: how the
// window stands, what is selected, what is being dragged. See the Python side for the shape of data and events.

import { html, icon } from "./dom.js";
import { Edges } from "./edges.js";
import { covers } from "./geometry.js";
import { Gestures } from "./gestures.js";
import { Menu } from "./menu.js";
import { Minimap } from "./minimap.js";
import { nodeElement } from "./nodes.js";
import { Outbox } from "./outbox.js";
import { Palette } from "./palette.js";
import { View } from "./view.js";

class Canvas {
  constructor(parent, send) {
    Object.assign(this, { data: {}, nodes: new Map(), elements: new Map(), drawn: new Map(), selected: new Set() });
    this.outbox = new Outbox(send);
    this.edges = new Edges(this.nodes);
    this.layer = html("div", { class: "layer" }, this.edges.element);
    this.stage = html("div", { class: "stage", "data-testid": "flow-stage", tabindex: "-1", role: "application", "aria-label": "Data flow" }, this.layer);
    this.view = new View(this.stage, this.layer, () => {
      this.menu?.close();
      this.minimap?.follow();
    });
    this.menu = new Menu(this.stage);
    this.minimap = new Minimap(this.view, this.nodes);
    this.hint = html("p", { class: "hint" });
    this.stage.append(this.hint, this.minimap.element, this.controls());
    this.palette = new Palette(parent, {
      over: (event) => this.highlight(event && this.at(event.clientX, event.clientY)),
      drop: (event, dataset) => this.drop(event, dataset),
      add: (dataset) => this.emit("drop", { dataset: dataset.id, on: null, x: null, y: null }),
    });
    this.root = html("div", { class: "root" }, this.palette.element, this.stage);
    parent.append(this.root);
    new Gestures(this);
    this.sized = new ResizeObserver(() => this.view.automatic && this.view.fit(this.nodes.values()));
    this.sized.observe(this.stage);
  }

  get readonly() {
    return Boolean(this.data.readonly);
  }

  emit(type, body) {
    this.outbox.put(type, body);
  }

  /** Draw what Python says. */
  render(data) {
    const first = !this.nodes.size;
    this.data = data;
    this.outbox.seen(data.ack);
    this.root.style.height = `${data.height}px`;
    this.palette.element.hidden = !data.palette;
    if (data.palette) this.palette.draw(data.palette);
    const added = this.drawNodes(data.nodes);
    this.edges.draw(data.edges);
    this.mark(data.selected);
    this.minimap.draw();
    this.hint.textContent = data.nodes.length ? "" : data.hint;
    if (this.view.automatic) this.view.fit(this.nodes.values());
    else if (!first && added.length) this.view.reveal(added[0]);
  }

  drawNodes(nodes) {
    const held = this.stage.getRootNode().activeElement?.closest?.(".node")?.dataset.id;
    const added = [];
    const now = new Set(nodes.map((each) => each.id));
    for (const id of [...this.nodes.keys()]) {
      if (now.has(id)) continue;
      this.elements.get(id).remove();
      for (const each of [this.nodes, this.elements, this.drawn]) each.delete(id);
    }
    for (const each of nodes) {
      const { x, y, ...looks } = each;
      const said = JSON.stringify([looks, this.readonly]);
      if (this.drawn.get(each.id) !== said) {
        const element = nodeElement(each, this.readonly, (...given) => this.openMenu(...given));
        if (this.elements.has(each.id)) this.elements.get(each.id).replaceWith(element);
        else {
          this.layer.append(element);
          added.push(each);
        }
        this.elements.set(each.id, element);
        this.drawn.set(each.id, said);
      }
      this.nodes.set(each.id, each);
      this.put(each, x, y);
    }
    if (held) this.elements.get(held)?.focus({ preventScroll: true });
    return added;
  }

  /** Put a node at a place; `held` while it hangs on the pointer. */
  put(node, x, y, held = false) {
    Object.assign(node, { x, y });
    const element = this.elements.get(node.id);
    element.style.transform = `translate(${x}px,${y}px)`;
    element.classList.toggle("is-held", held);
    this.edges.around(node.id);
  }

  /** Say that nodes were moved. */
  moved(nodes) {
    for (const each of nodes) this.put(each, Math.round(each.x), Math.round(each.y));
    this.view.automatic = false;
    this.minimap.draw();
    this.emit("move", { nodes: nodes.map(({ id, x, y }) => ({ id, x, y })), node: null, onto: null });
  }

  nodeOf(element) {
    return this.nodes.get(element.closest(".node")?.dataset.id);
  }

  /** The node at a point of the page, another than `but`. */
  at(clientX, clientY, but) {
    const point = this.view.toFlow(clientX, clientY);
    return [...this.nodes.values()].reverse().find((each) => each.id !== but && covers(each, point)) ?? null;
  }

  /** Whether dropping one node on another means to join them. */
  joins(node, target) {
    return Boolean(node.outputs?.length && target.outputs?.length) && !this.edges.all.some((each) => each.source === node.id && each.target === target.id);
  }

  highlight(node) {
    for (const [id, element] of this.elements) element.classList.toggle("is-target", id === node?.id);
  }

  /** Show which nodes are selected. */
  mark(ids) {
    this.selected = new Set(ids.filter((id) => this.nodes.has(id)));
    for (const [id, element] of this.elements) element.classList.toggle("is-selected", this.selected.has(id));
  }

  /** Select nodes, and say so when a person did it. */
  select(ids, tell = false) {
    const same = ids.length === this.selected.size && ids.every((id) => this.selected.has(id));
    this.edges.select(null);
    this.mark(ids);
    if (tell && !same) this.emit("select", { nodes: ids });
  }

  toggle(id) {
    const now = new Set(this.selected);
    if (!now.delete(id)) now.add(id);
    this.select([...now], true);
  }

  remove(node) {
    if (this.readonly) return;
    if (this.edges.selected) return this.emit("delete", { nodes: [], edges: [this.edges.selected] });
    const nodes = this.selected.size ? [...this.selected] : node ? [node.id] : [];
    if (nodes.length) this.emit("delete", { nodes, edges: [] });
  }

  openMenu(node, output, button) {
    this.menu.open(button, this.data.menus[node.menu] ?? [], (action) => this.emit("menu", { node: node.id, output, action }));
  }

  drop(event, dataset) {
    const { left, right, top, bottom } = this.view.size;
    const { clientX, clientY } = event;
    if (clientX < left || clientX > right || clientY < top || clientY > bottom) return;
    const on = this.at(clientX, clientY);
    const { x, y } = this.view.toFlow(clientX, clientY);
    this.emit("drop", { dataset: dataset.id, on: on?.outputs?.length ? on.id : null, x: Math.round(x - 100), y: Math.round(y - 32) });
  }

  controls() {
    const button = (sign, label, action) => html("button", { type: "button", title: label, "aria-label": label, onclick: action }, icon(sign, 16));
    return html(
      "div",
      { class: "controls", role: "toolbar", "aria-label": "View" },
      button("in", "Zoom in", () => this.view.zoom(1.25)),
      button("out", "Zoom out", () => this.view.zoom(0.8)),
      button("all", "Show all", () => this.view.fit(this.nodes.values())),
      button("tidy", "Tidy up", () => {
        this.view.automatic = true;
        this.emit("tidy", {});
      }),
    );
  }
}

const canvases = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  let canvas = canvases.get(parentElement);
  if (!canvas) {
    canvas = new Canvas(parentElement, (name, value) => setStateValue(name, value));
    canvases.set(parentElement, canvas);
  }
  canvas.outbox.send = setStateValue;
  canvas.render(data);
  return () => {
    canvas.menu.close();
    canvas.sized.disconnect();
    canvases.delete(parentElement);
  };
}
