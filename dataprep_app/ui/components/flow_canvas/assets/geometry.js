// Where things are, in the coordinates of the flow: positions come from Python, sizes are fixed.

export const WIDTH = 204;
export const HEIGHT = 64;

/** The point at which edges leave an output of a node. */
export function outPoint(node, output) {
  const outputs = node.outputs ?? [""];
  const place = Math.max(0, outputs.indexOf(output ?? outputs[0]));
  return { x: node.x + WIDTH, y: node.y + (HEIGHT * (place + 1)) / (outputs.length + 1) };
}

/** The point at which edges reach an input of a node. */
export function inPoint(node, port) {
  const ports = node.inputs ?? [];
  const place = Math.max(0, ports.indexOf(port));
  return { x: node.x, y: node.y + (HEIGHT * (place + 1)) / (Math.max(1, ports.length) + 1) };
}

/** The path of an edge between two points; back to the left it goes between the rows of nodes. */
export function curve(from, to) {
  if (to.x < from.x + 20 && Math.abs(to.y - from.y) > HEIGHT) return detour(from, to);
  const bend = Math.max(30, Math.abs(to.x - from.x) / 2);
  return `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
}

function detour(from, to) {
  const down = Math.sign(to.y - from.y);
  const middle = down > 0 ? Math.max((from.y + to.y) / 2, to.y - HEIGHT) : (from.y + to.y) / 2;
  const [right, left, radius] = [from.x + 26, to.x - 26, 12];
  return [
    `M${from.x} ${from.y}H${right - radius}Q${right} ${from.y} ${right} ${from.y + down * radius}`,
    `V${middle - down * radius}Q${right} ${middle} ${right - radius} ${middle}`,
    `H${left + radius}Q${left} ${middle} ${left} ${middle + down * radius}`,
    `V${to.y - down * radius}Q${left} ${to.y} ${left + radius} ${to.y}H${to.x}`,
  ].join("");
}

/** The box around nodes; null when there are none. */
export function bounds(nodes) {
  const all = [...nodes];
  if (!all.length) return null;
  const left = Math.min(...all.map((each) => each.x));
  const top = Math.min(...all.map((each) => each.y));
  const right = Math.max(...all.map((each) => each.x + WIDTH));
  const bottom = Math.max(...all.map((each) => each.y + HEIGHT));
  return { left, top, right, bottom, width: right - left, height: bottom - top };
}

/** Whether a point lies on a node. */
export function covers(node, point) {
  return point.x >= node.x && point.x <= node.x + WIDTH && point.y >= node.y && point.y <= node.y + HEIGHT;
}

/** Whether rows flow from one node to another, so that an edge back would close a circle. */
export function reaches(edges, from, to) {
  const after = new Map();
  for (const each of edges) after.set(each.source, [...(after.get(each.source) ?? []), each.target]);
  const waiting = [from];
  const seen = new Set();
  while (waiting.length) {
    const node = waiting.pop();
    if (node === to) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    waiting.push(...(after.get(node) ?? []));
  }
  return false;
}

/** The nearest node in the direction of an arrow key. */
export function neighbour(nodes, from, key) {
  const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  let best = null;
  let least = Infinity;
  for (const each of nodes) {
    const along = (each.x - from.x) * dx + (each.y - from.y) * dy;
    const across = Math.abs((each.x - from.x) * dy) + Math.abs((each.y - from.y) * dx);
    if (each !== from && along > 5 && along + 2 * across < least) {
      least = along + 2 * across;
      best = each;
    }
  }
  return best;
}
