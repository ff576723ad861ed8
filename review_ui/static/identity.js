// The page of one person: ties the grids, the keys, the photograph and the queue of changes together.

import { Faces, SECTIONS } from "./faces.js";
import { addBlock, addJump, fillCell, fillReferences, showCounts, showSaveState } from "./drawing.js";
import { VirtualGrid } from "./grid.js";
import { commandOf, fillHelp } from "./keys.js";
import { Photograph } from "./photograph.js";
import { SaveQueue } from "./queue.js";

const { identity, queue: queueKey, name } = document.body.dataset;
const byId = (id) => document.getElementById(id);
const help = byId("help");
const reasonBar = byId("reasons");
const photograph = new Photograph(byId("photograph"));
const selected = new Set(); // face ids
const grids = new Map(); // section -> VirtualGrid
const queue = new SaveQueue(queueKey, { onAnswer, onRefusal, onState });
let faces = new Faces([]);
let active = ""; // the section whose current face the keys act on
let anchor = 0; // where a range selection began

// ---- What the keys and buttons act on

const grid = () => grids.get(active);
const current = () => grid().faces[grid().cursor];
const targets = () => (selected.size ? [...selected] : [current().face_id]);

function go(section, place, align) {
  if (active && section !== active) replaceSelection([]); // a verdict never falls on faces of another section
  active = section;
  grid().focus(place, align);
  for (const block of document.querySelectorAll(".block")) block.classList.toggle("active", block.id === `block-${section}`);
  if (photograph.open) look();
  about();
}

function move(command, extend) {
  const from = grid().cursor;
  const to = grid().target(command);
  if (to === null) return leave(command);
  if (extend && !selected.size) anchor = from;
  go(active, to);
  if (extend) selectRange(anchor, to);
  else anchor = to;
}

/** Past a grid's edge: on to the neighbouring section that is open. */
function leave(command) {
  const open = [...grids.keys()].filter((section) => !grids.get(section).hidden);
  const step = command === "up" || command === "left" ? -1 : 1;
  const section = open[open.indexOf(active) + step];
  if (!section) return;
  go(section, step > 0 ? 0 : grids.get(section).faces.length - 1);
  anchor = grid().cursor;
}

function jump(section) {
  if (!grids.has(section)) return;
  if (grids.get(section).hidden) toggleCopies(true);
  const undecided = grids.get(section).faces.findIndex((face) => !Faces.verdictOf(face));
  byId(`block-${section}`).scrollIntoView();
  go(section, Math.max(0, undecided));
}

// ---- Selection

function selectRange(from, to) {
  const [low, high] = from < to ? [from, to] : [to, from];
  replaceSelection(grid().faces.slice(low, high + 1).map((face) => face.face_id));
}

function replaceSelection(faceIds) {
  const before = [...selected];
  selected.clear();
  for (const faceId of faceIds) selected.add(faceId);
  redraw([...before, ...faceIds]);
}

function toggleSelected(faceId) {
  if (!selected.delete(faceId)) selected.add(faceId);
  redraw([faceId]);
}

// ---- Verdicts

function decide(faceIds, verdict, reason = "") {
  if (!faceIds.length) return;
  queue.push({ kind: "decisions", identity_id: identity, face_ids: faceIds, verdict, reason });
  replaceSelection([]);
  showWanted(faceIds);
}

function acceptAndGoOn() {
  const here = grid().cursor;
  decide(targets(), "accept");
  const following = grid().faces.findIndex((face, place) => place > here && !Faces.verdictOf(face));
  if (following > 0) go(active, following);
}

function reject(reason) {
  askReason(false);
  decide(targets(), "reject", reason);
}

/** Take back verdicts of this reviewer; another's stay. */
function clear() {
  const mine = (face) => (face.wanted ? face.wanted.verdict !== "undecided" : face.verdict && face.reviewer !== "auto");
  decide(targets().filter((faceId) => mine(faces.get(faceId))), "undecided");
}

function askReason(asking) {
  reasonBar.hidden = !asking;
  byId("verdicts").hidden = asking;
}

function step(kind) {
  queue.push({ kind, identity_id: identity });
}

