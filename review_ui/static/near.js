// Faces side by side, of all people: the near-duplicates of a face, or those that are most like it.

import { rivalsOf } from "./announce.js";
import { element } from "./drawing.js";
import { answerFrom } from "./server.js";
import { Strip } from "./strip.js";
import { Reason, Verdict, t } from "./words.js";

const LIKE = "like";

export class Near extends Strip {
  /** Show the faces that the server names `way`: near-duplicates, or like. */
  async show(faceId, names, way) {
    this.way = way;
    this.panel.dataset.way = way;
    this.panel.setAttribute("aria-label", way === LIKE ? t("Faces like this one") : t("Near-duplicates side by side"));
    this.panel.hidden = false;
    this.names = names;
    this.faceId = faceId;
    this.cursor = 0;
    this.list.replaceChildren();
    await this.refresh();
  }

  /** Ask anew how they stand. */
  async refresh() {
    const answer = await answerFrom(`/api/identity/${this.page}/${this.way}/${this.faceId}`);
    if (!answer) return;
    this.shown = answer.faces;
    const { length } = this.shown;
    const people = new Set(this.shown.map((face) => face.identity_id));
    this.fill(this.shown.map((face, place) => this.figure(face, place)), this.way === LIKE
      ? t("The face, and those of all people that are most like it. M: this is {name}.", { name: this.names.get(this.page) })
      : length < 2 ? t("No other photograph is like this one.")
        : people.size > 1 ? t("{count} photographs alike, standing for {people} people: at most one of them is right.", { count: length, people: people.size })
          : t("{count} photographs alike; one is kept for the data set.", { count: length }));
  }

  figure(face, place) {
    const { verdict, reason, identity_id } = face.standing;
    const said = {
      [Verdict.ACCEPT]: `✓ ${t("accepted as {name}", { name: this.names.get(identity_id) })}`, [Verdict.REJECT]: `✗ ${t(reason || "rejected")}`,
    }[verdict];
    const line = element(
      "li",
      { tabIndex: -1 },
      element("img", { src: this.way === LIKE ? `/crops/${face.face_id}.jpg` : `/photos/${face.photo_sha256}?face=${face.face_id}`, alt: "" }),
      element("strong", { textContent: this.names.get(face.identity_id) ?? t("a bystander") }),
      element("span", { className: "verdict", textContent: said ?? t("undecided") }),
      element("span", { className: "quiet", textContent: `${face.photo_width} × ${face.photo_height}, ${t("face {size}", { size: Math.round(face.box[2]) })}` }),
      element("span", { className: "quiet", textContent: face.kept ? t("kept") : t("copy of a better one") }),
      element("span", { className: "quiet", textContent: [face.taken_on, face.licence].filter(Boolean).join(" · ") }),
    );
    line.dataset.place = place;
    line.dataset.verdict = verdict ?? "";
    line.dataset.other = face.identity_id !== this.page ? "yes" : "no";
    return line;
  }

  /** What keeping the current face says: it, the faces that it replaces, and why. */
  instead(page) {
    if (!this.current) return undefined;
    return { chosen: this.current, rivals: rivalsOf(this.shown, this.current, page), reason: Reason.DUPLICATE };
  }

  close() {
    super.close();
    this.shown = [];
  }
}
