// The overview: its few keys, the search for a person, and the time that is left at this person's pace.

import { paceSentence } from "./pace.js";
import { t } from "./words.js";

const byId = (id) => document.getElementById(id);
const find = byId("find");
const help = byId("help");
const people = [...document.querySelectorAll(".people li")];
const names = people.map((line) => line.querySelector(".name").textContent.toLowerCase());

/** Show the people whose name holds the text, and the groups that have any. */
function show(text) {
  people.forEach((line, place) => { line.hidden = !names[place].includes(text); });
  for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector("li:not([hidden])");
  const found = people.filter((line) => !line.hidden).length;
  byId("found").textContent = text ? t("{found} of {total} people", { found, total: people.length }) : "";
}

const KEYS = {
  n: () => byId("go-on")?.click(),
  "/": () => find.focus(),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === find || help.open || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

find.addEventListener("input", () => show(find.value.trim().toLowerCase()));
find.addEventListener("keydown", (event) => {
  if (event.key === "Enter") people.find((line) => !line.hidden)?.querySelector("a").click();
  if (event.key !== "Escape") return;
  find.value = "";
  show("");
  find.blur();
});
byId("keys").addEventListener("click", KEYS["?"]);

// A page taken from the browser's back-forward store would show old counts.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const pace = byId("pace");
pace.textContent = paceSentence(Number(pace.dataset.left));
pace.hidden = !pace.textContent;