// ---- What the queue reports

function onAnswer(change, answer) {
  if (change.identity_id !== identity) return;
  faces.settle(answer.faces);
  showWanted([...answer.faces.map((face) => face.face_id), ...(change.face_ids ?? [])]);
  const count = answer.faces.length === 1 ? "1 face" : `${answer.faces.length} faces`;
  const done = { undo: "Undone", redo: "Done again", accept: "Accepted", reject: "Rejected", undecided: "Taken back" };
  notice(answer.faces.length ? `${done[change.verdict ?? change.kind]}: ${count}` : `Nothing to ${change.kind}`);
}

function onState(state, waiting, sentence) {
  showSaveState(state, waiting);
  if (sentence) notice(`${sentence}. Trying again…`);
}

function onRefusal(change, sentence) {
  notice(sentence);
  showWanted(change.face_ids ?? []);
}

function showWanted(faceIds) {
  faces.want(faceIds, queue.wanted());
  redraw(faceIds);
  showCounts(faces);
}

function redraw(faceIds) {
  for (const faceId of new Set(faceIds)) {
    const face = faces.get(faceId);
    if (face) grids.get(face.section).redraw(face.place);
  }
  if (photograph.open) photograph.describe(current());
  about();
}

function notice(text) {
  byId("notice").textContent = text;
}

function about() {
  const { reasons, place, section } = current();
  const title = SECTIONS.find(([key]) => key === section)[1];
  const selection = selected.size ? `${selected.size} selected · ` : "";
  const why = reasons.length ? ` · ${reasons.join(" · ")}` : "";
  byId("about").textContent = `${selection}${title}, ${place + 1} of ${grid().faces.length}${why}`;
}

// ---- The photograph and other panels

function look() {
  const reference = faces.references.find((face) => face !== current() && face.verdict !== "reject");
  photograph.show(current(), reference);
}

function togglePhotograph() {
  if (photograph.open) photograph.close();
  else look();
  byId("main").inert = photograph.open;
  if (photograph.open) photograph.panel.focus();
  else grid().focus(grid().cursor);
}

function toggleCopies(open = grids.get("copies").host.hidden) {
  const { host } = grids.get("copies");
  host.hidden = !open;
  byId("toggle-copies").setAttribute("aria-expanded", open);
  byId("toggle-copies").textContent = open ? "Hide" : "Show";
  grids.get("copies").measure();
  grids.get("copies").render();
  if (!open && active === "copies") jump([...grids.keys()][0]);
}

function escape() {
  if (help.open) help.close();
  else if (!reasonBar.hidden) askReason(false);
  else if (photograph.open) togglePhotograph();
  else replaceSelection([]);
}

function toggleHelp() {
  if (help.open) help.close();
  else help.showModal();
}

// ---- Commands

const ACTIONS = {
  next: () => byId("next-person")?.click(),
  previous: () => byId("previous-person")?.click(),
  section: ({ key }) => jump(SECTIONS[Number(key) - 1][0]),
  photograph: togglePhotograph,
  help: toggleHelp,
  accept: () => decide(targets(), "accept"),
  acceptNext: acceptAndGoOn,
  reject: () => askReason(reasonBar.hidden),
  clear,
  acceptAll: ({ section }) => decide(faces.undecided(section ?? active).map((face) => face.face_id), "accept"),
  undo: () => step("undo"),
  redo: () => step("redo"),
  select: () => { toggleSelected(current().face_id); anchor = grid().cursor; },
  selectAll: ({ section }) => replaceSelection(faces.undecided(section ?? active).map((face) => face.face_id)),
  copies: () => toggleCopies(),
  escape,
};

const WITHOUT_FACES = new Set(["next", "previous", "help"]);

function run(command) {
  if (!grids.size && !WITHOUT_FACES.has(command.name)) return;
  if (ACTIONS[command.name]) ACTIONS[command.name](command);
  else move(command.name, command.extend);
}

