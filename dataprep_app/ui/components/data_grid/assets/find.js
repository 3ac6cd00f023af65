// "Go to column": a field that completes the names of columns.

import { html } from "../dataprep-app.flow_canvas/dom.js";

export class Find {
  /** `go(name)` is told which column was chosen. */
  constructor(go) {
    this.names = [];
    this.list = html("datalist", { id: "columns" });
    this.input = html("input", { type: "search", class: "find", list: "columns", placeholder: "Go to column", "aria-label": "Go to column", autocomplete: "off", spellcheck: "false" });
    this.element = html("span", {}, this.input, this.list);
    const found = (name) => {
      this.input.value = "";
      go(name);
    };
    this.input.addEventListener("input", (event) => {
      // A choice from the list comes as replaced text, typing does not.
      if (event.inputType === "insertReplacementText" && this.names.includes(this.input.value)) found(this.input.value);
    });
    this.input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      const name = event.key === "Enter" && this.best();
      if (name) found(name);
    });
  }

  set(names) {
    this.names = names;
    this.list.replaceChildren(...names.map((each) => html("option", { value: each })));
  }

  /** The name that fits what is typed: the same, or beginning so, or having it anywhere. */
  best() {
    const wanted = this.input.value.trim().toLowerCase();
    if (!wanted) return null;
    const names = this.names.map((each) => [each, each.toLowerCase()]);
    const tests = [(name) => name === wanted, (name) => name.startsWith(wanted), (name) => name.includes(wanted)];
    for (const test of tests) {
      const found = names.find(([, name]) => test(name));
      if (found) return found[0];
    }
    return null;
  }
}
