// The one key map of the review page: the handler, the help and the tooltips all come from this table.

export const COMMANDS = [
  { name: "left", keys: ["ArrowLeft", "h"], label: "Face to the left", group: "Move" },
  { name: "right", keys: ["ArrowRight", "l"], label: "Face to the right", group: "Move" },
  { name: "up", keys: ["ArrowUp", "k"], label: "Row above", group: "Move" },
  { name: "down", keys: ["ArrowDown", "j"], label: "Row below", group: "Move" },
  { name: "pageUp", keys: ["PageUp"], label: "A screen up", group: "Move" },
  { name: "pageDown", keys: ["PageDown"], label: "A screen down", group: "Move" },
  { name: "first", keys: ["Home"], label: "First face of the section", group: "Move" },
  { name: "last", keys: ["End"], label: "Last face of the section", group: "Move" },
  { name: "section", keys: ["1", "2", "3", "4"], label: "Go to a section", group: "Move" },
  { name: "expand", keys: ["e"], label: "Show all of the section, or its first rows", group: "Move" },
  { name: "next", keys: ["n"], label: "Next person with faces left", group: "Move" },
  { name: "previous", keys: ["p"], label: "Previous person", group: "Move" },
  { name: "search", keys: ["/"], label: "Search people, and faces by caption or reason", group: "Move" },
  { name: "photograph", keys: ["f"], label: "Full photograph, and back", group: "Look" },
  { name: "duplicates", keys: ["d"], label: "Near-duplicates side by side, and back", group: "Look" },
  { name: "reorder", keys: ["o"], label: "New order, by what was decided", group: "Look" },
  { name: "help", keys: ["?"], label: "This help", group: "Look" },
  { name: "accept", keys: [" ", "a"], label: "Accept", group: "Decide" },
  { name: "acceptNext", keys: ["Enter"], label: "Accept, and go to the next undecided face", group: "Decide" },
  { name: "reject", keys: ["r"], label: "Reject; then the key of a reason:", group: "Decide" },
  { name: "wrongPerson", keys: ["w"], label: "Reject as wrong person, in one key", group: "Decide" },
  { name: "clear", keys: ["u"], label: "Take back my verdict", group: "Decide" },
  { name: "acceptAll", keys: ["A"], label: "Accept all undecided faces of the section", group: "Decide" },
  { name: "wrongAll", keys: ["W"], label: "Reject all undecided faces of the section as wrong person", group: "Decide" },
  { name: "move", keys: ["m"], label: "This is somebody else: choose who", group: "Decide" },
  { name: "age", keys: ["g"], label: "Age group in this photograph; then its key:", group: "Decide" },
  { name: "takeDown", keys: ["t"], label: "Mark the photograph for removal everywhere", group: "Decide" },
  { name: "undo", keys: ["z"], label: "Undo, as often as you like", group: "Decide" },
  { name: "redo", keys: ["Z"], label: "Redo", group: "Decide" },
  { name: "select", keys: ["x"], label: "Select the face, or let go of it", group: "Select" },
  { name: "selectAll", keys: ["s"], label: "Select all undecided faces of the section", group: "Select" },
  { name: "escape", keys: ["Escape"], label: "Let go of the selection; close", group: "Select" },
];

const RANGES = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" };
const SHOWN = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space", Escape: "Esc",
  PageUp: "Page ↑", PageDown: "Page ↓", A: "Shift A", W: "Shift W", Z: "Shift Z",
};
const BY_KEY = new Map(COMMANDS.flatMap(({ name, keys }) => keys.map((key) => [key, name])));

/** The command that a key press asks for: {name, key, extend}, or null. */
export function commandOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.shiftKey && RANGES[event.key]) return { name: RANGES[event.key], key: event.key, extend: true };
  const name = BY_KEY.get(event.key);
  return name ? { name, key: event.key, extend: false } : null;
}

/** Fill the help with the key map; `answers` has [key, text] pairs by the command that asks for one. */
export function fillHelp(host, answers) {
  const tables = new Map();
  for (const { keys, label, group, name } of COMMANDS) {
    if (!tables.has(group)) tables.set(group, addTable(host, group));
    addLine(tables.get(group), keys.map((key) => SHOWN[key] ?? key), label);
    for (const [key, text] of answers[name] ?? []) addLine(tables.get(group), [keys[0], key], text, " then ");
  }
  addLine(tables.get("Select"), ["Shift + arrow", "Shift + click"], "Select a range");
  addLine(tables.get("Select"), ["Ctrl + click"], "Select one more");
  addLine(tables.get("Select"), ["drag"], "Select what the rectangle touches; with Ctrl, in addition");
}

function addTable(host, group) {
  const section = document.createElement("section");
  const heading = section.appendChild(document.createElement("h3"));
  heading.textContent = group;
  host.append(section);
  return section.appendChild(document.createElement("dl"));
}

function addLine(list, keys, label, between = " ") {
  const line = list.appendChild(document.createElement("div"));
  const term = line.appendChild(document.createElement("dt"));
  keys.forEach((key, place) => {
    if (place) term.append(between);
    term.appendChild(document.createElement("kbd")).textContent = key;
  });
  line.appendChild(document.createElement("dd")).textContent = label;
}
