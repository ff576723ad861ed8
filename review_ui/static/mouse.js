// The mouse: buttons, faces that are clicked, and the lasso around them.

import { lasso } from "./lasso.js";

/** `run(command)` and `answer(command, text)` do what a button says; `open` and `look` what two clicks ask for. */
export function listenToMouse({ blocks, sheet, near, faceless, run, answer, open, look }) {
  const gridOf = (target) => target.closest("[role=grid]")?.dataset.section;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-command], [data-answer]");
    if (button?.dataset.answer) return answer(button.closest("#ages") ? "age" : "reject", button.dataset.answer);
    if (button) {
      const { command, key, section } = button.dataset;
      run({ name: command, key, section });
      if (button.hidden) sheet.grid.focus(sheet.grid.cursor); // the button has done all that it was there for
      return;
    }
    const line = event.target.closest("#near li, #faceless li");
    const list = near.open ? near : faceless;
    if (line) return list.move(Number(line.dataset.place) - list.cursor);
    const cell = event.target.closest("[role=gridcell]");
    if (cell) sheet.click(gridOf(cell), Number(cell.dataset.place), event);
  });
  document.addEventListener("dblclick", (event) => {
    if (event.target.closest("#faceless li")) look();
    if (event.target.closest("[role=gridcell]")) open();
  });
  // A click on a button leaves the keyboard where it was: on the current face.
  document.addEventListener("mousedown", (event) => { if (event.target.closest("button:not([data-face])")) event.preventDefault(); });
  lasso(blocks, (target) => sheet.grids.get(gridOf(target)), (grid, places, adding) => {
    if (!places.length) return;
    sheet.go(grid.host.dataset.section, places.at(-1));
    sheet.select([...(adding ? sheet.selected : []), ...places.map((place) => grid.list[place])]);
  });
}
