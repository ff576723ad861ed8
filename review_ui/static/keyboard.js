// Key presses become commands, or the answer that a bar waits for.

import { commandOf } from "./keys.js";

/** `asking()` names the bar that waits for an answer; `answer` and `run` do what a key says, if no draft takes it. */
export function listenToKeys({ help, bars, asking, answer, run, draftTakes }) {
  document.addEventListener("keydown", onKey);

  function onKey(event) {
    if (event.target.closest("input") || document.querySelector("dialog[open]:not(#help)")) return;
    if (!help.open && draftTakes(event)) return event.preventDefault();
    const command = commandOf(event);
    const onControl = event.target.closest("button, a");
    if (onControl && (event.key === " " || event.key === "Enter")) return;
    if (help.open && !["help", "escape"].includes(command?.name)) return;
    const bar = asking();
    if (bar && !help.open) {
      const button = [...bars[bar].querySelectorAll("[data-key]")].find(({ dataset }) => dataset.key === event.key);
      if (button && !event.ctrlKey && !event.metaKey && !event.altKey) answer(bar, button.dataset.answer);
      else if (![bar, "escape", "help"].includes(command?.name)) return;
      if (button) return event.preventDefault();
    }
    if (!command) return;
    event.preventDefault();
    run(command);
  }
}
