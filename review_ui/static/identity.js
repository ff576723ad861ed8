// The page of one person: ties the sheet of faces, the keys, the panels and the queue of changes together.

import {
  aboutSentence, changeSentence, decidedSentence, movedHereSentence, orderSentence,
} from "./announce.js";
import { change as changeAdvance, changesPerson, goesOn, goOn } from "./advance.js";
import { addAnswers, addCommands } from "./buttons.js";
import { Details } from "./details.js";
import { fillReferences, showCounts, showSaveState } from "./drawing.js";
import { Faceless } from "./faceless.js";
import { Faces, standingsOf } from "./faces.js";
import { search, whoIsIt } from "./find.js";
import { Filters } from "./filters.js";
import { fillHelp } from "./help.js";
import { listenToKeys } from "./keyboard.js";
import { entryOf } from "./keys.js";
import { compare, followFold, followSize, hideHint, resize, showHint } from "./ease.js";
import { followWindow } from "./layout.js";
import { Learner, watch } from "./live.js";
import { Missed } from "./missed.js";
import { listenToMouse } from "./mouse.js";
import { Near } from "./near.js";
import { noteDecided, paceSentence } from "./pace.js";
import { Photograph } from "./photograph.js";
import { SaveQueue } from "./queue.js";
import { answerFrom } from "./server.js";
import { Sheet } from "./sheet.js";
import { followPinch, followSwipes } from "./touch.js";
import { AGES, AUTO, Kind, REASONS, Reason, SECTIONS, Verdict, t } from "./words.js";

addCommands();
const { identity, queue: queueKey, name } = document.body.dataset;
const SOON = 30; // milliseconds
const MOST_WELCOME = 500; // faces asked for at once; more come with a reload
const byId = (id) => document.getElementById(id);
const help = byId("help");
const hint = byId("hint");
const bars = { reject: byId("reasons"), age: byId("ages") }; // by the command that asks
const photograph = new Photograph(byId("photograph"));
const near = new Near(byId("near"), identity);
const details = new Details(identity, (faceIds) => sheet?.redraw(faceIds.map((faceId) => faces.numbers.get(faceId))));
const faceless = new Faceless(byId("faceless"), identity, document.querySelector("#jumps [data-command=faceless]"));
const queue = new SaveQueue(queueKey, { onAnswer, onRefusal, onState });
const missed = new Missed({ page: identity, queue, photograph, near, faceless, said, notice });
const learner = new Learner(identity, onOrder);
const answered = new Map(); // number of a face -> when the server last said how it stands
let counting = 0; // the timer
let faces;
let sheet;
let mover;
let finder;
let filters;

// ---- What is said of faces

const known = (faceIds) => faceIds.map((faceId) => faces.numbers.get(faceId)).filter((number) => number !== undefined);
const idsOf = (numbers) => numbers.map((number) => faces.ids[number]);

function say(numbers, change, advance = goesOn()) {
  if (!numbers.length) return;
  const said = { kind: Kind.VERDICT, reason: "", identity_id: identity, ...change };
  queue.push({ ask: "decisions", page: identity, face_ids: idsOf(numbers), ...said });
  if (said.kind === Kind.VERDICT) {
    noteDecided(numbers.length);
    if (!filters.active) learner.note(numbers.length, faces.ids.length);
  }
  sheet.select([]);
  showWanted(numbers);
  if (advance && said.kind === Kind.VERDICT && said.verdict !== Verdict.UNDECIDED) goOn(sheet, faces, numbers);
}

/** What was said of faces that may not be on the page. */
function said(count, faceIds) {
  noteDecided(count);
  showWanted(known(faceIds));
}

/** A verdict on the faces that are meant; side by side it is the one looked at, as its own person's picture. */
function decide(verdict, reason = "", identityId = identity) {
  if (photograph.chosen && verdict === Verdict.ACCEPT && identityId === identity) return missed.instead();
  if (!near.open) return say(sheet.targets, { verdict, reason, identity_id: identityId });
  if (!near.current) return;
  const { face_id, identity_id } = near.current;
  const own = identityId !== identity ? identityId : identity_id || identity;
  queue.push({ ask: "decisions", page: identity, face_ids: [face_id], kind: Kind.VERDICT, verdict, reason, identity_id: own });
}

