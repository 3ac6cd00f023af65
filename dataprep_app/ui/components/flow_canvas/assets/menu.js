// The menu behind a node's plus button. It stands outside the zoomed layer, so that it is neither cut nor tiny.

import { html } from "./dom.js";

export class Menu {
  constructor(stage) {
    this.stage = stage;
    this.element = null;
    this.onOutside = (event) => {
      if (!event.composedPath().includes(this.element)) this.close();
    };
  }

  /** Open beside a button; `pick(id)` is told what was chosen. */
  open(button, items, pick) {
    this.close();
    this.button = button;
    const entries = items.map((item) =>
      item === "-"
        ? html("li", { role: "separator" })
        : html("li", { role: "none" }, this.entry(item, pick)),
    );
    this.element = html("ul", { class: "menu", role: "menu", "aria-label": button.getAttribute("aria-label") }, ...entries);
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.stage.append(this.element);
    button.setAttribute("aria-expanded", "true");
    this.put(button);
    this.element.querySelector("button").focus({ preventScroll: true });
    document.addEventListener("pointerdown", this.onOutside, true);
  }

  entry(item, pick) {
    const chosen = () => {
      this.close();
      pick(item.id);
    };
    return html("button", { type: "button", role: "menuitem", "data-testid": `menu-${item.id}`, onclick: chosen }, item.label);
  }

  /** To the right of the button, or to its left where there is no room; never over the edge. */
  put(button) {
    const stage = this.stage.getBoundingClientRect();
    const from = button.getBoundingClientRect();
    let left = from.right + 6 - stage.left;
    if (left + this.element.offsetWidth > stage.width - 6) left = from.left - stage.left - this.element.offsetWidth - 6;
    const lowest = stage.height - this.element.offsetHeight - 6;
    this.element.style.left = `${Math.max(6, left)}px`;
    this.element.style.top = `${Math.max(6, Math.min(from.top - stage.top - 8, lowest))}px`;
  }

  key(event) {
    const buttons = [...this.element.querySelectorAll("button")];
    const here = buttons.indexOf(event.target);
    const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      this.close();
      this.button.focus({ preventScroll: true });
    } else if (there !== undefined) {
      buttons.at(there % buttons.length).focus({ preventScroll: true });
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    if (!this.element) return;
    document.removeEventListener("pointerdown", this.onOutside, true);
    this.button.setAttribute("aria-expanded", "false");
    this.element.remove();
    this.element = null;
  }
}
