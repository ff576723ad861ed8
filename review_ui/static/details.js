// What is shown of faces beyond the columns: fetched for the faces on the screen alone, many at once, and let go of again.

const AT_ONCE = 200;
const MOST = 2000; // kept in memory

export class Details {
  /** `onArrival(faceIds)` is told when details have come. */
  constructor(page, onArrival) {
    this.address = `/api/identity/${page}/details?faces=`;
    this.onArrival = onArrival;
    this.known = new Map(); // face_id -> details, the latest asked for last
    this.asked = new Set();
    this.timer = 0;
  }

  /** The details of a face, or undefined where they are still to come. */
  get(faceId) {
    const known = this.known.get(faceId);
    if (!known && !this.asked.has(faceId)) {
      this.asked.add(faceId);
      this.timer ||= setTimeout(() => this.fetch(), 0);
    }
    return known;
  }

  async fetch() {
    this.timer = 0;
    const faceIds = [...this.asked];
    for (let from = 0; from < faceIds.length; from += AT_ONCE) await this.part(faceIds.slice(from, from + AT_ONCE));
  }

  async part(faceIds) {
    let arrived = [];
    try {
      const response = await fetch(this.address + faceIds.join(","));
      if (response.ok) arrived = (await response.json()).faces;
    } catch {
      // The server is away: the faces are asked for again when they are drawn again.
    }
    for (const face of arrived) this.known.set(face.face_id, face);
    for (const faceId of faceIds) this.asked.delete(faceId);
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
