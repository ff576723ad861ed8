// The help: the key map as tables, each answer that a key asks for below it.

import { element } from "./drawing.js";
import { COMMANDS } from "./keys.js";

const SHOWN = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space", Escape: "Esc",
  PageUp: "Page ↑", PageDown: "Page ↓", A: "Shift A", C: "Shift C", F: "Shift F", M: "Shift M", W: "Shift W", Z: "Shift Z",
};

/** Fill the help; `answers` has [{key, label}] by the command that asks for one. */
export function fillHelp(host, answers) {
  const tables = new Map();
  for (const { keys, label, group, name } of COMMANDS) {
    if (!tables.has(group)) tables.set(group, addTable(host, group));
    addLine(tables.get(group), keys.map((key) => SHOWN[key] ?? key), label);
    for (const answer of answers[name] ?? []) addLine(tables.get(group), [keys[0], answer.key], answer.label, " then ");
  }
  addLine(tables.get("Select"), ["Shift + arrow", "Shift + click"], "Select a range");
  addLine(tables.get("Select"), ["Ctrl + click"], "Select one more");
  addLine(tables.get("Look"), ["6", "drag"], "On the map: show the faces inside the line; with Ctrl, in addition", " then ");
  addLine(tables.get("Look"), ["6", "arrow", "s"], "On the map: show the faces around a point; again, a wider area", " then ");
  addLine(tables.get("Look"), ["6", "c"], "On the map: colours by verdict, or by section", " then ");
  addLine(tables.get("Look"), ["6", "Enter"], "From the map to the faces shown; Esc shows all, again closes", " then ");
  addLine(tables.get("Select"), ["drag"], "Select what the rectangle touches; with Ctrl, in addition");
}

function addTable(host, group) {
  const list = element("dl");
  host.append(element("section", {}, element("h3", { textContent: group }), list));
  return list;
}

function addLine(list, keys, label, between = " ") {
  const term = element("dt");
  keys.forEach((key, place) => {
    if (place) term.append(between);
    term.append(element("kbd", { textContent: key }));
  });
  list.append(element("div", {}, term, element("dd", { textContent: label })));
}
