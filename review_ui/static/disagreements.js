// The faces on which people disagree: whose word holds is chosen with its number.

import { element, showSaveState } from "./drawing.js";
import { SaveQueue } from "./queue.js";
import { Kind, Verdict, t } from "./words.js";

const SHOWN = 50; // faces in the page at once
const byId = (id) => document.getElementById(id);
const list = byId("disputes");
let faces = [];
let cursor = 0;
let last = ""; // the person on whose page the last settlement stands: there an undo takes it back

const queue = new SaveQueue(document.body.dataset.queue, {
  onAnswer: () => load(),
  onRefusal: (_, sentence) => notice(sentence),
  onState: (state, waiting, sentence) => {
    showSaveState(state, waiting);
    if (sentence) notice(t("{problem}. Trying again…", { problem: sentence }));
  },
});

function notice(text) {
  byId("notice").textContent = text;
}

const describe = ({ verdict, reason, name }) => (verdict === Verdict.ACCEPT ? `✓ ${name}` : `✗ ${t(reason || "rejected")}`);

/** The different things that are said of a face, each with who says it. */
function choices({ words }) {
  const found = new Map();
  for (const word of words) {
    if (word.kind !== Kind.VERDICT) continue;
    const key = `${word.verdict} ${word.identity_id}`;
    if (!found.has(key)) found.set(key, { word, reviewers: [] });
    found.get(key).reviewers.push(word.reviewer);
  }
  return [...found.values()];
}

/** The surest face of each person whom the face may show, to compare with. */
function references(face) {
  const people = new Map(face.words.filter(({ portrait }) => portrait).map(({ name, portrait }) => [name, portrait]));
  return [...people].map(([name, portrait]) => element(
    "figure",
    {},
    element("img", { src: `/crops/${portrait}.jpg`, alt: t("Surest face of {name}", { name }), width: 112, height: 112 }),
    element("figcaption", { className: "quiet", textContent: name }),
  ));
}

function line(face, place) {
  const settled = face.words.find((word) => word.kind === Kind.SETTLE);
  const buttons = choices(face).map(({ word, reviewers }, number) => {
    const button = element("button", { type: "button", textContent: `${describe(word)} – ${reviewers.join(", ")} ` });
    button.append(element("kbd", { textContent: number + 1 }));
    button.dataset.choice = number;
    return button;
  });
  const made = element(
    "li",
    { tabIndex: place === cursor ? 0 : -1 },
    element("img", { src: `/crops/${face.face_id}.jpg`, alt: "", width: 112, height: 112 }),
    element(
      "div",
      { className: "words" },
      element("a", { href: `/identity/${encodeURIComponent(face.page)}`, textContent: face.name }),
      ...buttons,
      element("span", { className: "quiet", textContent: settled ? t("settled by {name}: {verdict}", { name: settled.reviewer, verdict: describe(settled) }) : t("not settled") }),
    ),
    ...references(face),
  );
  made.dataset.place = place;
  made.dataset.face = face.face_id;
  made.dataset.settled = settled ? "yes" : "no";
  return made;
}

function draw() {
  const from = Math.max(0, Math.min(cursor - SHOWN / 2, faces.length - SHOWN));
  list.start = from + 1;
  list.replaceChildren(...faces.slice(from, from + SHOWN).map((face, place) => line(face, from + place)));
  const left = faces.filter((face) => !face.settled).length;
  byId("counts").textContent = !faces.length ? t("Nobody disagrees.")
    : left ? t("{left} left of {total}", { left, total: faces.length }) : `✓ ${t("All {count} settled", { count: faces.length })}`;
  focus(cursor);
}

function focus(place) {
  cursor = Math.max(0, Math.min(faces.length - 1, place));
  const found = list.querySelector(`[data-place='${cursor}']`);
  if (!found && faces.length) return draw();
  for (const other of list.children) other.tabIndex = other === found ? 0 : -1;
  found?.focus();
}

function settle(place, choice) {
  const face = faces[place];
  const chosen = face && choices(face)[choice];
  if (!chosen) return;
  const { verdict, reason, identity_id } = chosen.word;
  last = face.page;
  queue.push({ ask: "decisions", kind: Kind.SETTLE, page: face.page, face_ids: [face.face_id], verdict, reason, identity_id });
  notice(t("Settled: {verdict}", { verdict: describe(chosen.word) }));
  focus(place + 1);
}

function undo() {
  if (!last) return notice(t("Nothing settled here yet; what was settled before is undone on the person's page."));
  queue.push({ ask: "undo", page: last });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, a")) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (step) focus(cursor + step);
  else if (/^[1-9]$/.test(event.key)) settle(cursor, Number(event.key) - 1);
  else if (event.key === "z") undo();
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.command === "undo") undo();
  else if (button?.dataset.choice) settle(Number(button.closest("li").dataset.place), Number(button.dataset.choice));
});

async function load() {
  const response = await fetch("/api/disagreements");
  const answer = await response.json();
  if (!response.ok) return notice(answer.error);
  ({ faces } = answer);
  draw();
}

load().then(() => queue.send()).catch(() => notice(t("The server is away; start facecorpus review again and reload this page.")));
