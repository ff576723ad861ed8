// The sheet of one person's faces: its sections' grids, the current face, and the selection.

import { addBlock, addJump, fillCell, showExpand } from "./drawing.js";
import { VirtualGrid } from "./grid.js";
import { reorder } from "./live.js";
import { Section, SECTIONS } from "./words.js";

const byId = (id) => document.getElementById(id);

export class Sheet {
  /** `onMove()` is told when another face is the current one, or the selection changed. */
  constructor(faces, details, name, onMove) {
    this.faces = faces;
    this.details = details;
    this.onMove = onMove;
    this.selected = new Set(); // numbers of faces
    this.grids = new Map(); // section -> VirtualGrid
    this.active = ""; // the section whose current face the keys act on
    this.anchor = 0; // where a range selection began
    SECTIONS.forEach((section, place) => this.addSection(section, place + 1, name));
  }

  /** Draw one section, where the person has faces in it. */
  addSection({ name: section, title }, number, name) {
    const list = this.faces.sections.get(section);
    const host = addBlock(byId("blocks"), section, title);
    host.hidden = section === Section.COPIES;
    addJump(byId("jumps"), section, title, number);
    const fill = (cell, face) => {
      fillCell(cell, this.faces, face, this.details.get(this.faces.ids[face]), this.selected.has(face));
    };
    const grid = new VirtualGrid(host, list, `${title}: ${name}`, fill, section === Section.RIGHT);
    grid.cursor = Math.max(0, list.findIndex((face) => this.faces.isLeft(face)));
    if (grid.cursor >= grid.count) grid.cursor = 0;
    this.grids.set(section, grid);
    this.showSection(section);
  }

  /** Hide a section without faces; say what its button shows. */
  showSection(section) {
    const grid = this.grids.get(section);
    const empty = !grid.list.length;
    byId(`block-${section}`).hidden = empty;
    byId(`jump-${section}`).parentElement.hidden = empty;
    showExpand(section, grid.list.length, grid);
  }

  get grid() {
    return this.grids.get(this.active);
  }

  /** The number of the current face; undefined where there is none. */
  get current() {
    return this.grid?.current;
  }

  /** The numbers of the faces that a verdict falls on. */
  get targets() {
    if (this.selected.size) return [...this.selected];
    return this.current === undefined ? [] : [this.current];
  }

  /** Go to the first section with faces left to decide, or to the first. */
  begin() {
    const sections = [...this.grids.keys()].filter((section) => this.grids.get(section).list.length);
    const first = sections.find((section) => section !== Section.COPIES && this.faces.undecided(section).length) ?? sections[0];
    if (first) this.go(first, this.grids.get(first).cursor);
  }

  go(section, place, align) {
    if (this.active && section !== this.active) this.select([]); // a verdict never falls on faces of another section
    this.active = section;
    this.grid.focus(place, align);
    for (const block of document.querySelectorAll(".block")) block.classList.toggle("active", block.id === `block-${section}`);
    this.onMove();
  }

  move(command, extend) {
    const from = this.grid.cursor;
    const to = this.grid.target(command);
    if (to === null) return this.leave(command);
    if (extend && !this.selected.size) this.anchor = from;
    this.go(this.active, to);
    if (extend) this.selectRange(this.anchor, to);
    else this.anchor = to;
  }

  /** Past a grid's edge: on to the neighbouring section that is open. */
  leave(command) {
    const open = [...this.grids.keys()].filter((section) => !this.grids.get(section).hidden);
    const step = command === "up" || command === "left" ? -1 : 1;
    const section = open[open.indexOf(this.active) + step];
    if (!section) return;
    this.go(section, step > 0 ? 0 : this.grids.get(section).count - 1);
    this.anchor = this.grid.cursor;
  }

  jump(section) {
    const grid = this.grids.get(section);
    if (!grid?.list.length) return;
    if (grid.host.hidden) this.expand(section);
    const undecided = grid.list.findIndex((face) => this.faces.isLeft(face));
    byId(`block-${section}`).scrollIntoView();
    this.go(section, undecided < 0 || undecided >= grid.count ? 0 : undecided);
  }

