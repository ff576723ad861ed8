// A dialog with a search field and a list: arrow keys choose, Enter takes, Escape closes.

import { element } from "./drawing.js";
import { t } from "./words.js";

const MOST = 12; // lines shown

export class Picker {
  /** `offers(text)` gives, at once or later, [{label, hint, act}]. */
  constructor(dialog, offers) {
    this.dialog = dialog;
    this.offers = offers;
    this.input = dialog.querySelector("input");
    this.list = dialog.querySelector("[role=listbox]");
    this.shown = [];
    this.chosen = 0;
    this.input.addEventListener("input", () => { this.offered = this.offer(); });
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("click", (event) => {
      const line = event.target.closest("[role=option]");
      if (line) this.take(Number(line.dataset.place));
    });
    dialog.addEventListener("close", () => this.list.replaceChildren());
  }

  open() {
    this.input.value = "";
    this.dialog.showModal();
    this.offered = this.offer();
  }

  async offer() {
    const text = this.input.value.trim();
    const offers = await this.offers(text.toLowerCase());
    if (text !== this.input.value.trim() || !this.dialog.open) return; // typed on meanwhile
    this.shown = offers.slice(0, MOST);
    this.list.replaceChildren(...this.shown.map(({ label, hint }, place) => {
      const line = element("li", { id: `${this.list.id}-${place}` }, element("span", { textContent: label }));
      if (hint) line.append(element("span", { className: "quiet", textContent: hint }));
      line.setAttribute("role", "option");
      line.dataset.place = place;
      return line;
    }));
    if (!this.shown.length) this.list.append(element("li", { className: "quiet", textContent: t("Nothing found.") }));
    this.choose(0);
  }

  choose(place) {
    this.chosen = Math.max(0, Math.min(this.shown.length - 1, place));
    [...this.list.children].forEach((line, other) => line.setAttribute("aria-selected", other === this.chosen));
    if (this.shown.length) this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.chosen}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.choose(this.chosen + step);
    else if (event.key === "Enter") this.offered.then(() => this.take(this.chosen)); // never a line of an earlier text
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  take(place) {
    const offer = this.shown[place];
    this.dialog.close();
    offer?.act();
  }
}
