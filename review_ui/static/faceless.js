// A person's photographs in which no face was found, as a grid of whole photographs.

import { element } from "./drawing.js";
import { answerFrom } from "./server.js";
import { Strip } from "./strip.js";
import { counted, t } from "./words.js";

export class Faceless extends Strip {
  /** `button` opens the panel, and stands where there are such photographs. */
  constructor(panel, page, button) {
    super(panel, page);
    this.button = button;
    this.count = element("span", { className: "quiet" }); // how many nobody has looked at
    button.querySelector("kbd").before(this.count, " ");
    button.hidden = true;
  }

  async show() {
    this.panel.hidden = false;
    await this.refresh();
  }

  /** Ask anew which there are; the order stays while the panel is open, and so does the one that is meant. */
  async refresh() {
    const { photographs } = await answerFrom(`/api/identity/${this.page}/faceless`) ?? {};
    if (!photographs) return;
    const places = new Map(this.shown.map(({ face_id }, place) => [face_id, place]));
    photographs.sort((one, other) => (places.get(one.face_id) ?? Infinity) - (places.get(other.face_id) ?? Infinity) || 0);
    this.shown = photographs;
    const left = photographs.filter(({ no_face }) => !no_face).length;
    this.count.textContent = left || "";
    this.button.hidden = !photographs.length;
    if (!this.open) return;
    this.fill(photographs.map(figure), photographs.length
      ? `${counted(photographs.length, "1 photograph in which no face was found", "{count} photographs in which no face was found")}, ${t("{count} not looked at yet.", { count: left })}`
      : t("A face was found in every photograph."));
  }
}

function figure({ photo_sha256, title, author, licence, no_face }, place) {
  const line = element(
    "li",
    { tabIndex: -1 },
    element("img", { src: `/photos/${photo_sha256}`, alt: "", loading: "lazy" }),
    element("strong", { textContent: title || t("without a title") }),
    element("span", { className: "verdict", textContent: no_face ? `✓ ${t("no face here")}` : t("not looked at") }),
    element("span", { className: "quiet", textContent: [author, licence].filter(Boolean).join(" · ") }),
  );
  line.dataset.place = place;
  line.dataset.verdict = no_face ? "reject" : "";
  return line;
}