  /** Show all of a section, or its first rows; copies are shown or not. */
  expand(section) {
    const grid = this.grids.get(section);
    if (section === Section.COPIES) grid.host.hidden = !grid.host.hidden;
    else grid.collapsed = !grid.collapsed;
    grid.relayout(grid.current);
    this.showSection(section);
    if (section !== this.active) return;
    if (grid.host.hidden) this.begin();
    else this.go(section, grid.cursor);
  }

  // ---- Selection

  /** A click goes to a face; with Shift it selects all up to it, with Ctrl one more. */
  click(section, place, { shiftKey, ctrlKey, metaKey }) {
    const range = shiftKey && section === this.active;
    if (range && !this.selected.size) this.anchor = this.grid.cursor;
    this.go(section, place);
    if (range) return this.selectRange(this.anchor, place);
    if (ctrlKey || metaKey) this.toggle(this.current);
    this.anchor = place;
  }

  selectRange(from, to) {
    const [low, high] = from < to ? [from, to] : [to, from];
    this.select(this.grid.list.slice(low, high + 1));
  }

  select(numbers) {
    const before = [...this.selected];
    this.selected.clear();
    for (const number of numbers) this.selected.add(number);
    this.redraw([...before, ...numbers]);
  }

  toggle(number) {
    if (!this.selected.delete(number)) this.selected.add(number);
    this.redraw([number]);
  }

  // ---- Drawing

  redraw(numbers) {
    for (const number of new Set(numbers)) {
      const section = this.faces.sectionOf[number];
      if (!this.faces.removed.has(number)) this.grids.get(section).redraw(this.faces.places[number]);
    }
    this.onMove();
  }

  /** Draw all sections anew after faces left, came back or changed places; `current` keeps the cursor. */
  relayout() {
    const focused = document.activeElement?.closest("[role=grid]") !== null;
    for (const number of this.selected) if (this.faces.removed.has(number)) this.selected.delete(number);
    for (const [section, grid] of this.grids) {
      const { current } = grid;
      this.showSection(section);
      grid.relayout(current);
    }
    if (!this.grid?.list.length) this.begin();
    else if (focused || document.activeElement === document.body) this.grid.focus(this.grid.cursor);
    this.onMove();
  }

  render() {
    for (const grid of this.grids.values()) grid.render();
  }

  measure() {
    for (const [section, grid] of this.grids) {
      grid.measure();
      showExpand(section, grid.list.length, grid);
    }
  }

  /** The undecided faces of a section; where not all of them were seen it is opened first, and the answer is null. */
  seen(section) {
    const grid = this.grids.get(section);
    if (!grid.collapsed || grid.list.length <= grid.count) return this.faces.undecided(section);
    this.expand(section);
    return null;
  }

  // ---- Order

  /** Take a new order of the faces that are left: below the screen, or everywhere; returns how many changed section. */
  learn(order, everywhere) {
    const frozen = new Map([...this.grids].map(([section, grid]) => [section, everywhere ? 0 : this.frozen(grid)]));
    const stays = (number) => this.selected.has(number) || !this.faces.isLeft(number) || number === this.current;
    const before = this.grid?.current;
    const moved = reorder(this.faces, order, frozen, stays);
    for (const [section, grid] of this.grids) {
      this.showSection(section);
      grid.relayout(section === this.active ? before : grid.current);
    }
    if (this.grid?.list.length && !everywhere) this.grid.focus(this.grid.cursor);
    if (everywhere) this.begin();
    return moved;
  }

  /** Show faces that came later: by how likely they are, but below the screen, where nothing moves under the cursor. */
  arrive(numbers) {
    const { faces } = this;
    for (const number of numbers) {
      const list = faces.sections.get(faces.sectionOf[number]);
      const least = this.frozen(this.grids.get(faces.sectionOf[number])) ?? list.length;
      const after = list.findIndex((other, place) => place >= least && faces.likely[other] > faces.likely[number]);
      list.splice(after < 0 ? list.length : after, 0, number);
    }
    faces.number();
    this.relayout();
  }

  /** How many of a grid's first faces stay: those down to the end of the screen, and the current one; null: all. */
  frozen(grid) {
    const [, end] = grid.visible();
    const seen = Math.max(0, (end + 2) * grid.columns, grid === this.grid ? (grid.rowOf(grid.cursor) + 1) * grid.columns : 0);
    return seen >= grid.list.length && grid.list.length ? null : Math.min(seen, grid.list.length);
  }
}
