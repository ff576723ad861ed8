// The page's buttons: one for each command of the key map that has a bar, and one for each answer that a bar asks for.

import { element } from "./drawing.js";
import { COMMANDS } from "./keys.js";

/** Put every command's button into its bar, in the order of the key map. */
export function addCommands() {
  for (const command of COMMANDS) if (command.bar) document.getElementById(command.bar).append(commandButton(command));
}

function commandButton({ name, keys, label, bar, button, says, tone = "" }) {
  const made = element("button", { type: "button", className: tone, title: says ?? label }, button);
  if (bar !== "moves") made.append(" ", element("kbd", { textContent: keys[0] }));
  made.dataset.command = name;
  made.setAttribute("aria-label", says ?? label);
  made.setAttribute("aria-keyshortcuts", keys.map((key) => (key === " " ? "Space" : key)).join(" "));
  return made;
}

/** Fill a bar that asks for an answer: [{key, says, label}]; `asks` is what it asks for, `cancel` how not to answer. */
export function addAnswers(bar, answers, { asks, cancel, tone = "" }) {
  for (const { key, says, label } of answers) {
    const made = element("button", { type: "button", className: tone }, `${label} `, element("kbd", { textContent: key }));
    Object.assign(made.dataset, { answer: says, key });
    made.setAttribute("aria-label", `${asks}: ${label}`);
    made.setAttribute("aria-keyshortcuts", key);
    bar.append(made);
  }
  const out = element("button", { type: "button" }, "Cancel ", element("kbd", { textContent: "Esc" }));
  out.dataset.command = "escape";
  out.setAttribute("aria-label", cancel);
  out.setAttribute("aria-keyshortcuts", "Escape");
  bar.append(out);
}
