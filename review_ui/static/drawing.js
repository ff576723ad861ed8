// How faces, sections, counts and the state of saving look; nothing here decides anything.

import { entryOf } from "./keys.js";
import { want } from "./pictures.js";
import { Section, SECTIONS, counted, t } from "./words.js";

export const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

/** Draw a face into its cell; drawing it again keeps the picture. The style sheet shows data-state and data-why. */
export function fillCell(cell, faces, number, details, isSelected) {
  if (!cell.firstChild) {
    const picture = cell.appendChild(document.createElement("img"));
    picture.alt = "";
    picture.draggable = false;
    picture.decoding = "async";
    want(picture, faces.cropOf(number));
    cell.dataset.face = faces.ids[number];
  }
  const { sign, text, by, notes } = faces.describe(number);
  const reasons = details?.reasons ?? [];
  const copies = faces.copies.get(number);
  const saving = faces.wanted.has(number);
  cell.dataset.verdict = faces.verdictOf(number) ?? "";
  cell.dataset.saved = saving ? "no" : "yes";
  cell.dataset.by = by;
  const alike = faces.sectionOf[number] === Section.LOOK ? faces.alike.get(number) : undefined;
  if (alike !== undefined) cell.dataset.alike = alike % 6;
  cell.dataset.disputed = faces.way(number).disputed ? "yes" : "no";
  cell.dataset.state = `${isSelected ? "☑ " : ""}${saving ? "… " : ""}${sign} ${text}${copies ? ` · ${copiesIn(copies)}` : ""}${alike === undefined ? "" : " ≈"}`.replace(/ +/g, " ").trim();
  cell.dataset.why = (by || notes[0] || reasons[0] || "").split(":")[0];
  cell.setAttribute("aria-selected", isSelected);
  const parts = [
    `${t("Face {place}: {state}", { place: faces.places[number] + 1, state: text })}${saving ? `, ${t("being saved")}` : by ? `, ${by}` : ""}`, ...new Set([...notes, ...reasons]),
  ];
  if (alike !== undefined) parts.push(t("Like others here"));
  if (copies) parts.push(counted(copies, "1 near-duplicate", "{count} near-duplicates"));
  cell.setAttribute("aria-label", `${parts.join(". ")}.`);
}

const copiesIn = (count) => counted(count, "1 copy", "{count} copies");

const NOTES = {
  [Section.RIGHT]: t("The least sure first."),
  [Section.COPIES]: t("Near-duplicates; a better copy stands above for each."),
};

/** A section with its heading and buttons; returns the element that becomes the grid. */
export function addBlock(host, section, title) {
  const head = element(
    "header",
    { className: "block-head" },
    element("h2", { id: `title-${section}`, textContent: title }),
    element("p", { className: "quiet", id: `counts-${section}` }),
  );
  const note = NOTES[section];
  if (note) head.append(element("p", { className: "quiet", textContent: note }));
  head.append(
    bulkButton("expand", section),
    bulkButton("acceptAll", section, "accept"),
    bulkButton("wrongAll", section, "reject"),
    bulkButton("selectAll", section),
  );
  const grid = element("div", { id: `grid-${section}`, className: "grid" });
  grid.dataset.section = section;
  const more = section === Section.COPIES ? [] : [bulkButton("expand", section, "more", "more")];
  const block = element("section", { className: "block", id: `block-${section}` }, head, grid, ...more);
  block.setAttribute("aria-labelledby", `title-${section}`);
  host.append(block);
  return grid;
}

function bulkButton(command, section, className = "", id = command) {
  const button = element("button", { type: "button", className, id: `${id}-${section}` });
  Object.assign(button.dataset, { command, section });
  button.setAttribute("aria-keyshortcuts", keyOf(button));
  return button;
}

const keyOf = ({ dataset }) => entryOf(dataset.command).keys[0];

