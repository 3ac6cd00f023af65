// The lines between nodes: a thin one that is seen, and a wide one that is easy to hit.

import { svg } from "./dom.js";
import { curve, inPoint, outPoint } from "./geometry.js";

export class Edges {
  constructor(nodes) {
    this.nodes = nodes;
    this.all = [];
    this.groups = new Map();
    this.selected = null;
    this.pending = svg("path", { class: "edge pending" });
    this.element = svg("svg", { class: "edges", "aria-hidden": "true" });
  }

  draw(edges) {
    this.all = edges;
    const kept = new Set(edges.map((each) => each.id));
    for (const [id, group] of this.groups) {
      if (kept.has(id)) continue;
      group.remove();
      this.groups.delete(id);
    }
    for (const edge of edges) {
      if (!this.groups.has(edge.id)) {
        const group = svg("g", {}, svg("path", { class: "edge" }), svg("path", { class: "hit", "data-edge": edge.id, "data-testid": `edge-${edge.id}` }));
        this.groups.set(edge.id, group);
        this.element.append(group);
      }
      this.route(edge);
    }
    this.select(kept.has(this.selected) ? this.selected : null);
  }

  route(edge) {
    const from = this.nodes.get(edge.source);
    const to = this.nodes.get(edge.target);
    if (!from || !to) return;
    const path = curve(outPoint(from, edge.output), inPoint(to, edge.port));
    for (const each of this.groups.get(edge.id).children) each.setAttribute("d", path);
  }

  /** Draw anew what touches a node. */
  around(id) {
    for (const each of this.all) if (each.source === id || each.target === id) this.route(each);
  }

  select(id) {
    this.selected = id;
    for (const [each, group] of this.groups) group.classList.toggle("is-selected", each === id);
  }

  /** Show the line that is being drawn; null ends it. */
  pull(from, to) {
    if (!from) return this.pending.remove();
    this.pending.setAttribute("d", curve(from, to));
    if (!this.pending.isConnected) this.element.append(this.pending);
  }
}
