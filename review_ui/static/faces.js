// The faces of one person in columns: their sections, how each stands, and what is on its way to the server.
//
// A face is a number, its place in the columns: thirty thousand objects would take ten times the memory.

import { AUTO, Section, SECTIONS, Verdict, sectionOf, t } from "./words.js";

/** How a face stands, by name; the server sends its fields in this order. */
const wayOf = ([verdict, reason, reviewer, identity_id, disputed, second, age, removed]) => (
  { verdict, reason, reviewer, identity_id, disputed, second, age, removed });

/** [face_id, way] of each face in an answer; faces that stand alike share one way. */
export function standingsOf({ ids, ways, standing }) {
  const shared = ways.map(wayOf);
  return ids.map((faceId, place) => [faceId, shared[standing[place]]]);
}

/** A typed array with more numbers at its end. */
function longer(before, more) {
  const all = new before.constructor(before.length + more.length);
  all.set(before);
  all.set(more, before.length);
  return all;
}

export class Faces {
  /** `answer` is that of /api/identity/ID; `page` the person's id. */
  constructor(answer, page) {
    this.page = page;
    this.reviewer = answer.reviewer;
    this.names = new Map(answer.people);
    this.ids = [];
    this.numbers = new Map();
    this.likely = new Uint16Array();
    this.versions = new Uint16Array();
    this.standing = new Uint16Array();
    this.places = new Uint32Array(); // of each face in its section
    this.sectionOf = [];
    this.copies = new Map();
    this.conflicts = new Map(); // number -> for whom else the very picture stands
    this.alike = new Map(); // number -> its group's
    this.leads = new Map(); // group -> the face that its place follows from
    this.guests = new Set(); // they stand for somebody else, and were moved here
    this.removed = new Set(); // their photographs are marked for removal: not shown, kept for an undo
    this.ways = [];
    this.wayNumbers = new Map();
    this.hidden = new Set(); // what the filters leave out
    this.wanted = new Map(); // number -> {verdict, reason, identity_id} and {age}, {removed}
    this.sections = new Map(SECTIONS.map(({ name }) => [name, []]));
    for (const number of this.add(answer)) {
      if (!this.removed.has(number)) this.sections.get(this.sectionOf[number]).push(number);
    }
    this.lead();
    this.sections.get(Section.LOOK).sort((one, other) => this.compare(one, other));
    this.number();
    const kept = this.ids.map((_, number) => number).filter(
      (number) => [Section.LOOK, Section.RIGHT].includes(this.sectionOf[number]) && !this.removed.has(number),
    );
    this.portrait = this.numbers.get(answer.portrait); // the face in Wikidata's picture of the person, if it is here
    const surest = kept.slice(-16).reverse().filter((number) => number !== this.portrait);
    this.references = this.portrait === undefined ? surest : [this.portrait, ...surest.slice(0, 15)];
  }

  /** Take in the columns of faces, all of the page or such as came later; returns their numbers. They are in no section. */
  add(answer) {
    const first = this.ids.length;
    const numbers = answer.ids.map((_, place) => first + place);
    answer.ids.forEach((faceId, place) => this.numbers.set(faceId, first + place));
    this.ids = first ? [...this.ids, ...answer.ids] : answer.ids;
    this.likely = longer(this.likely, answer.likely);
    this.versions = longer(this.versions, answer.versions);
    const ways = answer.ways.map((way) => this.wayNumber(wayOf(way)));
    this.standing = longer(this.standing, answer.standing.map((way) => ways[way]));
    this.places = longer(this.places, numbers.map(() => 0));
    for (const letter of answer.sections) this.sectionOf.push(sectionOf(letter));
    for (const [place, count] of Object.entries(answer.copies)) this.copies.set(first + Number(place), count);
    for (const [place, people] of Object.entries(answer.conflicts)) this.conflicts.set(first + Number(place), people);
    for (const [place, group] of Object.entries(answer.alike)) this.alike.set(first + Number(place), group);
    for (const place of answer.guests) this.guests.add(first + place);
    for (const place of answer.removed) this.removed.add(first + place);
    return numbers;
  }

  /** Note every face's place after sections changed. */
  number() {
    for (const list of this.sections.values()) list.forEach((number, place) => { this.places[number] = place; });
  }

