// How faces, sections, counts and the state of saving look; nothing here decides anything.

import { cropOf, describe, Faces, SECTIONS } from "./faces.js";

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

/** Draw a face into its cell; drawing it again keeps the picture. */
export function fillCell(cell, face, isSelected) {
  if (!cell.firstChild) {
    cell.append(
      element("img", { src: cropOf(face), alt: "", draggable: false, decoding: "async" }),
      element("span", { className: "state" }),
      element("span", { className: "why" }),
    );
    if (face.copies) cell.append(element("span", { className: "copies", textContent: `+${face.copies}` }));
    cell.dataset.face = face.face_id;
  }
  const { sign, text, automatic } = describe(face);
  cell.dataset.verdict = Faces.verdictOf(face) ?? "";
  cell.dataset.saved = face.wanted ? "no" : "yes";
  cell.dataset.auto = automatic ? "yes" : "no";
  cell.children[1].textContent = `${face.wanted ? "… " : ""}${sign} ${text}`.trim();
  cell.children[2].textContent = automatic ? "automatically" : (face.reasons[0] ?? "");
  cell.setAttribute("aria-selected", isSelected);
  const copies = face.copies ? ` ${face.copies} copies.` : "";
  const saving = face.wanted ? ", being saved" : automatic ? ", automatically" : "";
  cell.setAttribute("aria-label", `Face ${face.place + 1}: ${text}${saving}. ${face.reasons.join(". ")}${copies}`);
}

/** A section with its heading and buttons; returns the element that becomes the grid. */
export function addBlock(host, section, title) {
  const head = element(
    "header",
    { className: "block-head" },
    element("h2", { id: `title-${section}`, textContent: title }),
    element("p", { className: "quiet", id: `counts-${section}` }),
  );
  if (section === "copies") {
    head.append(element("p", { className: "quiet", textContent: "Near-duplicates; a better copy stands above for each." }));
    const toggle = element("button", { type: "button", id: "toggle-copies", textContent: "Show" });
    toggle.dataset.command = "copies";
    toggle.setAttribute("aria-label", "Show or hide copies");
    toggle.setAttribute("aria-expanded", "false");
    toggle.setAttribute("aria-controls", "grid-copies");
    head.append(toggle);
  }
  head.append(
    bulkButton("acceptAll", section, "accept", "A"),
    bulkButton("selectAll", section, "", "s"),
  );
  const grid = element("div", { id: `grid-${section}`, className: "grid", hidden: section === "copies" });
  grid.dataset.section = section;
  const block = element("section", { className: "block", id: `block-${section}` }, head, grid);
  block.setAttribute("aria-labelledby", `title-${section}`);
  host.append(block);
  return grid;
}

function bulkButton(command, section, className, key) {
  const button = element("button", { type: "button", className, id: `${command}-${section}` });
  Object.assign(button.dataset, { command, section });
  button.setAttribute("aria-keyshortcuts", key);
  return button;
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
  button.setAttribute("aria-label", `Go to section: ${title}`);
  button.setAttribute("aria-keyshortcuts", number);
  host.append(button);
}

/** The strip of faces to compare with. */
export function fillReferences(host, references) {
  host.replaceChildren(
    ...references.map((face) => {
      const label = `${Math.round(face.likely * 100)} % likely`;
      return element("li", {}, element("img", { src: cropOf(face), alt: label, title: label, width: 72, height: 72 }));
    }),
  );
}

/** Counts in the page's head, in each section's head, and on the buttons that act on a section. */
export function showCounts(faces) {
  const { total, saved, accepted, rejected } = faces.counts();
  const progress = document.getElementById("progress");
  progress.max = Math.max(total, 1);
  progress.value = saved;
  document.getElementById("counts").textContent = sentence(total, saved, accepted, rejected);
  for (const [section] of SECTIONS) {
    const all = faces.sections.get(section).length;
    if (!all) continue;
    const left = faces.undecided(section).length;
    const of = all === 1 ? "1 face" : `${all} faces`;
    document.getElementById(`counts-${section}`).textContent = left ? `${of}, ${left} undecided` : `${of}, all decided`;
    document.getElementById(`jump-${section}`).textContent = left || "✓";
    bulkLabel(`acceptAll-${section}`, left === 1 ? "✓ Accept the undecided one" : `✓ Accept all ${left} undecided`, left, "A");
    bulkLabel(`selectAll-${section}`, "Select undecided", left, "s");
  }
}

function sentence(total, saved, accepted, rejected) {
  if (!total) return "No ranked faces yet. Next: facecorpus crawl";
  const parts = `${accepted} accepted · ${rejected} rejected`;
  return saved === total ? `✓ All ${total} decided · ${parts}` : `${total - saved} left of ${total} · ${parts}`;
}

function bulkLabel(id, text, left, key) {
  const button = document.getElementById(id);
  button.replaceChildren(`${text} `, element("kbd", { textContent: key }));
  button.setAttribute("aria-label", text);
  button.hidden = !left;
}

/** Whether everything is on disk. */
export function showSaveState(state, waiting) {
  const line = document.getElementById("save");
  const changes = waiting === 1 ? "1 change" : `${waiting} changes`;
  const text = {
    saved: "✓ All saved",
    saving: `Saving ${changes}…`,
    away: `! ${changes} kept here`,
  }[state];
  line.dataset.state = state;
  if (line.textContent !== text) line.textContent = text;
}
