// Where the cursor goes after a verdict: a setting of this browser.

import { Section, t } from "./words.js";

const KEY = "facecorpus:advance";
const WAYS = { stay: t("stay"), face: t("next face"), person: t("next person, too") }; // and what the button says

const way = () => (localStorage.getItem(KEY) in WAYS ? localStorage.getItem(KEY) : "face");

export const goesOn = () => way() !== "stay";
export const changesPerson = () => way() === "person";

/** Take the next of the ways; returns what it is called. */
export function change() {
  const ways = Object.keys(WAYS);
  localStorage.setItem(KEY, ways[(ways.indexOf(way()) + 1) % ways.length]);
  return WAYS[way()];
}

/** Go to the undecided face that follows the decided ones: in this section, else before them, else in the next section. */
export function goOn(sheet, faces, decided) {
  const { grid, active } = sheet;
  const last = Math.max(grid.cursor, ...decided.filter((number) => faces.sectionOf[number] === active).map((number) => faces.places[number]));
  const left = (number) => faces.isLeft(number);
  const after = grid.list.findIndex((number, place) => place > last && left(number));
  const place = after >= 0 ? after : grid.list.findIndex(left);
  if (place >= 0) {
    if (place >= grid.count) sheet.expand(active);
    return sheet.go(active, place);
  }
  const sections = [...sheet.grids.keys()].filter((section) => section !== Section.COPIES);
  const at = sections.indexOf(active);
  const next = [...sections.slice(at + 1), ...sections.slice(0, at + 1)].find((section) => faces.leftIn(section));
  if (next) sheet.jump(next);
}
