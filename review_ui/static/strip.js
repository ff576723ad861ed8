// A panel of pictures side by side, of which one is meant: near-duplicates, faces alike, photographs without a face.

export class Strip {
  constructor(panel, page) {
    this.panel = panel;
    this.page = page;
    this.list = panel.querySelector("ol");
    this.shown = []; // what the lines of the list stand for
    this.cursor = 0;
  }

  get open() {
    return !this.panel.hidden;
  }

  /** What the keys act on. */
  get current() {
    return this.shown[this.cursor];
  }

  /** Make the lines anew, and say in a sentence what they are; the same place is meant. */
  fill(lines, sum) {
    this.list.replaceChildren(...lines);
    this.panel.querySelector(".sum").textContent = sum;
    this.move(0);
  }

  /** Go so many lines on, or as far as there are any. */
  move(step) {
    const lines = [...this.list.children];
    this.cursor = Math.max(0, Math.min(lines.length - 1, this.cursor + step));
    lines.forEach((line, place) => line.setAttribute("aria-current", place === this.cursor));
    lines[this.cursor]?.focus();
  }

  close() {
    this.panel.hidden = true;
    this.list.replaceChildren();
  }
}
