// The page's buttons: one for each command of the key map that has a bar, and one for each answer that a bar asks for.

import { element } from "./drawing.js";
import { COMMANDS } from "./keys.js";
import { t } from "./words.js";

const MOVES = "moves";

/** Put every command's button into its bar, in the order of the key map; those for moving come when they are wanted. */
export function addCommands() {
  for (const command of COMMANDS) if (command.bar && command.bar !== MOVES) fill(command);
}

/** Show the buttons for moving, or hide them. */
export function toggleMoves() {
  const bar = document.getElementById(MOVES);
  if (!bar.children.length) for (const command of COMMANDS) if (command.bar === MOVES) fill(command);
  bar.hidden = !bar.hidden;
}

function fill(command) {
  document.getElementById(command.bar).append(commandButton(command));
}

function commandButton({ name, keys, label, bar, button, says, tone = "" }) {
  const made = element("button", { type: "button", className: tone, title: says ?? label }, button);
  if (bar !== MOVES) made.append(" ", element("kbd", { textContent: keys[0] }));
  made.dataset.command = name;
  made.setAttribute("aria-label", says ?? label);
  made.setAttribute("aria-keyshortcuts", keys.map((key) => (key === " " ? "Space" : key)).join(" "));
  return made;
}

/** Fill a bar that asks for an answer, once: [{key, says, label}]; `asks` is what for, `cancel` how not to answer. */
export function addAnswers(bar, answers, { asks, cancel, tone = "" }) {
  if (bar.querySelector("button")) return;
  for (const { key, says, label } of answers) {
    const made = element("button", { type: "button", className: tone }, `${label} `, element("kbd", { textContent: key }));
    Object.assign(made.dataset, { answer: says, key });
    made.setAttribute("aria-label", `${asks}: ${label}`);
    made.setAttribute("aria-keyshortcuts", key);
    bar.append(made);
  }
  const out = element("button", { type: "button" }, `${t("Cancel")} `, element("kbd", { textContent: "Esc" }));
  out.dataset.command = "escape";
  out.setAttribute("aria-label", cancel);
  out.setAttribute("aria-keyshortcuts", "Escape");
  bar.append(out);
}
