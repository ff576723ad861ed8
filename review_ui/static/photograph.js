// The full photograph with all its faces marked, who took it, and its licence.

import { personOf, rivalsOf } from "./announce.js";
import { Draft } from "./draft.js";
import { element } from "./drawing.js";
import { answerFrom } from "./server.js";
import { Reason, counted, t } from "./words.js";

export class Photograph {
  constructor(panel) {
    this.panel = panel;
    this.picture = panel.querySelector(".frame img");
    this.box = panel.querySelector(".box");
    this.picture.addEventListener("error", () => panel.querySelector(".frame").classList.add("missing"));
    this.number = -1;
    this.whole = false; // a photograph in which no face was found
    this.draft = new Draft(panel.querySelector(".frame"), panel.querySelector(".draft-bar"));
    this.others = []; // the photograph's other faces
    this.chosen = null; // the one of them that is meant
    panel.addEventListener("focusin", ({ target }) => this.choose(target.dataset.face));
  }

  get open() {
    return !this.panel.hidden;
  }

  /** Show the photograph of a face beside the surest face. */
  async show(faces, number, details, reference) {
    this.panel.hidden = false;
    if (this.number !== number) this.forget();
    this.number = number;
    this.panel.querySelector(".crop").src = faces.cropOf(number);
    if (reference !== undefined) this.panel.querySelector(".reference").src = faces.cropOf(reference);
    this.describe(faces);
    const face = await details.wait(faces.ids[number]);
    if (!face || this.number !== number) return;
    this.fill(face);
    await this.refresh(faces);
  }

  /** Show a photograph in which no face was found. */
  showWhole(photo) {
    this.panel.hidden = false;
    this.forget();
    this.whole = true;
    this.number = -1;
    this.panel.classList.add("whole");
    this.fill({ ...photo, reasons: [], box: null });
    this.panel.focus();
  }

  /** Ask anew which faces there are, and how they stand. */
  async refresh(faces) {
    const { number, face } = this;
    if (!face || this.whole) return;
    const all = (await answerFrom(`/api/identity/${faces.page}/photographs/${face.photo_sha256}`))?.faces;
    if (!all || this.number !== number) return; // it was closed, or is another one by now
    this.face = all.find(({ face_id }) => face_id === face.face_id) ?? face;
    this.others = all.filter(({ face_id }) => face_id !== face.face_id);
    const here = new Set(this.others.map(({ face_id }) => face_id));
    for (const button of this.panel.querySelectorAll("[data-face]")) if (!here.has(button.dataset.face)) button.remove();
    this.chosen = this.others.find(({ face_id }) => face_id === this.chosen?.face_id) ?? null;
    this.others.forEach((one, place) => this.mark(one, t("Face {place} of {total}: {person}", { place: place + 2, total: all.length, person: personOf(one, faces) })));
    this.describe(faces);
  }

  /** Draw the box of another face, which the keyboard reaches with Tab; drawn again, it keeps the focus. */
  mark(face, label) {
    const button = this.panel.querySelector(`[data-face="${face.face_id}"]`)
      ?? this.box.parentElement.appendChild(element("button", { type: "button", className: "box" }));
    button.dataset.face = face.face_id;
    button.title = label;
    button.setAttribute("aria-label", label);
    place(button, face);
  }

  choose(faceId) {
    if (!faceId) return;
    this.chosen = this.others.find(({ face_id }) => face_id === faceId) ?? null;
    for (const button of this.panel.querySelectorAll("[data-face]")) {
      button.setAttribute("aria-pressed", button.dataset.face === faceId);
    }
    this.panel.querySelector(".crop").src = `/crops/${faceId}.jpg`;
    if (this.face) this.look(this.chosen);
    this.describe(this.faces);
  }

  forget() {
    this.others = [];
    this.chosen = null;
    for (const button of this.panel.querySelectorAll("[data-face]")) button.remove();
  }

  /** What naming the chosen face the person's says: it, the faces that it replaces, and why; undefined without one. */
  instead(page) {
    if (!this.chosen) return undefined;
    const rivals = rivalsOf([this.face, ...this.others], this.chosen, page);
    return { chosen: this.chosen, rivals, reason: Reason.WRONG_PERSON };
  }

  /** The photograph; where bystanders are blurred, this face is not. */
  look({ photo_sha256, face_id }) {
    const address = `/photos/${photo_sha256}?face=${face_id}`;
    if (this.picture.getAttribute("src") !== address) this.picture.src = address;
  }

  fill(face) {
    this.panel.querySelector(".frame").classList.remove("missing");
    this.face = face;
    this.look(this.chosen ?? face);
    this.picture.alt = t("Photograph: {title}", { title: face.title || t("without a title") });
    // The frame has the photograph's shape, so shares of it are shares of the upright photograph.
    this.box.parentElement.style.setProperty("--ratio", face.photo_width / face.photo_height);
    if (face.box) place(this.box, face);
    this.panel.querySelector(".title").textContent = face.title;
    this.field("author", face.author || t("not stated"));
    this.field("licence", face.licence || t("not stated"));
    this.field("taken", face.taken_on || t("not stated"));
    this.field("size", `${face.photo_width} × ${face.photo_height} ${t("pixels")}${face.box ? `, ${t("face {size}", { size: Math.round(face.box[2]) })}` : ""}`);
    this.page(face.page_url);
    this.panel.querySelector(".why").replaceChildren(...face.reasons.map((reason) => element("li", { textContent: reason })));
  }

  /** Say how the face stands. */
  describe(faces) {
    this.faces = faces;
    const other = this.panel.querySelector(".other");
    other.textContent = this.chosen ? t("Chosen: {person}.", { person: personOf(this.chosen, faces) }) : this.others.length ? otherFaces(this.others.length) : "";
    const { sign, text, by, notes } = faces.describe(this.number);
    const line = this.panel.querySelector(".verdict");
    const state = faces.wanted.has(this.number) ? t("– saving…") : by;
    line.textContent = [sign, text, state, ...notes.map((note) => `· ${note}`)].filter(Boolean).join(" ");
    line.dataset.verdict = faces.verdictOf(this.number) ?? "";
  }

  close() {
    this.panel.hidden = true;
    this.panel.classList.remove("whole");
    this.draft.toggle(false);
    this.whole = false;
    this.number = -1;
    this.face = null;
    this.forget();
  }

  field(name, text) {
    this.panel.querySelector(`[data-field=${name}]`).textContent = text;
  }

  /** The page where the photograph was found; only web addresses become links. */
  page(address) {
    const host = this.panel.querySelector("[data-field=page]");
    if (!/^https?:\/\//i.test(address)) {
      host.textContent = address || t("not stated");
      return;
    }
    host.replaceChildren(
      element("a", { href: address, textContent: address, target: "_blank", rel: "noopener noreferrer" }),
    );
  }
}

const otherFaces = (count) => counted(
  count, "1 other face here: Tab or a click chooses one.", "{count} other faces here: Tab or a click chooses one.");

/** Lay a box over its face: the frame has the photograph's shape. */
function place(box, { box: [x, y, width, height], photo_width, photo_height }) {
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign(box.style, {
    left: percent(x, photo_width),
    top: percent(y, photo_height),
    width: percent(width, photo_width),
    height: percent(height, photo_height),
  });
}
