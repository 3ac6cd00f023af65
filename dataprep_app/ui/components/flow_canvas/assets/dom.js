// Small tools for making elements. Text always goes in as text, never as HTML, since titles come from data.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; attributes named `on...` are listeners, and missing ones are left out. */
export function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((each) => each !== null && each !== undefined));
  return element;
}

const ICONS = {
  source: "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3v12c0 1.7-3.6 3-8 3s-8-1.3-8-3V6m0 0c0 1.7 3.6 3 8 3s8-1.3 8-3M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  step: "M4 7h10M18 7h2M4 17h2M10 17h10M14 5v4M6 15v4",
  join: "M3 6h5c4 0 4 6 8 6h5M3 18h5c4 0 4-6 8-6",
  recipe: "M12 3l9 5-9 5-9-5zM3 12l9 5 9-5M3 16l9 5 9-5",
  split: "M3 12h6c4 0 4-6 8-6h4M9 12c4 0 4 6 8 6h4",
  model: "M12 3v5M12 16v5M3 12h5M16 12h5M12 12m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
  destination: "M12 3v11M7 10l5 5 5-5M4 20h16",
  analysis: "M5 20V10M12 20V4M19 20v-7",
  in: "M12 5v14M5 12h14",
  out: "M5 12h14",
  all: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  tidy: "M3 5h6v5H3zM3 14h6v5H3zM15 9.5h6v5h-6zM9 7.5h3v9H9M12 12h3",
};

/** A drawing in lines; what it means is said beside it or by a label. */
export function icon(name, size = 18) {
  const picture = svg("svg", { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", class: "line" });
  picture.append(svg("path", { d: ICONS[name] ?? ICONS.step }));
  return picture;
}

/** The tile that tells the kind of a node. */
export function tile(kind) {
  return html("span", { class: `tile tile-${kind}` }, icon(kind));
}

/** Follow the pointer from a pointerdown: `move(event, dx, dy)` once it has left its place, `end(event, moved)`. */
export function follow(element, event, move, end, threshold = 4) {
  const { clientX, clientY, pointerId } = event;
  let moved = false;
  element.setPointerCapture(pointerId);
  const onMove = (now) => {
    const dx = now.clientX - clientX;
    const dy = now.clientY - clientY;
    if (!moved && Math.hypot(dx, dy) < threshold) return;
    moved = true;
    move(now, dx, dy);
  };
  const onEnd = (now) => {
    element.removeEventListener("pointermove", onMove);
    element.removeEventListener("pointerup", onEnd);
    element.removeEventListener("pointercancel", onEnd);
    end(now, moved && now.type === "pointerup");
  };
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onEnd);
  element.addEventListener("pointercancel", onEnd);
}
