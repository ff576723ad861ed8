// What changes while the page is open: what others decide, and the order of the faces that are left.

import { answerFrom } from "./server.js";
import { Section, sectionOf } from "./words.js";

const POLL = 3000; // milliseconds between questions for news, while the page is seen
const PAUSE = 800; // milliseconds after the last answer before the faces left are ranked anew
const ENOUGH = 8; // verdicts before that

/** Ask for what others said; `onNews(answer, asked)` is told, with the time of the question. */
export function watch(page, latest, onNews) {
  let after = latest;
  const look = async () => {
    if (document.visibilityState !== "visible") return;
    const asked = performance.now();
    const answer = await answerFrom(`/api/identity/${page}/news?after=${after}`);
    if (!answer) return;
    after = answer.latest;
    if (answer.faces.ids.length) onNews(answer.faces, asked);
  };
  setInterval(look, POLL);
}

/** Asks for a new order of the faces that are left, once enough was decided and the person pauses. */
export class Learner {
  constructor(page, onOrder) {
    this.page = page;
    this.onOrder = onOrder;
    this.decided = 0;
    this.timer = 0;
  }

  /** Note verdicts on so many faces; `left` are undecided still. */
  note(count, left) {
    this.decided += count;
    clearTimeout(this.timer);
    if (left && this.decided >= Math.max(ENOUGH, left / 500)) this.timer = setTimeout(() => this.ask(false), PAUSE);
  }

  /** Fetch the order; `everywhere` also above and on the screen. */
  async ask(everywhere) {
    clearTimeout(this.timer);
    this.decided = 0;
    const order = await answerFrom(`/api/identity/${this.page}/order`);
    if (order) this.onOrder(order, everywhere);
  }
}

/** Put the faces that may move into their new sections and places; returns how many changed their section.
 *
 * `frozen` says of each section how many of its first faces stay where they are, or null for all of them. Faces for which
 * `stays(number)` holds keep their section.
 */
export function reorder(faces, { ids, likely, sections }, frozen, stays) {
  const news = new Map();
  ids.forEach((id, place) => {
    const number = faces.numbers.get(id);
    if (number !== undefined) news.set(number, [likely[place], sectionOf(sections[place])]);
  });
  const heads = new Map();
  const tails = new Map();
  for (const [section, list] of faces.sections) {
    const fixed = section === Section.COPIES ? null : frozen.get(section);
    heads.set(section, fixed === null ? [...list] : list.slice(0, fixed));
    tails.set(section, []);
  }
  let moved = 0;
  for (const [section, list] of faces.sections) {
    for (const number of list.slice(heads.get(section).length)) {
      const [chance, wanted] = news.get(number) ?? [faces.likely[number], section];
      const stay = stays(number) || frozen.get(wanted) === null;
      if (!stay) faces.likely[number] = chance;
      const to = stay ? section : wanted;
      if (to !== section) moved += 1;
      faces.sectionOf[number] = to;
      tails.get(to).push(number);
    }
  }
  for (const number of [...faces.removed, ...faces.hidden]) { // not shown, but an undo or a filter brings them back
    [faces.likely[number], faces.sectionOf[number]] = news.get(number) ?? [faces.likely[number], faces.sectionOf[number]];
  }
  faces.lead();
  for (const [section, list] of faces.sections) {
    const tail = tails.get(section).sort((one, other) => faces.compare(one, other));
    list.length = 0;
    for (const number of heads.get(section)) list.push(number);
    for (const number of tail) list.push(number);
  }
  faces.number();
  return moved;
}