  /** Which of two faces comes first: the more suspicious one; faces that are alike stand where the first of them does. */
  compare(one, other) {
    const [leader, another] = [this.leadOf(one), this.leadOf(other)];
    return this.likely[leader] - this.likely[another] || leader - another || this.likely[one] - this.likely[other] || one - other;
  }

  leadOf(number) {
    return (this.sectionOf[number] === Section.LOOK && this.leads.get(this.alike.get(number))) ?? number;
  }

  /** Find the face that each group's place follows from: its most suspicious one to look at. */
  lead() {
    this.leads.clear();
    for (const [number, group] of this.alike) {
      if (this.sectionOf[number] !== Section.LOOK) continue;
      const lead = this.leads.get(group) ?? number;
      if (number === lead || this.likely[number] < this.likely[lead]) this.leads.set(group, number);
    }
  }

  /** The undecided faces that are shown beside this one and are like it, itself included. */
  groupOf(number) {
    const group = this.alike.get(number);
    if (group === undefined) return [number];
    return this.undecided(this.sectionOf[number]).filter((other) => this.alike.get(other) === group);
  }

  /** Show only the faces that pass, sorted by `compare`. */
  arrange(passes, compare) {
    for (const list of this.sections.values()) list.length = 0;
    this.hidden.clear();
    for (const number of this.ids.keys()) {
      if (!passes(number)) this.hidden.add(number);
      else if (!this.removed.has(number)) this.sections.get(this.sectionOf[number]).push(number);
    }
    this.lead();
    for (const list of this.sections.values()) list.sort(compare);
    this.number();
  }

  way(number) {
    return this.ways[this.standing[number]];
  }

  /** What a person sees as the verdict: the one asked for, else the one that is saved; "moved" to somebody else. */
  verdictOf(number) {
    const wanted = this.wanted.get(number);
    const { verdict, identity_id } = wanted?.verdict ? wanted : this.way(number);
    if (!verdict || verdict === Verdict.UNDECIDED) return null;
    return verdict === Verdict.ACCEPT && identity_id !== this.page ? "moved" : verdict;
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
    const known = new Map(); // way -> its number
    for (const [faceId, way] of standings) {
      const number = this.numbers.get(faceId);
      if (number === undefined) continue;
      if (!known.has(way)) known.set(way, this.wayNumber(way));
      this.standing[number] = known.get(way);
      const gone = this.guests.has(number) && !this.isHere(way); // was moved here, and away again
      moved = this.remove(number, way.removed || gone) || moved;
    }
    return moved;
  }

  /** Whether the face stands for this person by what the machine found. */
  plain(faceId) {
    const number = this.numbers.get(faceId);
    return number !== undefined && !this.guests.has(number);
  }

  /** Whether that way of standing makes a face of somebody else one of this page. */
  isHere({ verdict, identity_id }) {
    return verdict === Verdict.ACCEPT && identity_id === this.page;
  }

  wayNumber(way) {
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
    if (removed) this.removed.add(number);
    else this.removed.delete(number);
    if (this.hidden.has(number)) return true;
    if (removed) {
      section.splice(section.indexOf(number), 1);
    } else {
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
    for (const list of [...this.sections.values(), this.hidden]) {
      for (const number of list) {
        if (this.sectionOf[number] === Section.COPIES || this.removed.has(number)) continue;
        total += 1;
        const { verdict, identity_id } = this.way(number);
        if (verdict === Verdict.REJECT) rejected += 1;
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
    const by = verdict && said.reviewer !== this.reviewer ? (said.reviewer === AUTO ? t("automatically") : t("by {name}", { name: said.reviewer })) : "";
    const notes = [];
    const age = wanted?.age ?? way.age;
    if (age && age !== Verdict.UNDECIDED) notes.push(t("looks {age}", { age: t(age) }));
    if (way.disputed) notes.push(t("people disagree"));
    if (way.second && !verdict) notes.push(t("second look"));
    for (const person of this.conflicts.get(number) ?? []) notes.push(t("stands for {other}, too", { other: this.names.get(person) ?? person }));
    if (verdict === Verdict.ACCEPT) return { sign: "✓", text: t("accepted"), by, notes };
    if (verdict === Verdict.REJECT) return { sign: "✗", text: t(said.reason || "rejected"), by, notes };
    if (verdict === "moved") return { sign: "→", text: this.names.get(said.identity_id) ?? said.identity_id, by, notes };
    return { sign: "", text: t("{percent} % likely", { percent: (this.likely[number] / 10).toFixed(0) }), by, notes };
  }
}
