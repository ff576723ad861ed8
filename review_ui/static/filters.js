// Filters as chips, and sorting: which faces the sheet shows, and in what order. Both stand in the page's address.

import { element } from "./drawing.js";
import { FaceMap, Points } from "./map.js";
import { answerFrom } from "./server.js";
import { AUTO, FACETS, ORDERS, Verdict, doubt, t } from "./words.js";

const SORT = "sort";
const MAP = "map";

export class Filters {
  /** `panel` holds all chips, `chosen` those that are pressed; `onChange()` is told when others are. */
  constructor(panel, chosen, faces, onChange) {
    this.panel = panel;
    this.chosen = chosen;
    this.faces = faces;
    this.onChange = onChange;
    const known = [SORT, MAP, ...FACETS.map(({ name }) => name)];
    this.picked = new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => known.includes(name)));
    this.traits = null; // fetched when they are needed first
    this.points = new Points(faces);
    this.map = new FaceMap(document.getElementById("map"), faces, this.points, {
      areas: () => this.picked.getAll(MAP), pick: (area, adding) => this.pickArea(area, adding),
    });
    for (const host of [panel, chosen]) host.addEventListener("click", (event) => this.onClick(event));
  }

  /** Whether other faces are shown than all, or in another order. */
  get active() {
    return this.picked.size > 0;
  }

  /** Show or hide the panel. */
  async toggle() {
    this.panel.hidden = !this.panel.hidden;
    if (!this.panel.hidden) await this.draw();
  }

  /** Do what the address says, on opening the page; returns whether it says anything. */
  async begin() {
    if (this.active) await this.apply();
    return this.active;
  }

  /** Show the faces of an area of the map, with those of the areas chosen before or without them. */
  pickArea(area, adding) {
    if (!adding) this.picked.delete(MAP);
    if (area) this.picked.append(MAP, area);
    return this.changed();
  }

  async fetch() {
    if (this.picked.has(MAP)) await this.points.fetch();
    if (this.traits) return;
    const answer = await answerFrom(`/api/identity/${this.faces.page}/traits`);
    if (!answer) return;
    const { ids, facets, orders } = answer;
    this.traits = { rows: new Map(ids.map((faceId, row) => [this.faces.numbers.get(faceId), row])), facets, orders };
  }

  /** The words of a facet that hold of a face. */
  wordsOf(facet, number) {
    if (facet === "verdict") return [this.faces.verdictOf(number) ?? Verdict.UNDECIDED];
    if (facet === "reviewer") return this.faces.verdictOf(number) ? [this.faces.way(number).reviewer || this.faces.reviewer] : [];
    const row = this.traits.rows.get(number);
    const { words, of } = this.traits.facets[facet] ?? { words: [], of: [] };
    return words[of[row]] ?? [];
  }

  passes(number, apartFrom = "") {
    const areas = this.picked.getAll(MAP);
    if (areas.length && !areas.some((area) => this.points.holds(area, number))) return false;
    return FACETS.every(({ name }) => {
      const picked = name === apartFrom ? [] : this.picked.getAll(name);
      return !picked.length || this.wordsOf(name, number).some((word) => picked.includes(word));
    });
  }

  /** How two faces follow each other: by the order that is picked, then as they always do. */
  get compare() {
    const sort = this.picked.get(SORT) ?? "";
    const values = this.traits?.orders[sort.replace("-", "")];
    if (!values) return (one, other) => this.faces.compare(one, other);
    const sign = sort.startsWith("-") ? -1 : 1;
    const valueOf = (number) => values[this.traits.rows.get(number)] ?? 0;
    return (one, other) => sign * (valueOf(one) - valueOf(other)) || this.faces.compare(one, other);
  }

  async apply() {
    await this.fetch();
    if (!this.traits) return;
    this.faces.arrange((number) => this.passes(number), this.compare);
    this.onChange();
    this.map.draw();
    if (!this.panel.hidden) await this.draw();
    this.drawChosen();
  }

  async onClick(event) {
    const chip = event.target.closest("[data-facet]");
    if (!chip) return;
    const { facet, word } = chip.dataset;
    if (facet === "all") this.picked = new URLSearchParams();
    else if (facet === SORT) this.sortBy(word);
    else if (this.picked.has(facet, word)) this.picked.delete(facet, word);
    else this.picked.append(facet, word);
    await this.changed();
  }

  async changed() {
    history.replaceState(null, "", this.picked.size ? `?${this.picked}` : location.pathname);
    await this.apply();
  }

  /** The smallest first; pressed again the largest, and then as always. */
  sortBy(word) {
    const before = this.picked.get(SORT);
    if (before === `-${word}`) this.picked.delete(SORT);
    else this.picked.set(SORT, before === word ? `-${word}` : word);
  }

  async draw() {
    await this.fetch();
    if (!this.traits) return;
    const shown = [...this.traits.rows.keys()].filter((number) => number !== undefined && !this.faces.removed.has(number));
    const rows = FACETS.map(({ name, title }) => {
      const counts = new Map();
      for (const number of shown) {
        if (this.passes(number, name)) for (const word of this.wordsOf(name, number)) counts.set(word, (counts.get(word) ?? 0) + 1);
      }
      for (const word of this.picked.getAll(name)) if (!counts.has(word)) counts.set(word, 0);
      const words = [...counts].sort(name === "year" ? ([one], [other]) => (one < other ? -1 : 1) : ([, one], [, other]) => other - one);
      return row(title, words.map(([word, count]) => chip(name, word, `${labelOf(word)} `, this.picked.has(name, word), count)));
    });
    const sort = this.picked.get(SORT) ?? "";
    const orders = ORDERS.map(({ name, title }) => {
      const sign = { [name]: " ↑", [`-${name}`]: " ↓" }[sort] ?? "";
      return chip(SORT, name, title + sign, Boolean(sign));
    });
    this.panel.replaceChildren(...rows, row(t("Sort by"), orders));
  }

  /** What is chosen stands above the faces, whether the panel is open or not. */
  drawChosen() {
    const chips = [...this.picked].map(([facet, word]) => {
      const order = facet === SORT && ORDERS.find(({ name }) => name === word.replace("-", ""));
      const text = facet === MAP ? t("an area of the map") : order ? `${t("by {order}", { order: order.title })} ${word.startsWith("-") ? "↓" : "↑"}` : labelOf(word);
      return chip(facet, word.replace(facet === SORT ? "-" : "", ""), `${text} ×`, true);
    });
    if (chips.length > 1) chips.push(chip("all", "", t("Clear filters"), false));
    this.chosen.replaceChildren(...chips);
    this.chosen.hidden = !chips.length;
  }
}

const LABELS = { [Verdict.ACCEPT]: t("accepted"), [Verdict.REJECT]: t("rejected"), [AUTO]: t("automatically") };
const labelOf = (word) => LABELS[word] ?? doubt(word);

function chip(facet, word, text, pressed, count) {
  const made = element("button", { type: "button", className: "chip" }, text);
  if (count !== undefined) made.append(element("span", { className: "quiet", textContent: count }));
  Object.assign(made.dataset, { facet, word });
  made.setAttribute("aria-pressed", pressed);
  return made;
}

function row(title, chips) {
  const made = element("div", { className: "facet" }, element("span", { className: "quiet", textContent: title }), ...chips);
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", title);
  made.hidden = !chips.length;
  return made;
}
