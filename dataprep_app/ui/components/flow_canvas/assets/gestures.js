// What hands do on the stage: select, move, connect, draw a frame, pan, zoom, and all of it by keys.

import { follow, html } from "./dom.js";
import { HEIGHT, WIDTH, inPoint, neighbour, outPoint, reaches } from "./geometry.js";

const STEP = 20;

export class Gestures {
  constructor(canvas) {
    this.canvas = canvas;
    const { stage } = canvas;
    stage.addEventListener("pointerdown", (event) => this.down(event));
    stage.addEventListener("keydown", (event) => this.key(event));
    stage.addEventListener("dblclick", (event) => this.open(event));
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  wheel(event) {
    event.preventDefault();
    const { left, top } = this.canvas.view.size;
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015));
    this.canvas.view.zoom(factor, event.clientX - left, event.clientY - top);
  }

  /** Open the node under the pointer; the event itself is of the stage, which holds the pointer from the first click on. */
  open(event) {
    if (event.target.closest(".menu, .controls, .plus, .minimap")) return;
    const node = this.canvas.at(event.clientX, event.clientY);
    if (node) this.canvas.emit("open", { node: node.id });
  }

  down(event) {
    const { canvas } = this;
    if (event.button !== 0 || event.target.closest(".menu, .controls, .plus, .minimap")) return;
    canvas.menu.close();
    event.preventDefault();
    const edge = event.target.closest(".hit");
    const node = canvas.nodeOf(event.target);
    const output = event.target.closest(".handle.out");
    if (edge) {
      canvas.select([]);
      canvas.edges.select(edge.dataset.edge);
      canvas.stage.focus({ preventScroll: true });
    } else if (node && output && !canvas.readonly) this.connect(event, node, output.dataset.port);
    else if (node) this.move(event, node);
    else if (event.shiftKey) this.frame(event);
    else this.pan(event);
  }

  /** Draw a line from an output to another node. */
  connect(event, node, output) {
    const { canvas } = this;
    const from = outPoint(node, output);
    const takes = (target) => target && target !== node && target.inputs?.length && !reaches(canvas.edges.all, target.id, node.id);
    const move = (now) => {
      canvas.edges.pull(from, canvas.view.toFlow(now.clientX, now.clientY));
      const target = canvas.at(now.clientX, now.clientY);
      canvas.highlight(takes(target) ? target : null);
    };
    const end = (now, moved) => {
      canvas.edges.pull(null);
      canvas.highlight(null);
      const target = moved && canvas.at(now.clientX, now.clientY);
      if (!takes(target)) return;
      const { y } = canvas.view.toFlow(now.clientX, now.clientY);
      const far = (port) => Math.abs(inPoint(target, port).y - y);
      const port = [...target.inputs].sort((a, b) => far(a) - far(b))[0];
      canvas.emit("connect", { source: node.id, output, target: target.id, port });
    };
    follow(canvas.stage, event, move, end);
  }

  /** Select a node, or move it with all that are selected. */
  move(event, node) {
    const { canvas } = this;
    const several = event.shiftKey || event.ctrlKey || event.metaKey;
    canvas.elements.get(node.id).focus({ preventScroll: true });
    const moving = canvas.selected.has(node.id) ? [...canvas.selected].map((id) => canvas.nodes.get(id)).filter(Boolean) : [node];
    const starts = moving.map((each) => ({ each, x: each.x, y: each.y }));
    const move = (now, dx, dy) => {
      if (canvas.readonly) return;
      for (const { each, x, y } of starts) canvas.put(each, x + dx / canvas.view.scale, y + dy / canvas.view.scale, true);
      const target = moving.length === 1 ? canvas.at(now.clientX, now.clientY, node.id) : null;
      canvas.highlight(target && canvas.joins(node, target) ? target : null);
    };
    const end = (now, moved) => {
      canvas.highlight(null);
      if (!moved || canvas.readonly) return several ? canvas.toggle(node.id) : canvas.select([node.id], true);
      const target = moving.length === 1 ? canvas.at(now.clientX, now.clientY, node.id) : null;
      if (target && canvas.joins(node, target)) {
        for (const { each, x, y } of starts) canvas.put(each, x, y);
        canvas.emit("move", { nodes: [], node: node.id, onto: target.id });
      } else canvas.moved(moving);
    };
    follow(canvas.stage, event, move, end);
  }

  /** Draw a frame; what it touches is selected. */
  frame(event) {
    const { canvas } = this;
    const box = html("div", { class: "frame" });
    const { left, top } = canvas.view.size;
    const start = canvas.view.toFlow(event.clientX, event.clientY);
    const before = [...canvas.selected];
    let touched = [];
    const move = (now) => {
      if (!box.isConnected) canvas.stage.append(box);
      const x = Math.min(event.clientX, now.clientX) - left;
      const y = Math.min(event.clientY, now.clientY) - top;
      const wide = Math.abs(now.clientX - event.clientX);
      const high = Math.abs(now.clientY - event.clientY);
      box.style.cssText = `left:${x}px;top:${y}px;width:${wide}px;height:${high}px`;
      const end = canvas.view.toFlow(now.clientX, now.clientY);
      const [x0, x1] = [start.x, end.x].sort((a, b) => a - b);
      const [y0, y1] = [start.y, end.y].sort((a, b) => a - b);
      touched = [...canvas.nodes.values()].filter((n) => n.x < x1 && n.x + WIDTH > x0 && n.y < y1 && n.y + HEIGHT > y0).map((n) => n.id);
      canvas.mark(touched);
    };
    const end = (_, moved) => {
      box.remove();
      canvas.mark(before); // so that the choice counts as a change
      if (moved) canvas.select(touched, true);
    };
    follow(canvas.stage, event, move, end);
  }

  pan(event) {
    const { canvas } = this;
    const from = { x: canvas.view.x, y: canvas.view.y };
    canvas.stage.classList.add("is-panning");
    const end = (_, moved) => {
      canvas.stage.classList.remove("is-panning");
      if (!moved) canvas.select([], true);
    };
    follow(canvas.stage, event, (_, dx, dy) => canvas.view.pan(from, dx, dy), end);
  }

  key(event) {
    if (event.target.closest(".menu, .controls") || event.target.matches("input")) return;
    if (event.target.matches("button") && (event.key === "Enter" || event.key === " ")) return;
    const { canvas } = this;
    const node = canvas.nodeOf(event.target);
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const arrow = key.startsWith("Arrow");
    const actions = {
      a: command && (() => canvas.select([...canvas.nodes.keys()], true)),
      c: command && canvas.selected.size && (() => canvas.emit("copy", { nodes: [...canvas.selected] })),
      v: command && !canvas.readonly && (() => canvas.emit("paste", {})),
      Escape: () => canvas.select([], true),
      Delete: () => canvas.remove(node),
      Backspace: () => canvas.remove(node),
      Enter: node && (() => (canvas.selected.has(node.id) && canvas.selected.size === 1 ? canvas.emit("open", { node: node.id }) : canvas.select([node.id], true))),
      " ": node && (() => canvas.toggle(node.id)),
      "+": node && (() => canvas.elements.get(node.id).querySelector(".plus")?.click()),
      ContextMenu: node && (() => canvas.elements.get(node.id).querySelector(".plus")?.click()),
    };
    const action = arrow && node ? () => (event.altKey ? this.nudge(node, key) : this.travel(node, key)) : actions[key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  /** Move the focus to the next node in a direction. */
  travel(node, key) {
    const next = neighbour(this.canvas.nodes.values(), node, key);
    if (!next) return;
    this.canvas.elements.get(next.id).focus({ preventScroll: true });
    this.canvas.view.reveal(next);
  }

  /** Move a node, and all that are selected with it, one step. */
  nudge(node, key) {
    const { canvas } = this;
    if (canvas.readonly) return;
    const [dx, dy] = { ArrowRight: [STEP, 0], ArrowLeft: [-STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[key];
    const moving = canvas.selected.has(node.id) ? [...canvas.selected].map((id) => canvas.nodes.get(id)) : [node];
    for (const each of moving) canvas.put(each, each.x + dx, each.y + dy);
    canvas.moved(moving);
  }
}
