// What is shown of faces beyond the columns: fetched for the faces on the screen alone, many at once, and let go of again.

import { answerFrom } from "./server.js";
import { doubt } from "./words.js";

const AT_ONCE = 400; // more than fit on a large screen
const MOST = 2000; // kept in memory

export class Details {
  /** `onArrival(faceIds)` is told when details have come. */
  constructor(page, onArrival) {
    this.address = `/api/identity/${page}/details?faces=`;
    this.onArrival = onArrival;
    this.known = new Map(); // face_id -> details, the latest asked for last
    this.waiting = new Set(); // face_ids to ask for, the latest last
    this.coming = new Set(); // asked for
    this.timer = 0;
  }

  /** The details of a face, or undefined where they are still to come. */
  get(faceId) {
    const known = this.known.get(faceId);
    if (!known && !this.coming.has(faceId)) {
      this.waiting.delete(faceId);
      this.waiting.add(faceId);
      this.timer ||= setTimeout(() => this.fetch(), 0);
    }
    return known;
  }

  /** Ask for the latest faces, one request at a time; what was scrolled past meanwhile is asked for when drawn again. */
  async fetch() {
    while (this.waiting.size) {
      const faceIds = [...this.waiting].slice(-AT_ONCE);
      this.waiting.clear();
      await this.part(faceIds);
    }
    this.timer = 0;
  }

  async part(faceIds) {
    for (const faceId of faceIds) this.coming.add(faceId);
    const arrived = (await answerFrom(this.address + faceIds.join(",")))?.faces ?? []; // else asked for when drawn again
    for (const face of arrived) this.known.set(face.face_id, { ...face, reasons: face.reasons.map(doubt) });
    for (const faceId of faceIds) this.coming.delete(faceId);
    for (const faceId of this.known.keys()) {
      if (this.known.size <= MOST) break;
      this.known.delete(faceId);
    }
    if (arrived.length) this.onArrival(arrived.map((face) => face.face_id));
  }

  /** The details of one face, waited for. */
  async wait(faceId) {
    if (!this.known.has(faceId)) await this.part([faceId]);
    return this.known.get(faceId);
  }
}
