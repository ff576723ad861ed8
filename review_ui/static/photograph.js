// The full photograph with the face marked, who took it, and its licence.

import { cropOf, describe } from "./faces.js";

export class Photograph {
  constructor(panel) {
    this.panel = panel;
    this.picture = panel.querySelector(".frame img");
    this.box = panel.querySelector(".box");
    this.picture.addEventListener("error", () => panel.querySelector(".frame").classList.add("missing"));
  }

  get open() {
    return !this.panel.hidden;
  }

  /** Show the photograph of a face beside the surest face. */
  show(face, reference) {
    this.panel.hidden = false;
    this.panel.querySelector(".frame").classList.remove("missing");
    const address = `/photos/${face.photo_sha256}`;
    if (this.picture.getAttribute("src") !== address) this.picture.src = address;
    this.picture.alt = `Photograph: ${face.title || "without a title"}`;
    const [x, y, width, height] = face.box;
    const percent = (part, whole) => `${(100 * part) / whole}%`;
    // The frame has the photograph's shape, so shares of it are shares of the upright photograph.
    const frame = this.box.parentElement;
    frame.style.setProperty("--ratio", face.photo_width / face.photo_height);
    Object.assign(this.box.style, {
      left: percent(x, face.photo_width),
      top: percent(y, face.photo_height),
      width: percent(width, face.photo_width),
      height: percent(height, face.photo_height),
    });
    this.panel.querySelector(".crop").src = cropOf(face);
    if (reference) this.panel.querySelector(".reference").src = cropOf(reference);
    this.describe(face);
    this.panel.querySelector(".title").textContent = face.title;
    this.field("author", face.author || "not stated");
    this.field("licence", face.licence || "not stated");
    this.field("size", `${face.photo_width} × ${face.photo_height} pixels, face ${Math.round(width)}`);
    this.page(face.page_url);
    this.panel.querySelector(".why").replaceChildren(
      ...face.reasons.map((reason) => Object.assign(document.createElement("li"), { textContent: reason })),
    );
  }

  /** Say how the face stands. */
  describe(face) {
    const { sign, text, automatic } = describe(face);
    const line = this.panel.querySelector(".verdict");
    line.textContent = `${sign} ${text}`.trim() + (face.wanted ? " – saving…" : automatic ? " automatically" : "");
    line.dataset.verdict = face.wanted?.verdict ?? face.verdict ?? "";
  }

  close() {
    this.panel.hidden = true;
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
    const link = Object.assign(document.createElement("a"), {
      href: address, textContent: address, target: "_blank", rel: "noopener noreferrer",
    });
    host.replaceChildren(link);
  }
}
