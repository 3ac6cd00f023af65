// Where the columns stand: their widths, as people set them, and which of them are in sight.

export const NUMBER = 56; // width of the row numbers
export const ROW = 28;
export const HEAD = 126;

const NARROWEST = 72;
const WIDEST = 640;
const SPARE = 60; // drawn beyond the edge, so that a small scroll shows no gap

export class Columns {
  constructor() {
    Object.assign(this, { all: [], left: [], total: 0, widths: new Map() });
  }

  /** Take other columns; those of the same name keep the width that was set. */
  set(all) {
    this.all = all;
    this.place();
  }

  place() {
    let left = NUMBER;
    this.left = this.all.map((each) => {
      const here = left;
      left += this.width(each);
      return here;
    });
    this.total = left;
  }

  width(column) {
    return this.widths.get(column.name) ?? Math.min(240, Math.max(172, 8 * column.name.length + 74));
  }

  resize(column, width) {
    this.widths.set(column.name, Math.min(WIDEST, Math.max(NARROWEST, Math.round(width))));
    this.place();
  }

  index(name) {
    return this.all.findIndex((each) => each.name === name);
  }

  /** First and last column in sight. */
  range(scrollLeft, width) {
    const from = scrollLeft + NUMBER - SPARE;
    const to = scrollLeft + width + SPARE;
    const first = this.all.findIndex((each, i) => this.left[i] + this.width(each) > from);
    let last = first;
    while (last < this.all.length - 1 && this.left[last + 1] < to) last += 1;
    return [first, last];
  }
}
