// The whole flow in small, with the window that is seen; a click or a drag moves the window. It is there only while
// some of the flow is out of sight.

import { follow, html, svg } from "./dom.js";
import { bounds, HEIGHT, WIDTH } from "./geometry.js";

const MARGIN = 60;

export class Minimap {
  constructor(view, nodes) {
    Object.assign(this, { view, nodes, box: null, held: false });
    this.boxes = svg("g");
    this.window = svg("rect", { class: "minimap-window", rx: 8 });
    this.picture = svg("svg", { "aria-hidden": "true", preserveAspectRatio: "xMidYMid meet" }, this.boxes, this.window);
    this.element = html("div", { class: "minimap", "data-testid": "minimap", title: "Overview: drag to move" }, this.picture);
    this.element.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.held = true;
      this.go(event);
      const end = () => {
        this.held = false;
        this.follow();
      };
      follow(this.element, event, (now) => this.go(now), end, 0);
    });
  }

  go(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.picture.getScreenCTM().inverse());
    this.view.center(point);
  }

  /** Draw the nodes anew. */
  draw() {
    const nodes = [...this.nodes.values()];
    const box = bounds(nodes);
    this.box = box;
    if (!box) {
      this.element.hidden = true;
      return;
    }
    const area = [box.left - MARGIN, box.top - MARGIN, box.width + 2 * MARGIN, box.height + 2 * MARGIN];
    this.picture.setAttribute("viewBox", area.join(" "));
    this.boxes.replaceChildren(
      ...nodes.map((each) =>
        svg("rect", { class: `mini mini-${each.kind}`, x: each.x, y: each.y, width: WIDTH, height: HEIGHT, rx: 10 }),
      ),
    );
    this.follow();
  }

  /** Move the window to what is seen. */
  follow() {
    if (!this.box) return;
    this.element.hidden = !this.held && this.view.shows(this.box);
    const { width, height } = this.view.size;
    const { x, y, scale } = this.view;
    const place = { x: -x / scale, y: -y / scale, width: width / scale, height: height / scale };
    for (const [name, value] of Object.entries(place)) this.window.setAttribute(name, value);
  }
}
