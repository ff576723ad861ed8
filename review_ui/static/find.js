// The page's two dialogs that find people and faces by a text: "this is somebody else", and the search.

import { facesIn } from "./announce.js";
import { Picker } from "./picker.js";
import { answerFrom } from "./server.js";
import { SECTIONS, t } from "./words.js";

const holds = (text) => ([id, name]) => name.toLowerCase().includes(text) || id.includes(text);

/** The dialog that asks who it is; `act(id)` is told. */
export const whoIsIt = (dialog, faces, act) => new Picker(dialog, (text) => [...faces.names]
  .filter(([id]) => id !== faces.page).filter(holds(text))
  .map(([id, name]) => ({ label: name, hint: id, act: () => act(id) })));

/** The search: people to go to, and faces of this page to select. */
export const search = (dialog, faces, sheet) => new Picker(dialog, async (text) => {
  const people = [...faces.names].filter(holds(text))
    .map(([id, name]) => ({ label: name, hint: t("go to this person"), act: () => location.assign(`/identity/${id}`) }));
  if (!text) return people;
  const answer = await answerFrom(`/api/identity/${faces.page}/search?text=${encodeURIComponent(text)}`);
  const found = (answer?.faces ?? []).map((faceId) => faces.numbers.get(faceId));
  return [...SECTIONS.flatMap((section) => inSection(section, found, faces, sheet)), ...people];
});

/** The line that selects the faces found in one section. */
function inSection({ name, title }, found, faces, sheet) {
  const own = found.filter((number) => number !== undefined && !faces.removed.has(number) && !faces.hidden.has(number) && faces.sectionOf[number] === name);
  if (!own.length) return [];
  own.sort((one, other) => faces.places[one] - faces.places[other]);
  const act = () => {
    const grid = sheet.grids.get(name);
    if (grid.host.hidden || (grid.collapsed && faces.places[own[0]] >= grid.count)) sheet.expand(name);
    sheet.go(name, faces.places[own[0]]);
    sheet.select(own);
  };
  return [{ label: t("{faces} here: {section}", { faces: facesIn(own), section: title }), hint: t("select"), act }];
}
