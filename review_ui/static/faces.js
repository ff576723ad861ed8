// The faces of one person: their sections, how each stands, and what is on its way to the server.

export const SECTIONS = [
  ["look", "Look at these"],
  ["right", "Surely right"],
  ["wrong", "Surely wrong"],
  ["copies", "Copies"],
];

export class Faces {
  constructor(rows) {
    this.byId = new Map(rows.map((face) => [face.face_id, { ...face, wanted: null }]));
    this.sections = new Map(SECTIONS.map(([name]) => [name, []]));
    const copies = new Map();
    for (const face of this.byId.values()) {
      face.section = face.kept ? face.section : "copies";
      if (!face.kept) copies.set(face.cluster_id, (copies.get(face.cluster_id) ?? 0) + 1);
      this.sections.get(face.section).push(face);
    }
    for (const face of this.byId.values()) {
      face.copies = face.kept ? (copies.get(face.cluster_id) ?? 0) : 0;
      face.place = -1;
    }
    for (const faces of this.sections.values()) faces.forEach((face, place) => { face.place = place; });
    this.references = [...this.byId.values()].filter((face) => face.kept).reverse().slice(0, 16);
  }

  get(faceId) {
    return this.byId.get(faceId);
  }

  /** What a person sees as the verdict: the one asked for, else the one that is saved. */
  static verdictOf(face) {
    const verdict = face.wanted ? face.wanted.verdict : face.verdict;
    return verdict === "undecided" ? null : verdict;
  }

  undecided(section) {
    return this.sections.get(section).filter((face) => !Faces.verdictOf(face));
  }

  /** Note how faces stand on disk. */
  settle(standings) {
    for (const { face_id, verdict, reason, reviewer } of standings) {
      const face = this.byId.get(face_id);
      if (face) Object.assign(face, { verdict, reason, reviewer });
    }
  }

  /** Note which verdicts are not on disk yet: face_id -> {verdict, reason}. */
  want(faceIds, wanted) {
    for (const faceId of faceIds) {
      const face = this.byId.get(faceId);
      if (face) face.wanted = wanted.get(faceId) ?? null;
    }
  }

  /** {total, saved, accepted, rejected} of the kept faces, by what is on disk. */
  counts() {
    const kept = [...this.byId.values()].filter((face) => face.kept);
    const having = (verdict) => kept.filter((face) => face.verdict === verdict).length;
    const [accepted, rejected] = [having("accept"), having("reject")];
    return { total: kept.length, saved: accepted + rejected, accepted, rejected };
  }
}

/** The crop's address. The box in it keeps a browser's stored picture from standing for another face. */
export function cropOf(face) {
  return `/crops/${face.face_id}.jpg?${face.box.map(Math.round).join("-")}`;
}

/** A verdict in words and a sign, and whether the automatic policy gave it: {sign, text, automatic}. */
export function describe(face) {
  const verdict = Faces.verdictOf(face);
  const reason = face.wanted ? face.wanted.reason : face.reason;
  const automatic = !face.wanted && face.reviewer === "auto";
  if (verdict === "accept") return { sign: "✓", text: "accepted", automatic };
  if (verdict === "reject") return { sign: "✗", text: reason || "rejected", automatic };
  return { sign: "", text: `${Math.round(face.likely * 100)} % likely`, automatic: false };
}