/** Say on its button whether a section can show more, or less. */
export function showExpand(section, total, grid) {
  const button = document.getElementById(`expand-${section}`);
  const open = !grid.collapsed && !grid.host.hidden;
  button.hidden = open && total <= 2 * grid.columns && section !== Section.COPIES;
  label(button, open ? t("Show fewer") : t("Show all {count}", { count: total }));
  button.setAttribute("aria-expanded", open);
  button.setAttribute("aria-controls", `grid-${section}`);
  const more = document.getElementById(`more-${section}`);
  if (!more) return;
  more.hidden = !grid.collapsed || total <= grid.count;
  label(more, t("+{count} more", { count: total - grid.count }));
}

function label(button, text) {
  button.replaceChildren(`${text} `, element("kbd", { textContent: keyOf(button) }));
  button.setAttribute("aria-label", text);
}

/** A button in the head of the page that leads to a section. */
export function addJump(host, section, title, number) {
  const button = element(
    "button",
    { type: "button" },
    `${title} `,
    element("span", { className: "quiet", id: `jump-${section}` }),
    element("kbd", { textContent: number }),
  );
  Object.assign(button.dataset, { command: "section", key: number });
  button.setAttribute("aria-label", t("Go to section: {section}", { section: title }));
  button.setAttribute("aria-keyshortcuts", number);
  host.append(button);
}

/** The strip of faces to compare with. */
export function fillReferences(host, faces) {
  host.replaceChildren(
    ...faces.references.map((number) => {
      const label = number === faces.portrait
        ? t("The face in Wikidata's picture of this person") : t("{percent} % likely", { percent: Math.round(faces.likely[number] / 10) });
      return element("li", {}, element("img", { src: faces.cropOf(number), alt: label, title: label, width: 72, height: 72 }));
    }),
  );
}

/** Counts in the page's head, in each section's head, and on the buttons of sections; returns {total, left}. */
export function showCounts(faces) {
  const counts = faces.counts();
  const progress = document.getElementById("progress");
  progress.max = Math.max(counts.total, 1);
  progress.value = counts.saved;
  document.getElementById("counts").textContent = sentence(counts);
  for (const { name: section } of SECTIONS) {
    const all = faces.sections.get(section).length;
    const line = document.getElementById(`counts-${section}`);
    if (!line) continue;
    const left = faces.leftIn(section);
    const of = counted(all, "1 face", "{count} faces");
    line.textContent = `${of}, ${left ? t("{count} undecided", { count: left }) : t("all decided")}`;
    document.getElementById(`jump-${section}`).textContent = left || "✓";
    const accept = document.getElementById(`acceptAll-${section}`);
    const reject = document.getElementById(`wrongAll-${section}`);
    const select = document.getElementById(`selectAll-${section}`);
    label(accept, counted(left, "✓ Accept the undecided one", "✓ Accept all {count} undecided"));
    label(reject, t("✗ Reject them: wrong person"));
    label(select, t("Select undecided"));
    accept.hidden = !left;
    reject.hidden = !left;
    select.hidden = !left;
  }
  return { total: counts.total, left: counts.total - counts.saved };
}

function sentence({ total, saved, accepted, rejected, moved }) {
  if (!total) return `${t("No ranked faces yet. Next:")} facecorpus crawl`;
  const parts = [t("{count} accepted", { count: accepted }), t("{count} rejected", { count: rejected })];
  if (moved) parts.push(t("{count} moved", { count: moved }));
  const first = saved === total ? `✓ ${t("All {count} decided", { count: total })}` : t("{left} left of {total}", { left: total - saved, total });
  return [first, ...parts].join(" · ");
}

/** Whether everything is on disk. */
export function showSaveState(state, waiting) {
  const line = document.getElementById("save");
  const changes = counted(waiting, "1 change", "{count} changes");
  const text = {
    saved: `✓ ${t("All saved")}`,
    saving: t("Saving {changes}…", { changes }),
    away: `! ${t("{changes} kept here", { changes })}`,
  }[state];
  line.dataset.state = state;
  if (line.textContent !== text) line.textContent = text;
}
