// A node as an element: its tile, title and state, a handle for each input and output, and the plus button.

import { html, tile } from "./dom.js";

const STATES = { error: "needs attention", warn: "has a warning", running: "running", off: "disabled" };

/** The element of a node; `add(node, output, button)` is called by its plus buttons. */
export function nodeElement(node, readonly, add) {
  const state = STATES[node.status];
  const element = html("div", {
    class: `node node-${node.kind}${node.status ? ` is-${node.status}` : ""}`,
    "data-id": node.id,
    "data-testid": `node-${node.id}`,
    role: "group",
    tabindex: "0",
    "aria-label": [node.title, node.sub, state].filter(Boolean).join(", "),
  });
  const inputs = node.inputs ?? [];
  inputs.forEach((port, i) => element.append(handle("in", port, i, inputs.length)));
  element.append(tile(node.kind), html("span", { class: "text" }, html("b", { title: node.title }, node.title), html("small", { title: node.sub }, node.sub ?? "")));
  if (state) element.append(html("span", { class: `state state-${node.status}`, role: "img", "aria-label": state, title: node.problem ?? state }, mark(node.status)));
  const outputs = node.outputs ?? [];
  outputs.forEach((output, i) => {
    element.append(handle("out", output, i, outputs.length));
    if (!readonly) element.append(plus(node, output, i, outputs.length, add));
  });
  return element;
}

function mark(status) {
  return { error: "!", warn: "!", off: "–" }[status] ?? "";
}

function middle(i, count) {
  return `top:${(100 * (i + 1)) / (count + 1)}%`;
}

function handle(side, port, i, count) {
  const several = count > 1;
  return html("i", { class: `handle ${side}`, "data-port": port, style: middle(i, count), title: several ? port : null });
}

/** The plus button of an output: beside its line, so that both can be hit. */
function plus(node, output, i, count, add) {
  const name = count > 1 ? `${node.title}, ${output}` : node.title;
  const button = html(
    "button",
    {
      type: "button",
      class: count > 1 && i < count / 2 ? "plus is-above" : "plus",
      style: middle(i, count),
      tabindex: "-1",
      "aria-label": `Add after ${name}`,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "data-testid": count > 1 ? `plus-${node.id}.${output}` : `plus-${node.id}`,
    },
    "+",
  );
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    add(node, output, button);
  });
  return button;
}
