// The faces of one person in columns: their sections, how each stands, and what is on its way to the server.
//
// A face is a number, its place in the columns: thirty thousand objects would take ten times the memory.

export const SECTIONS = [
  ["look", "Look at these"],
  ["right", "Surely right"],
  ["wrong", "Surely wrong"],
  ["copies", "Copies"],
];

const NAMES = { l: "look", r: "right", w: "wrong", c: "copies" };
const UNSAID = { verdict: null, reason: "", reviewer: "", identity_id: "", disputed: false, second: false, age: "" };

export class Faces {
  /** `answer` is that of /api/identity/ID; `page` the person's id. */
  constructor(answer, page) {
    this.page = page;
    this.reviewer = answer.reviewer;
    this.names = new Map(answer.people);
    this.ids = answer.ids;
    this.numbers = new Map(this.ids.map((id, number) => [id, number]));
    this.likely = Uint16Array.from(answer.likely);
    this.versions = Uint16Array.from(answer.versions);
    this.copies = new Map(Object.entries(answer.copies).map(([number, count]) => [Number(number), count]));
    this.conflicts = new Set(answer.conflicts);
    this.ways = [UNSAID, ...answer.ways.map(
      ([verdict, reason, reviewer, identity_id, disputed, second, age]) => (
        { verdict, reason, reviewer, identity_id, disputed, second, age }),
    )];
    this.wayNumbers = new Map(this.ways.map((way, number) => [JSON.stringify(way), number]));
    this.standing = new Uint16Array(this.ids.length);
    for (const [number, way] of answer.standing) this.standing[number] = way + 1;
    this.removed = new Set(answer.removed); // their photographs are marked for removal: not shown, kept for an undo
    this.wanted = new Map(); // number -> {verdict, reason, identity_id} and {age}, {removed}
    this.sectionOf = Array.from(answer.sections, (letter) => NAMES[letter]);
    this.places = new Uint32Array(this.ids.length); // of each face in its section
    this.sections = new Map(SECTIONS.map(([name]) => [name, []]));
    this.ids.forEach((_, number) => {
      if (!this.removed.has(number)) this.sections.get(this.sectionOf[number]).push(number);
    });
    this.number();
    const kept = this.ids.map((_, number) => number).filter(
      (number) => ["look", "right"].includes(this.sectionOf[number]) && !this.removed.has(number),
    );
    this.portrait = this.numbers.get(answer.portrait); // the face in Wikidata's picture of the person, if it is here
    const surest = kept.slice(-16).reverse().filter((number) => number !== this.portrait);
    this.references = this.portrait === undefined ? surest : [this.portrait, ...surest.slice(0, 15)];
  }

  /** Note every face's place after sections changed. */
  number() {
    for (const list of this.sections.values()) list.forEach((number, place) => { this.places[number] = place; });
  }

  way(number) {
    return this.ways[this.standing[number]];
  }

  /** What a person sees as the verdict: the one asked for, else the one that is saved; "moved" to somebody else. */
  verdictOf(number) {
    const wanted = this.wanted.get(number);
    const { verdict, identity_id } = wanted?.verdict ? wanted : this.way(number);
    if (!verdict || verdict === "undecided") return null;
    return verdict === "accept" && identity_id !== this.page ? "moved" : verdict;
  }

  isLeft(number) {
    return !this.verdictOf(number) && !this.removed.has(number);
  }

  /** How many faces of a section are undecided; asked after every key, so it makes no list. */
  leftIn(section) {
    const noted = this.wanted.size > 0;
    let left = 0;
    for (const number of this.sections.get(section)) {
      const asked = noted && this.wanted.has(number);
      if (asked ? this.isLeft(number) : !this.ways[this.standing[number]].verdict) left += 1;
    }
    return left;
  }

  undecided(section) {
    return this.sections.get(section).filter((number) => this.isLeft(number));
  }

  /** Note how faces stand on disk; returns whether any left the page or came back to it. */
  settle(standings) {
    let moved = false;
    for (const { face_id, removed, ...way } of standings) {
      const number = this.numbers.get(face_id);
      if (number === undefined) continue;
      this.standing[number] = this.wayNumber(way);
      moved = this.remove(number, removed) || moved;
    }
    return moved;
  }

  wayNumber({ verdict, reason, reviewer, identity_id, disputed, second, age }) {
    const way = { verdict, reason, reviewer, identity_id, disputed, second, age };
    const key = JSON.stringify(way);
    if (!this.wayNumbers.has(key)) {
      this.wayNumbers.set(key, this.ways.length);
      this.ways.push(way);
    }
    return this.wayNumbers.get(key);
  }

  /** Take a face off the page, or bring it back; returns whether that changed anything. */
  remove(number, removed) {
    if (this.removed.has(number) === removed) return false;
    const section = this.sections.get(this.sectionOf[number]);
    if (removed) {
      this.removed.add(number);
      section.splice(section.indexOf(number), 1);
    } else {
      this.removed.delete(number);
      const after = section.findIndex((other) => this.likely[other] > this.likely[number]);
      section.splice(after < 0 ? section.length : after, 0, number);
    }
    this.number();
    return true;
  }

  /** Note what is not on disk yet: face_id -> {verdict, …}; returns whether any face left the page. */
  want(numbers, wanted) {
    let moved = false;
    for (const number of numbers) {
      const change = wanted.get(this.ids[number]);
      if (change) this.wanted.set(number, change);
      else this.wanted.delete(number);
      if (change?.removed !== undefined) moved = this.remove(number, change.removed) || moved;
    }
    return moved;
  }

  /** {total, saved, accepted, rejected} of the kept faces, by what is on disk. */
  counts() {
    let [total, accepted, rejected, moved] = [0, 0, 0, 0];
    for (const [section, list] of this.sections) {
      if (section === "copies") continue;
      total += list.length;
      for (const number of list) {
        const { verdict, identity_id } = this.way(number);
        if (verdict === "reject") rejected += 1;
        else if (verdict && identity_id === this.page) accepted += 1;
        else if (verdict) moved += 1;
      }
    }
    return { total, saved: accepted + rejected + moved, accepted, rejected, moved };
  }

  /** The crop's address. The number in it keeps a browser's stored picture from standing for another box. */
  cropOf(number) {
    return `/crops/${this.ids[number]}.jpg?${this.versions[number]}`;
  }

  /** A verdict in words and a sign, who gave it, and what else is to be known: {sign, text, by, notes}. */
  describe(number) {
    const wanted = this.wanted.get(number);
    const way = this.way(number);
    const said = wanted?.verdict ? { ...way, ...wanted, reviewer: this.reviewer } : way;
    const verdict = this.verdictOf(number);
    const by = verdict && said.reviewer !== this.reviewer ? (said.reviewer === "auto" ? "automatically" : `by ${said.reviewer}`) : "";
    const notes = [];
    const age = wanted?.age ?? way.age;
    if (age && age !== "undecided") notes.push(`looks ${age}`);
    if (way.disputed) notes.push("people disagree");
    if (way.second && !verdict) notes.push("second look");
    if (this.conflicts.has(number)) notes.push("stands for somebody else, too");
    if (verdict === "accept") return { sign: "✓", text: "accepted", by, notes };
    if (verdict === "reject") return { sign: "✗", text: said.reason || "rejected", by, notes };
    if (verdict === "moved") return { sign: "→", text: this.names.get(said.identity_id) ?? said.identity_id, by, notes };
    return { sign: "", text: `${(this.likely[number] / 10).toFixed(0)} % likely`, by, notes };
  }
}
