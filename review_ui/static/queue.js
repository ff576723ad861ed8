// Changes on their way to the server: one at a time, in their order, kept until the server has said "on disk".
//
// The queue lives in sessionStorage, so it outlives a reload. A request whose answer was lost is sent again: the server
// appends a repeated verdict only once, and an undo names the batch that it takes back.

import { Kind, Verdict, t } from "./words.js";

const PAUSES = [500, 1000, 2000, 4000]; // milliseconds between tries while the server is away

export class SaveQueue {
  /** `onAnswer(change, answer)`, `onRefusal(change, sentence)` and `onState(state, waiting, sentence)` tell the page. */
  constructor(key, { onAnswer, onRefusal, onState }) {
    this.key = key;
    this.onAnswer = onAnswer;
    this.onRefusal = onRefusal;
    this.onState = onState;
    this.waiting = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    this.done = []; // on whose page something was said since the page was opened, in order: undo goes back over them
    this.undone = [];
    this.latest = new Map(); // page -> {undo, redo}: the batches that the next undo and redo take
    this.sending = false;
    this.failures = 0;
  }

  /** Add {ask: "decisions" | "drawings" | "undo" | "redo", page, …} and send as soon as its turn comes. */
  push(change) {
    if (change.ask === "decisions") {
      this.done.push(change.page);
      this.undone.length = 0;
    }
    this.waiting.push(change);
    this.keep();
    this.send();
  }

  /** Undo or redo, on the page where the last thing was said; `page` where nothing was since the page was opened. */
  step(kind, page) {
    const [from, to] = kind === "undo" ? [this.done, this.undone] : [this.undone, this.done];
    const on = from.pop();
    if (on) to.push(on);
    this.push({ ask: kind, page: on ?? page });
  }

  keep() {
    if (this.waiting.length) sessionStorage.setItem(this.key, JSON.stringify(this.waiting));
    else sessionStorage.removeItem(this.key);
  }

  take() {
    this.waiting.shift();
    this.keep();
  }

  /** What is not on disk yet: face_id -> {verdict, reason, identity_id}, {age} and {removed}, the latest of each. */
  wanted() {
    const wanted = new Map();
    for (const { ask, kind, face_ids, verdict, reason, identity_id, page, instead_of = [] } of this.waiting) {
      if (ask !== "decisions") continue;
      const news = kind === Kind.AGE ? { age: verdict }
        : kind === Kind.REMOVAL ? { removed: verdict === Verdict.REMOVE }
          : { verdict, reason, identity_id };
      for (const faceId of face_ids) wanted.set(faceId, { ...wanted.get(faceId), ...news });
      for (const faceId of instead_of) {
        wanted.set(faceId, { ...wanted.get(faceId), verdict: Verdict.REJECT, reason, identity_id: page });
      }
    }
    return wanted;
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    while (this.waiting.length) {
      this.report();
      const change = this.waiting[0];
      if (["undo", "redo"].includes(change.ask) && change.batch === undefined) {
        change.batch = this.latest.get(change.page)?.[change.ask] ?? null;
        this.keep();
      }
      if (change.batch === null) {
        this.take();
        this.onRefusal(change, `Nothing to ${change.ask}`);
        continue;
      }
      const { answer, refusal, away } = await post(change);
      if (away) {
        const pause = PAUSES[Math.min(this.failures, PAUSES.length - 1)];
        this.failures += 1;
        this.report(away);
        await new Promise((resume) => setTimeout(resume, pause));
        continue;
      }
      this.failures = 0;
      this.take();
      if (answer) {
        this.latest.set(change.page, { undo: answer.undo, redo: answer.redo });
        this.onAnswer(change, answer);
      } else this.onRefusal(change, refusal);
    }
    this.sending = false;
    this.report();
  }

  report(sentence = "") {
    this.onState(this.failures ? "away" : this.waiting.length ? "saving" : "saved", this.waiting.length, sentence);
  }
}

/** One try: {answer}, {refusal: sentence} that no further try would change, or {away: sentence}. */
async function post({ ask, ...body }) {
  let response;
  try {
    response = await fetch(`/api/${ask}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    return { away: t("The server is away") };
  }
  try {
    const answer = await response.json();
    if (response.ok) return { answer };
    if (response.status === 401) return { away: t("Open the new address that the terminal shows") };
    if (response.status >= 500) return { away: answer.error };
    return { refusal: answer.error };
  } catch {
    return { away: t("The server broke off its answer") };
  }
}