/** Among faces like one: that one is this page's person. What is said stands in the journal of the page it leaves. */
function belongsHere() {
  const { face_id, identity_id } = near.open && near.current ? near.current : {};
  if (!identity_id || identity_id === identity) return decide(Verdict.ACCEPT);
  queue.push({
    ask: "decisions", page: identity_id, face_ids: [face_id], kind: Kind.VERDICT, verdict: Verdict.ACCEPT, reason: "", identity_id: identity,
  });
}

const group = () => (sheet.selected.size ? sheet.targets : faces.groupOf(sheet.current));

/** What is said of a whole section; faces that were not shown are shown first. */
function sayAll(section, change) {
  const numbers = sheet.seen(section);
  if (numbers) say(numbers, change);
  else notice(t("All {count} undecided faces are shown now; the same key again decides them.", { count: faces.leftIn(section) }));
}

/** Take back verdicts of this reviewer; another's stay. */
function clear() {
  const mine = (number) => {
    const wanted = faces.wanted.get(number)?.verdict;
    return wanted ? wanted !== Verdict.UNDECIDED : faces.way(number).verdict && faces.way(number).reviewer !== AUTO;
  };
  say(sheet.targets.filter(mine), { verdict: Verdict.UNDECIDED });
}

const takeDown = () => (missed.alone ? missed.sayOfPhotograph(Kind.REMOVAL, Verdict.REMOVE)
  : say(sheet.targets, { kind: Kind.REMOVAL, verdict: Verdict.REMOVE }));

/** Answer a bar: the reason of a rejection, or the age group. */
function answer(command, text) {
  ask(command, false);
  if (command === "reject") decide(Verdict.REJECT, text);
  else say(sheet.targets, { kind: Kind.AGE, verdict: text });
}

const asking = () => Object.keys(bars).find((command) => !bars[command].hidden);

function ask(command, open) {
  if (open && command === "reject") addAnswers(bars.reject, REASONS, { asks: t("Reject"), cancel: t("Do not reject"), tone: "reject" });
  else if (open) addAnswers(bars.age, AGES, { asks: t("Age group"), cancel: t("Leave the age group") });
  bars[command].hidden = !open;
  byId("verdicts").hidden = open;
}

// ---- What the server reports

function settle(standings) {
  const now = performance.now();
  const numbers = known(standings.map(([faceId]) => faceId));
  for (const number of numbers) answered.set(number, now);
  const moved = faces.settle(standings);
  showWanted(numbers, moved);
  if (near.open) near.refresh();
  if (photograph.open) photograph.refresh(faces);
  if (standings.some(([faceId]) => !faces.plain(faceId))) faceless.refresh(); // a drawn face, or a photograph
}

async function onAnswer(change, { faces: columns, touched }) {
  if (!faces) return;
  if (change.page !== identity && near.open) near.refresh();
  if (change.page !== identity) return notice(changeSentence(change, touched, standingsOf(columns), faces));
  const standings = standingsOf(columns);
  settle(standings);
  showWanted(known([...(change.face_ids ?? []), ...(change.instead_of ?? [])]));
  const named = strangersOf(standings);
  if (named.length) await welcome(named);
  notice(changeSentence(change, touched, standings, faces));
}

/** Others' verdicts, and this reviewer's in another window; what was answered since the question is newer. */
async function onNews(columns, asked) {
  const standings = standingsOf(columns);
  const strangers = strangersOf(standings);
  const news = standings.filter(([faceId]) => {
    const number = faces.numbers.get(faceId);
    return number !== undefined && !((answered.get(number) ?? 0) > asked);
  });
  const foreign = news.filter(([faceId, { verdict, reviewer }]) => {
    const before = faces.way(faces.numbers.get(faceId));
    return reviewer && reviewer !== faces.reviewer && (verdict !== before.verdict || reviewer !== before.reviewer);
  });
  settle(news);
  if (foreign.length) notice(decidedSentence(foreign));
  if (strangers.length) await welcome(strangers);
}

/** Faces that are this person's by what was said, and are not on the page yet. */
const strangersOf = (standings) => standings.filter(([faceId, way]) => !faces.numbers.has(faceId) && faces.isHere(way));

/** Show faces that were moved here since the page was opened. */
async function welcome(standings) {
  const asked = standings.slice(0, MOST_WELCOME);
  const answer = await answerFrom(`/api/identity/${identity}?faces=${asked.map(([faceId]) => faceId).join(",")}`);
  if (!answer || answer.ids.some((faceId) => faces.numbers.has(faceId))) return; // asked for twice
  const numbers = faces.add(answer);
  sheet.arrive(numbers);
  counts();
  notice(movedHereSentence(standings, numbers.map((number) => faces.sectionOf[number])));
}

