// The help: the key map as tables, each answer that a key asks for below it.

import { element } from "./drawing.js";
import { COMMANDS } from "./keys.js";
import { t } from "./words.js";

const THEN = ` ${t("then")} `;
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
    for (const answer of answers[name] ?? []) addLine(tables.get(group), [keys[0], answer.key], answer.label, THEN);
  }
  addLine(tables.get("Select"), [t("Shift + arrow"), t("Shift + click")], t("Select a range"));
  addLine(tables.get("Select"), [t("Ctrl + click")], t("Select one more"));
  addLine(tables.get("Look"), ["6", t("drag")], t("On the map: show the faces inside the line; with Ctrl, in addition"), THEN);
  addLine(tables.get("Look"), ["6", t("arrow"), "s"], t("On the map: show the faces around a point; again, a wider area"), THEN);
  addLine(tables.get("Look"), ["6", "c"], t("On the map: colours by verdict, or by section"), THEN);
  addLine(tables.get("Look"), ["6", "Enter"], t("From the map to the faces shown; Esc shows all, again closes"), THEN);
  addLine(tables.get("Select"), [t("drag")], t("Select what the rectangle touches; with Ctrl, in addition"));
}

function addTable(host, group) {
  const list = element("dl");
  host.append(element("section", {}, element("h3", { textContent: t(group) }), list));
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