function onKey(event) {
  const command = commandOf(event);
  const onControl = event.target.closest("button, a");
  if (onControl && (event.key === " " || event.key === "Enter")) return;
  if (help.open && !["help", "escape"].includes(command?.name)) return;
  if (!reasonBar.hidden && !help.open) {
    const button = [...reasonBar.querySelectorAll("[data-key]")].find(({ dataset }) => dataset.key === event.key);
    if (button && !event.ctrlKey && !event.metaKey && !event.altKey) reject(button.dataset.reason);
    else if (!["reject", "escape", "help"].includes(command?.name)) return;
    if (button) return event.preventDefault();
  }
  if (!command) return;
  event.preventDefault();
  run(command);
}

function onClick(event) {
  const button = event.target.closest("[data-command], [data-reason]");
  if (button?.dataset.reason) return reject(button.dataset.reason);
  if (button) {
    const { command, key, section } = button.dataset;
    run({ name: command, key, section });
    if (button.hidden) grid().focus(grid().cursor); // the button has done all that it was there for
    return;
  }
  const cell = event.target.closest("[role=gridcell]");
  if (!cell) return;
  const section = cell.closest("[role=grid]").dataset.section;
  const place = Number(cell.dataset.place);
  const range = event.shiftKey && section === active;
  if (range && !selected.size) anchor = grid().cursor;
  go(section, place);
  if (range) return selectRange(anchor, place);
  if (event.ctrlKey || event.metaKey) toggleSelected(current().face_id);
  anchor = place;
}

// ---- Setting up

/** Draw one section, where the person has faces in it. */
function addSection(section, title, number) {
  const own = faces.sections.get(section);
  if (!own.length) return;
  const host = addBlock(byId("blocks"), section, title);
  addJump(byId("jumps"), section, title, number);
  const drawn = new VirtualGrid(host, own, `${title}: ${name}`, (cell, face) => {
    fillCell(cell, face, selected.has(face.face_id));
  });
  drawn.cursor = Math.max(0, own.findIndex((face) => !Faces.verdictOf(face)));
  grids.set(section, drawn);
}

function listen() {
  let waiting = false;
  const render = () => {
    waiting = false;
    for (const drawn of grids.values()) drawn.render();
  };
  const soon = () => {
    if (!waiting) requestAnimationFrame(render);
    waiting = true;
  };
  addEventListener("scroll", soon, { passive: true });
  const observer = new ResizeObserver(() => {
    const root = document.documentElement.style;
    root.setProperty("--top", `${getComputedStyle(byId("top")).position === "sticky" ? byId("top").offsetHeight : 0}px`);
    root.setProperty("--bottom", `${byId("bar").offsetHeight}px`);
    for (const drawn of grids.values()) drawn.measure();
    soon();
  });
  for (const id of ["blocks", "top", "bar"]) observer.observe(byId(id));
  addEventListener("resize", soon);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("dblclick", (event) => { if (event.target.closest("[role=gridcell]")) togglePhotograph(); });
  // A click on a button leaves the keyboard where it was: on the current face.
  document.addEventListener("mousedown", (event) => { if (event.target.closest("button")) event.preventDefault(); });
  addEventListener("beforeunload", (event) => { if (queue.failures) event.preventDefault(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

async function load() {
  fillHelp(help.querySelector(".key-tables"), [...reasonBar.querySelectorAll("[data-key]")].map(
    ({ dataset }) => [dataset.key, dataset.reason],
  ));
  listen();
  const response = await fetch(`/api/identity/${identity}`);
  const answer = await response.json();
  if (!response.ok) return notice(answer.error);
  faces = new Faces(answer.faces);
  queue.latest.set(identity, { undo: answer.undo, redo: answer.redo });
  faces.want([...queue.wanted().keys()], queue.wanted());
  SECTIONS.forEach(([section, title], place) => addSection(section, title, place + 1));
  fillReferences(byId("references"), faces.references);
  showCounts(faces);
  if (grids.size) {
    for (const drawn of grids.values()) drawn.render();
    const begin = [...grids.keys()].find((section) => section !== "copies" && faces.undecided(section).length);
    go(begin ?? [...grids.keys()][0], grids.get(begin ?? [...grids.keys()][0]).cursor);
  }
  queue.send();
}

load().catch(() => notice("The server is away; start facecorpus review again and reload this page."));
