// The datasets beside the flow: dragged onto it, onto a node to be joined with it, or added by a button.

import { follow, html, tile } from "./dom.js";

export class Palette {
  /** `over(event)` is told where a dataset is held, `drop(event, dataset)` where it is let go; `add(dataset)`. */
  constructor(host, { over, drop, add }) {
    Object.assign(this, { host, over, drop, add, shown: "" });
    this.search = html("input", { type: "search", class: "search", placeholder: "Find a dataset", "aria-label": "Find a dataset" });
    this.search.addEventListener("input", () => this.list());
    this.items = html("ul");
    this.element = html("section", { class: "palette", "aria-label": "Datasets" }, html("h2", {}, "Datasets"), this.search, this.items);
  }

  draw(datasets) {
    const now = JSON.stringify(datasets);
    if (now === this.shown) return;
    Object.assign(this, { shown: now, datasets });
    this.search.hidden = datasets.length < 6;
    this.list();
  }

  list() {
    const wanted = this.search.value.toLowerCase();
    const found = this.datasets.filter((each) => each.label.toLowerCase().includes(wanted));
    const empty = this.datasets.length ? "No dataset has this name." : "Upload a file on the page Datasets.";
    this.items.replaceChildren(...(found.length ? found.map((each) => this.entry(each)) : [html("li", { class: "empty" }, empty)]));
  }

  entry(dataset) {
    const text = html("span", { class: "text" }, html("b", {}, dataset.label), html("small", {}, dataset.sub ?? ""));
    const button = html("button", { type: "button", "aria-label": `Add ${dataset.label}`, title: "Add to the flow" }, "+");
    button.addEventListener("click", () => this.add(dataset));
    const item = html("li", { "data-testid": `palette-${dataset.id}`, title: `Drag ${dataset.label} onto the flow` }, tile("source"), text, button);
    item.addEventListener("pointerdown", (event) => this.drag(event, item, dataset));
    return item;
  }

  drag(event, item, dataset) {
    if (event.button !== 0 || event.target.closest("button")) return;
    event.preventDefault();
    let ghost = null;
    const move = (now) => {
      ghost ??= this.host.appendChild(html("div", { class: "ghost" }, dataset.label));
      ghost.style.left = `${now.clientX}px`;
      ghost.style.top = `${now.clientY}px`;
      this.over(now);
    };
    const end = (now, moved) => {
      ghost?.remove();
      this.over(null);
      if (moved) this.drop(now, dataset);
    };
    follow(item, event, move, end, 5);
  }
}
