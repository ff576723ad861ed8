// A person's photographs in which no face was found, as a grid of whole photographs.

import { element } from "./drawing.js";
import { beside } from "./near.js";

export class Faceless {
  constructor(panel, page, count) {
    this.panel = panel;
    this.page = page;
    this.count = count; // the element that says how many nobody has looked at
    this.list = panel.querySelector("ol");
    this.photographs = [];
    this.cursor = 0;
  }

  get open() {
    return !this.panel.hidden;
  }

  get current() {
    return this.photographs[this.cursor];
  }

  async show() {
    this.panel.hidden = false;
    await this.refresh();
  }

  /** Ask anew which there are; the order stays while the panel is open, and so does the one that is meant. */
  async refresh() {
    const response = await fetch(`/api/identity/${this.page}/faceless`);
    if (!response.ok) return;
    const { photographs } = await response.json();
    const places = new Map(this.photographs.map(({ face_id }, place) => [face_id, place]));
    photographs.sort((one, other) => (places.get(one.face_id) ?? Infinity) - (places.get(other.face_id) ?? Infinity) || 0);
    this.photographs = photographs;
    const left = photographs.filter(({ no_face }) => !no_face).length;
    this.count.textContent = left || "";
    this.count.parentElement.hidden = !photographs.length;
    if (!this.open) return;
    this.list.replaceChildren(...photographs.map((one, place) => figure(one, place)));
    this.panel.querySelector(".sum").textContent = photographs.length
      ? `${photographs.length} photographs in which no face was found, ${left} not looked at yet.` : "A face was found in every photograph.";
    this.move(0);
  }

  move(step) {
    this.cursor = beside(this.list, this.cursor + step);
  }

  close() {
    this.panel.hidden = true;
    this.list.replaceChildren();
  }
}

function figure({ photo_sha256, title, author, licence, no_face }, place) {
  const line = element(
    "li",
    { tabIndex: -1 },
    element("img", { src: `/photos/${photo_sha256}`, alt: "", loading: "lazy" }),
    element("strong", { textContent: title || "without a title" }),
    element("span", { className: "verdict", textContent: no_face ? "✓ no face here" : "not looked at" }),
    element("span", { className: "quiet", textContent: [author, licence].filter(Boolean).join(" · ") }),
  );
  line.dataset.place = place;
  line.dataset.verdict = no_face ? "reject" : "";
  return line;
}
