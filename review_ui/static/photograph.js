// The full photograph with the face marked, who took it, and its licence.

import { element } from "./drawing.js";

export class Photograph {
  constructor(panel) {
    this.panel = panel;
    this.picture = panel.querySelector(".frame img");
    this.box = panel.querySelector(".box");
    this.picture.addEventListener("error", () => panel.querySelector(".frame").classList.add("missing"));
    this.number = -1;
  }

  get open() {
    return !this.panel.hidden;
  }

  /** Show the photograph of a face beside the surest face. */
  async show(faces, number, details, reference) {
    this.panel.hidden = false;
    this.number = number;
    this.panel.querySelector(".crop").src = faces.cropOf(number);
    if (reference !== undefined) this.panel.querySelector(".reference").src = faces.cropOf(reference);
    this.describe(faces);
    const face = await details.wait(faces.ids[number]);
    if (face && this.number === number) this.fill(face);
  }

  fill(face) {
    this.panel.querySelector(".frame").classList.remove("missing");
    const address = `/photos/${face.photo_sha256}?face=${face.face_id}`;
    if (this.picture.getAttribute("src") !== address) this.picture.src = address;
    this.picture.alt = `Photograph: ${face.title || "without a title"}`;
    const [x, y, width, height] = face.box;
    const percent = (part, whole) => `${(100 * part) / whole}%`;
    // The frame has the photograph's shape, so shares of it are shares of the upright photograph.
    this.box.parentElement.style.setProperty("--ratio", face.photo_width / face.photo_height);
    Object.assign(this.box.style, {
      left: percent(x, face.photo_width),
      top: percent(y, face.photo_height),
      width: percent(width, face.photo_width),
      height: percent(height, face.photo_height),
    });
    this.panel.querySelector(".title").textContent = face.title;
    this.field("author", face.author || "not stated");
    this.field("licence", face.licence || "not stated");
    this.field("taken", face.taken_on || "not stated");
    this.field("size", `${face.photo_width} × ${face.photo_height} pixels, face ${Math.round(width)}`);
    this.page(face.page_url);
    this.panel.querySelector(".why").replaceChildren(...face.reasons.map((reason) => element("li", { textContent: reason })));
  }

  /** Say how the face stands. */
  describe(faces) {
    const { sign, text, by, notes } = faces.describe(this.number);
    const line = this.panel.querySelector(".verdict");
    const state = faces.wanted.has(this.number) ? "– saving…" : by;
    line.textContent = [sign, text, state, ...notes.map((note) => `· ${note}`)].filter(Boolean).join(" ");
    line.dataset.verdict = faces.verdictOf(this.number) ?? "";
  }

  close() {
    this.panel.hidden = true;
    this.number = -1;
  }

  field(name, text) {
    this.panel.querySelector(`[data-field=${name}]`).textContent = text;
  }

  /** The page where the photograph was found; only web addresses become links. */
  page(address) {
    const host = this.panel.querySelector("[data-field=page]");
    if (!/^https?:\/\//i.test(address)) {
      host.textContent = address || "not stated";
      return;
    }
    host.replaceChildren(
      element("a", { href: address, textContent: address, target: "_blank", rel: "noopener noreferrer" }),
    );
  }
}
