// A virtual grid: however many faces a section has, only the rows on the screen (and the focused one) are in the page.

const OVERSCAN = 1; // rows kept above and below the screen
const AHEAD = 2; // rows drawn beyond it where the page is being scrolled to
export const COLLAPSED_ROWS = 2; // that a collapsed section shows

export class VirtualGrid {
  /** `list` holds numbers of faces; `fill(cell, number)` draws one into its cell; `label` is for screen readers. */
  constructor(host, list, label, fill, collapsed = false) {
    this.host = host;
    this.list = list;
    this.fill = fill;
    this.cursor = 0; // place of the face that the keys act on
    this.rows = new Map(); // row number -> element
    this.columns = 1;
    this.top = 0; // the first row on the screen when it was drawn last
    this.collapsed = collapsed;
    host.setAttribute("role", "grid");
    host.setAttribute("aria-label", label);
    host.setAttribute("aria-multiselectable", "true");
    this.measure();
  }

  get hidden() {
    return this.host.hidden || !this.list.length;
  }

  /** How many faces are shown: a collapsed section shows its first rows. */
  get count() {
    return this.collapsed ? Math.min(this.list.length, COLLAPSED_ROWS * this.columns) : this.list.length;
  }

  /** The number of the current face. */
  get current() {
    return this.list[this.cursor];
  }

  rowOf(place) {
    return Math.floor(place / this.columns);
  }

  /** Fit the columns to the width; the row height is the style sheet's, in rem. */
  measure() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const style = getComputedStyle(this.host);
    const value = (name) => parseFloat(style.getPropertyValue(name));
    const zoom = value("--zoom"); // of the picture; the text below it stays
    const columns = Math.max(1, Math.floor(this.host.clientWidth / (value("--cell-width") * zoom * rem)));
    this.rowHeight = (value("--cell-height") * zoom + value("--cell-text")) * rem;
    const changed = columns !== this.columns;
    this.columns = columns;
    const count = Math.ceil(this.count / columns);
    this.host.style.height = `${count * this.rowHeight}px`;
    this.host.style.setProperty("--columns", columns);
    this.host.setAttribute("aria-rowcount", count);
    this.host.setAttribute("aria-colcount", columns);
    if (changed) this.clear();
  }

  clear() {
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
  }

  /** Draw everything anew after the list changed; the cursor stays on its face where that is still shown. */
  relayout(number) {
    const place = this.list.indexOf(number);
    this.cursor = place >= 0 && place < this.count ? place : Math.max(0, Math.min(this.cursor, this.count - 1));
    this.clear();
    this.measure();
    this.render();
  }

  /** Rows on the screen, [from, to]; outside the grid where it is above or below the screen. */
  visible() {
    const top = this.host.getBoundingClientRect().top;
    return [Math.floor(-top / this.rowHeight), Math.floor((innerHeight - top) / this.rowHeight)];
  }

  /** Bring the rows in the page in step with the scroll position. */
  render() {
    if (this.hidden) return;
    const [first, end] = this.visible();
    const last = this.rowOf(this.count - 1);
    const from = Math.max(0, first - (first < this.top ? AHEAD : OVERSCAN));
    const to = Math.min(last, end + (first > this.top ? AHEAD : OVERSCAN));
    this.top = first;
    const pinned = this.rowOf(this.cursor);
    for (const [number, row] of this.rows) {
      if ((number < from || number > to) && number !== pinned) {
        row.remove();
        this.rows.delete(number);
      }
    }
    for (let number = from; number <= to; number += 1) this.row(number);
    this.row(pinned);
  }

  /** The element of a row, made where it is not in the page; rows stand in the page in their order. */
  row(number) {
    if (this.rows.has(number)) return this.rows.get(number);
    const row = document.createElement("div");
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", number + 1);
    row.className = "row";
    row.style.top = `${number * this.rowHeight}px`;
    const begin = number * this.columns;
    this.list.slice(begin, Math.min(begin + this.columns, this.count)).forEach((face, column) => {
      const cell = row.appendChild(document.createElement("div"));
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-colindex", column + 1);
      cell.dataset.place = begin + column;
      cell.tabIndex = begin + column === this.cursor ? 0 : -1;
      this.fill(cell, face);
    });
    let after = null;
    let nearest = Infinity;
    for (const [other, element] of this.rows) {
      if (other > number && other < nearest) [nearest, after] = [other, element];
    }
    this.host.insertBefore(row, after);
    this.rows.set(number, row);
    return row;
  }

  /** The cell of a face where it is in the page. */
  cell(place) {
    return this.rows.get(this.rowOf(place))?.children[place % this.columns];
  }

  /** Draw a face again, where it is in the page. */
  redraw(place) {
    const cell = this.cell(place);
    if (cell) this.fill(cell, this.list[place]);
  }

  /** Make a face the current one and focus it; `align` as for scrollIntoView. */
  focus(place, align = "nearest") {
    const before = this.cell(this.cursor);
    if (before) before.tabIndex = -1;
    this.cursor = Math.max(0, Math.min(this.count - 1, place));
    this.row(this.rowOf(this.cursor));
    const cell = this.cell(this.cursor);
    cell.tabIndex = 0;
    cell.focus({ preventScroll: true });
    cell.parentElement.scrollIntoView({ block: align });
    this.render();
  }

  /** Where a move leads, or null where it leaves the grid above (-1) or below (+1). */
  target(move) {
    const last = this.count - 1;
    const place = this.cursor;
    const rows = Math.max(1, Math.floor((innerHeight * 0.6) / this.rowHeight)); // of one screen
    const inRow = (row) => Math.min(last, row * this.columns + (place % this.columns));
    switch (move) {
      case "left": return place > 0 ? place - 1 : null;
      case "right": return place < last ? place + 1 : null;
      case "up": return place >= this.columns ? place - this.columns : null;
      case "down":
        if (this.rowOf(place) === this.rowOf(last)) return null;
        return Math.min(last, place + this.columns);
      case "pageUp": return inRow(Math.max(0, this.rowOf(place) - rows));
      case "pageDown": return inRow(Math.min(this.rowOf(last), this.rowOf(place) + rows));
      case "first": return 0;
      default: return last;
    }
  }

  /** The places of the faces that a rectangle of the window touches, in their order. */
  within({ left, top, right, bottom }) {
    const box = this.host.getBoundingClientRect();
    const width = box.width / this.columns;
    const rows = [Math.max(0, Math.floor((top - box.top) / this.rowHeight)), Math.floor((bottom - box.top) / this.rowHeight)];
    const columns = [
      Math.max(0, Math.floor((left - box.left) / width)), Math.min(this.columns - 1, Math.floor((right - box.left) / width)),
    ];
    const places = [];
    for (let row = rows[0]; row <= Math.min(rows[1], this.rowOf(this.count - 1)); row += 1) {
      for (let column = columns[0]; column <= columns[1]; column += 1) {
        const place = row * this.columns + column;
        if (place < this.count) places.push(place);
      }
    }
    return places;
  }
}