function onOrder(order, everywhere) {
  if (filters.active && !everywhere) return; // whoever filters or sorts has an order of their own
  const moved = sheet.learn(order, everywhere);
  if (filters.active) filters.apply();
  counts();
  if (moved || everywhere) notice(orderSentence(moved, everywhere));
}

function onState(state, waiting, sentence) {
  showSaveState(state, waiting);
  if (sentence) notice(t("{problem}. Trying again…", { problem: sentence }));
}

function onRefusal(change, sentence) {
  notice(sentence);
  if (!faces) return;
  const numbers = known([...(change.face_ids ?? []), ...(change.instead_of ?? [])]);
  let moved = false;
  if (change.kind === Kind.REMOVAL) for (const number of numbers) moved = faces.remove(number, change.verdict !== Verdict.REMOVE) || moved;
  showWanted(numbers, moved);
}

function showWanted(numbers, moved = false) {
  const left = faces.want(numbers, queue.wanted());
  if (left || moved) sheet.relayout();
  else sheet.redraw(numbers);
  counts();
}

/** Count soon: thirty thousand faces are not counted between a key and the frame that shows what it did. */
function counts() {
  counting ||= setTimeout(countNow, SOON);
}

function countNow() {
  clearTimeout(counting);
  counting = 0;
  const { total, left } = showCounts(faces);
  byId("pace").textContent = paceSentence(left);
  filters?.map.draw();
  byId("done").hidden = !total || left > 0;
  if (!left && queue.done.length && changesPerson() && !queue.waiting.length) ACTIONS.next();
}

function notice(text) {
  byId("notice").textContent = text;
}

function about() {
  if (photograph.open && !photograph.whole && sheet.current !== undefined) {
    if (photograph.number === sheet.current) photograph.describe(faces);
    else look();
  }
  if (sheet.current === undefined) return;
  byId("about").textContent = aboutSentence(faces, sheet.current, {
    selected: sheet.selected.size,
    of: sheet.grid.list.length,
    reasons: details.get(faces.ids[sheet.current])?.reasons ?? [],
  });
}

// ---- Panels

const referenceOf = (face) => faces.references.find((number) => number !== face && faces.verdictOf(number) !== Verdict.REJECT);

function look() {
  photograph.show(faces, sheet.current, details, referenceOf(sheet.current));
}

/** Open or close what lies over the sheet; one at a time. */
function panel(which, way = "near-duplicates") {
  const opening = which && !(which.open && (which !== near || near.way === way));
  for (const one of [photograph, near, faceless]) if (one.open) one.close();
  if (opening && which === photograph) look();
  if (opening && which === faceless) faceless.show();
  if (opening && which === near) near.show(faces.ids[sheet.current], faces.names, way);
  byId("sheet").inert = Boolean(opening);
  if (opening) which.panel.focus();
  else sheet.grid?.focus(sheet.grid.cursor);
}

function escape() {
  const bar = asking();
  if (!hint.hidden) hideHint(hint);
  if (help.open) help.close();
  else if (bar) ask(bar, false);
  else if (missed.back()) return;
  else if (photograph.open || near.open || faceless.open) panel(null);
  else sheet.select([]);
}

function toggleHelp() {
  if (help.open) return help.close();
  fillHelp(help.querySelector(".key-tables"), { reject: REASONS, age: AGES });
  help.showModal();
  help.scrollTop = 0;
}

// ---- Commands

