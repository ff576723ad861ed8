// A virtual grid: however many faces a section has, only the rows on the screen (and the focused one) are in the page.

const OVERSCAN = 2; // rows kept above and below the screen

export class VirtualGrid {
  /** `fill(cell, face)` draws a face into its cell; `label` names the grid for screen readers. */
  constructor(host, faces, label, fill) {
    this.host = host;
    this.faces = faces;
    this.fill = fill;
    this.cursor = 0; // place of the face that the keys act on
    this.rows = new Map(); // row number -> element
    this.columns = 1;
    host.setAttribute("role", "grid");
    host.setAttribute("aria-label", label);
    host.setAttribute("aria-multiselectable", "true");
    this.measure();
  }

  get hidden() {
    return this.host.hidden || !this.faces.length;
  }

  rowOf(place) {
    return Math.floor(place / this.columns);
  }

  /** Fit the columns to the width; the row height is the style sheet's, in rem. */
  measure() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const style = getComputedStyle(this.host);
    const size = (name) => parseFloat(style.getPropertyValue(name)) * rem;
    const columns = Math.max(1, Math.floor(this.host.clientWidth / size("--cell-width")));
    this.rowHeight = size("--cell-height");
    const count = Math.ceil(this.faces.length / columns);
    this.host.style.height = `${count * this.rowHeight}px`;
    this.host.style.setProperty("--columns", columns);
    this.host.setAttribute("aria-rowcount", count);
    this.host.setAttribute("aria-colcount", columns);
    if (columns === this.columns && this.rows.size) return;
    this.columns = columns;
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
  }

  /** Bring the rows in the page in step with the scroll position. */
  render() {
    if (this.hidden) return;
    const top = this.host.getBoundingClientRect().top;
    const last = this.rowOf(this.faces.length - 1);
    const from = Math.max(0, Math.floor(-top / this.rowHeight) - OVERSCAN);
    const to = Math.min(last, Math.floor((innerHeight - top) / this.rowHeight) + OVERSCAN);
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
    this.faces.slice(number * this.columns, (number + 1) * this.columns).forEach((face, column) => {
      const place = number * this.columns + column;
      const cell = row.appendChild(document.createElement("div"));
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-colindex", column + 1);
      cell.dataset.place = place;
      cell.tabIndex = place === this.cursor ? 0 : -1;
      this.fill(cell, face);
    });
    const after = [...this.rows].filter(([other]) => other > number).sort(([a], [b]) => a - b)[0];
    this.host.insertBefore(row, after ? after[1] : null);
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
    if (cell) this.fill(cell, this.faces[place]);
  }

  /** Make a face the current one and focus it; `align` as for scrollIntoView. */
  focus(place, align = "nearest") {
    const before = this.cell(this.cursor);
    if (before) before.tabIndex = -1;
    this.cursor = Math.max(0, Math.min(this.faces.length - 1, place));
    this.row(this.rowOf(this.cursor));
    const cell = this.cell(this.cursor);
    cell.tabIndex = 0;
    cell.focus({ preventScroll: true });
    cell.parentElement.scrollIntoView({ block: align });
    this.render();
  }

  /** Where a move leads, or null where it leaves the grid above (-1) or below (+1). */
  target(move) {
    const last = this.faces.length - 1;
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
}
