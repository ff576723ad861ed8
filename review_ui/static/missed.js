// What the machine missed: another face of a photograph, a better copy, a face that it did not find, or none at all.

import { rivalsOf } from "./announce.js";
import { Kind, Verdict, t } from "./words.js";

export class Missed {
  /** `said(count, faceIds)` is told what was said of faces, `notice(text)` what the page is to say. */
  constructor({ page, queue, photograph, near, faceless, said, notice }) {
    Object.assign(this, { page, queue, photograph, near, faceless, said, notice });
    photograph.draft.onDone = (box) => this.drawn(box);
  }

  /** Whether only the commands marked `missed` mean anything: no face is looked at. */
  get alone() {
    return this.faceless.open || this.photograph.whole;
  }

  /** The person is the face that is chosen, in the photograph or among near-duplicates, and none that stood for them. */
  instead() {
    const said = (this.near.open ? this.near : this.photograph).instead(this.page);
    if (!said) return this.notice(t("Choose a face first: f shows the photograph, Tab or a click chooses another face in it."));
    const { chosen, rivals, reason } = said;
    this.queue.push({
      ask: "decisions", page: this.page, face_ids: [chosen.face_id], kind: Kind.VERDICT, verdict: Verdict.ACCEPT,
      identity_id: this.page, instead_of: rivals, reason: rivals.length ? reason : "",
    });
    this.said(1 + rivals.length, [chosen.face_id, ...rivals]);
  }

  /** What is said of the photograph that is looked at: that it shows no face, or that it is to be taken down. */
  sayOfPhotograph(kind, verdict) {
    const photo = this.photograph.whole ? this.photograph.face : this.faceless.open && this.faceless.current;
    if (!photo) return this.notice(t("5 shows the photographs in which no face was found."));
    this.queue.push({
      ask: "decisions", page: this.page, face_ids: [photo.face_id], kind, verdict, reason: "", identity_id: this.page,
    });
    this.back();
    this.faceless.move(1);
  }

  /** Begin a box in the photograph; from the grid of photographs its own is opened first. */
  draw() {
    if (this.faceless.open) this.look();
    if (!this.photograph.open || !this.photograph.face) return this.notice(t("f shows the photograph; then b draws a box."));
    const { photo_width, photo_height } = this.photograph.face;
    this.photograph.draft.show(photo_width, photo_height);
  }

  drawn(box) {
    this.photograph.panel.focus();
    if (!box) return;
    const { face, others, whole } = this.photograph;
    const rivals = whole ? [] : rivalsOf([face, ...others], {}, this.page);
    this.queue.push({ ask: "drawings", page: this.page, photo_sha256: face.photo_sha256, box, instead_of: rivals });
    this.said(1 + rivals.length, rivals);
    this.notice(t("Looking at the face…"));
    this.back();
  }

  /** Look at the current photograph of the grid as a whole. */
  look() {
    const { current } = this.faceless;
    if (!current) return;
    this.faceless.close();
    this.photograph.showWhole(current);
  }

  /** From a whole photograph back to the grid; returns whether there was one. */
  back() {
    if (!this.photograph.whole) return false;
    this.photograph.close();
    this.faceless.show();
    return true;
  }
}