const ACTIONS = {
  next: () => byId("next-person")?.click(),
  previous: () => byId("previous-person")?.click(),
  section: ({ key }) => sheet.jump(SECTIONS[Number(key) - 1].name),
  expand: ({ section }) => sheet.expand(section ?? sheet.active),
  photograph: () => (faceless.open ? missed.look() : missed.back() || panel(photograph)),
  faceless: () => panel(faceless),
  noFace: () => missed.sayOfPhotograph(Kind.PHOTOGRAPH, Verdict.NO_FACE),
  draw: () => missed.draw(),
  duplicates: () => panel(near),
  like: () => panel(near, "like"),
  search: () => finder.open(),
  filter: () => filters.toggle(),
  map: () => filters.map.toggle(),
  reorder: () => learner.ask(true),
  help: toggleHelp,
  compare: () => compare([sheet.current, referenceOf(sheet.current)].filter((number) => number !== undefined).map((number) => faces.cropOf(number))),
  larger: () => resize(1),
  smaller: () => resize(-1),
  accept: () => decide(Verdict.ACCEPT),
  acceptNext: () => say(sheet.targets, { verdict: Verdict.ACCEPT }, true),
  acceptGroup: () => say(group(), { verdict: Verdict.ACCEPT }),
  rejectGroup: () => say(group(), { verdict: Verdict.REJECT, reason: Reason.WRONG_PERSON }),
  mine: belongsHere,
  advance: () => notice(t("After a verdict: {way}.", { way: changeAdvance() })),
  reject: () => ask("reject", bars.reject.hidden),
  wrongPerson: () => decide(Verdict.REJECT, Reason.WRONG_PERSON), // given most, so it has a key of its own
  wrongAll: ({ section }) => sayAll(section ?? sheet.active, { verdict: Verdict.REJECT, reason: Reason.WRONG_PERSON }),
  instead: () => missed.instead(),
  clear,
  move: () => mover.open(),
  age: () => ask("age", bars.age.hidden),
  takeDown,
  acceptAll: ({ section }) => sayAll(section ?? sheet.active, { verdict: Verdict.ACCEPT }),
  undo: () => queue.step("undo", identity),
  redo: () => queue.step("redo", identity),
  select: () => { sheet.toggle(sheet.current); sheet.anchor = sheet.grid.cursor; },
  selectAll: ({ section }) => {
    if (section && section !== sheet.active) sheet.jump(section);
    sheet.select(faces.undecided(section ?? sheet.active));
  },
  escape,
};

function run(command) {
  const { anywhere, beside, missed: alone } = entryOf(command.name);
  const list = near.open ? near : faceless.open ? faceless : null;
  if (!faces || (sheet.current === undefined && !anywhere && !list && !photograph.whole)) return;
  if ((near.open && !beside) || (missed.alone && !alone)) {
    const step = { left: -1, up: -1, right: 1, down: 1 }[command.name];
    if (step) list?.move(step);
  } else if (ACTIONS[command.name]) ACTIONS[command.name](command);
  else sheet.move(command.name, command.extend);
}

/** What the box that is being drawn makes of a key; whether it was one of its own. */
const draftTakes = (event) =>
  photograph.draft.open && !event.target.closest(".draft-bar") && photograph.draft.key(event);

// ---- Setting up

function listen() {
  followWindow(sheet, { top: byId("top"), bottom: byId("bar"), blocks: byId("blocks") });
  followSwipes(byId("blocks"), (cell, right) => {
    sheet.go(cell.closest("[role=grid]").dataset.section, Number(cell.dataset.place));
    decide(right ? Verdict.ACCEPT : Verdict.REJECT, right ? "" : Reason.WRONG_PERSON);
  });
  followPinch(photograph.panel.querySelector("figure"), photograph.panel.querySelector(".frame"));
  followFold(byId("fold"), byId("show-moves"), help);
  followSize(byId("size"), () => sheet.relayout());
  listenToKeys({ help, bars, asking, answer, run, draftTakes });
  listenToMouse({
    blocks: byId("blocks"), sheet, near, faceless, answer,
    run: (command) => { run(command); if (counting) countNow(); },
    open: () => panel(photograph), look: () => missed.look(),
  });
  addEventListener("beforeunload", (event) => { if (queue.failures) event.preventDefault(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  help.addEventListener("close", () => help.querySelector(".key-tables").replaceChildren());
}

async function load() {
  const response = await fetch(`/api/identity/${identity}`);
  const answer = await response.json();
  if (!response.ok) return notice(answer.error);
  faces = new Faces(answer, identity);
  queue.latest.set(identity, { undo: answer.undo, redo: answer.redo });
  faces.want(known([...queue.wanted().keys()]), queue.wanted());
  sheet = new Sheet(faces, details, name, about);
  mover = whoIsIt(byId("people"), faces, (id) => decide(Verdict.ACCEPT, "", id));
  finder = search(byId("search"), faces, sheet);
  filters = new Filters(byId("filters"), byId("chosen"), faces, () => { sheet.select([]); sheet.relayout(); counts(); });
  fillReferences(byId("references"), faces);
  countNow();
  listen();
  showHint(hint);
  sheet.render();
  if (!(await filters.begin())) sheet.begin();
  queue.send();
  requestIdleCallback(() => faceless.refresh());
  watch(identity, answer.latest, onNews);
}

for (const link of document.querySelectorAll("link[rel=modulepreload]")) link.remove(); // all are here
load().catch((error) => {
  notice(t("The server is away; start facecorpus review again and reload this page."));
  throw error;
});
