// The window on the flow: how far it is moved and zoomed. It fits itself to the flow until somebody moves it.

import { HEIGHT, WIDTH, bounds } from "./geometry.js";

const SMALLEST = 0.1;
const LARGEST = 2;
const MARGIN = 40;
const BESIDE = 26; // left and right of the whole flow
const ABOVE = 26;
const BELOW = 58; // the buttons stand there

export class View {
  constructor(stage, layer, changed) {
    Object.assign(this, { stage, layer, changed, x: MARGIN, y: MARGIN, scale: 1, automatic: true });
  }

  get size() {
    return this.stage.getBoundingClientRect();
  }

  /** A point of the page in the coordinates of the flow. */
  toFlow(clientX, clientY) {
    const { left, top } = this.size;
    return { x: (clientX - left - this.x) / this.scale, y: (clientY - top - this.y) / this.scale };
  }

  /** Zoom about a point of the stage, by default its middle. */
  zoom(factor, centerX = this.size.width / 2, centerY = this.size.height / 2) {
    this.automatic = false;
    const scale = Math.min(LARGEST, Math.max(SMALLEST, this.scale * factor));
    const ratio = scale / this.scale;
    this.set(centerX - (centerX - this.x) * ratio, centerY - (centerY - this.y) * ratio, scale);
  }

  /** Move by so many pixels from where it was. */
  pan(from, dx, dy) {
    this.automatic = false;
    this.set(from.x + dx, from.y + dy, this.scale);
  }

  /** Put a point of the flow into the middle. */
  center(point) {
    this.automatic = false;
    const { width, height } = this.size;
    this.set(width / 2 - point.x * this.scale, height / 2 - point.y * this.scale, this.scale);
  }

  /** Show all nodes, never larger than life. */
  fit(nodes) {
    this.automatic = true;
    const box = bounds(nodes);
    const { width, height } = this.size;
    if (!box || !width) return;
    const wide = box.width + MARGIN; // room for the button behind the last node
    const high = height - ABOVE - BELOW;
    const scale = Math.min(1, (width - 2 * BESIDE) / wide, high / box.height);
    this.set((width - wide * scale) / 2 - box.left * scale, ABOVE + (high - box.height * scale) / 2 - box.top * scale, scale);
  }

  /** Whether all of a box is in sight. */
  shows(box) {
    const { width, height } = this.size;
    const [left, top] = [box.left * this.scale + this.x, box.top * this.scale + this.y];
    return left >= 0 && top >= 0 && left + box.width * this.scale <= width && top + box.height * this.scale <= height;
  }

  /** Move just as far as it takes to see a node. */
  reveal(node) {
    const { width, height } = this.size;
    const left = node.x * this.scale + this.x;
    const top = node.y * this.scale + this.y;
    const dx = Math.max(0, MARGIN - left) - Math.max(0, left + WIDTH * this.scale + MARGIN - width);
    const dy = Math.max(0, MARGIN - top) - Math.max(0, top + HEIGHT * this.scale + MARGIN - height);
    if (dx || dy) this.set(this.x + dx, this.y + dy, this.scale);
  }

  set(x, y, scale) {
    Object.assign(this, { x, y, scale });
    this.layer.style.transform = `translate(${x}px,${y}px) scale(${scale})`;
    this.stage.style.backgroundPosition = `${x}px ${y}px`;
    const dots = 20 * scale * 2 ** Math.max(0, Math.ceil(Math.log2(0.7 / scale)));
    this.stage.style.backgroundSize = `${dots}px ${dots}px`;
    this.changed();
  }
}
