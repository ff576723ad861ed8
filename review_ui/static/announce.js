// What the page says of changes, in a sentence each; nothing here decides anything.

import { AGES, Kind, Verdict, titleOf } from "./words.js";

const DONE = {
  undo: "Undone", redo: "Done again",
  [Verdict.ACCEPT]: "Accepted", [Verdict.REJECT]: "Rejected", [Verdict.UNDECIDED]: "Taken back",
  [Verdict.REMOVE]: "Marked for removal",
};
for (const { says } of AGES) DONE[says] ??= says[0].toUpperCase() + says.slice(1);

export const facesIn = ({ length }) => (length === 1 ? "1 face" : `${length} faces`);
const whoOf = (standings) => [...new Set(standings.map(([, { reviewer }]) => reviewer))].join(" and ");

/** A change that the server has on disk, and whether others judge the same faces differently. */
export function changeSentence(change, touched, standings, faces) {
  if (!touched) return `Nothing to ${change.ask}`;
  if (change.kind === Kind.PHOTOGRAPH) return "No face here; z takes it back.";
  if (change.ask === "drawings") return "The drawn face is made and accepted; z takes it back.";
  if (change.instead_of?.length) return `${faces.names.get(faces.page)} is this face, and not the other; z takes it back.`;
  const said = change.verdict === Verdict.ACCEPT && change.identity_id !== faces.page
    ? `Moved to ${faces.names.get(change.identity_id)}` : DONE[change.verdict ?? change.ask];
  const { length } = standings.filter(([, way]) => way.disputed);
  const others = length ? ` – somebody else judged ${length === 1 ? "it" : length} differently: see Disagreements` : "";
  return `${said}: ${facesIn({ length: touched })}${others}`;
}

export const takenDownSentence = (count) => (
  `${count === 1 ? "1 photograph" : `${count} photographs`} marked for removal everywhere; z takes it back.`);

export const decidedSentence = (standings) => (
  `${whoOf(standings)} has just decided ${facesIn(standings)} of this person.`);

export const movedHereSentence = (standings, sections) => (
  `${whoOf(standings)} has just moved ${facesIn(standings)} here: see ${[...new Set(sections)].map(titleOf).join(", ")}.`);

export const orderSentence = (moved, everywhere) => (
  `New order${everywhere ? "" : " below"}, by what you decided: ${facesIn({ length: moved })} changed section.`);

/** The current face: how many are selected, where it stands, and what is to be known of it. */
export function aboutSentence(faces, number, { selected, of, reasons }) {
  const selection = selected ? `${selected} selected · ` : "";
  // What is known now and what the ranking knew may be the same words.
  const why = new Set([...faces.describe(number).notes, ...reasons]);
  return [`${selection}${titleOf(faces.sectionOf[number])}, ${faces.places[number] + 1} of ${of}`, ...why].join(" · ");
}

/** Whose picture a face is, of a photograph or among near-duplicates: as whom it was judged, else for whom it stands. */
export function personOf({ identity_id, standing }, faces) {
  const nameOf = (id) => faces.names.get(id) ?? id;
  if (standing.verdict === Verdict.ACCEPT) return `accepted as ${nameOf(standing.identity_id)}`;
  const said = standing.verdict === Verdict.REJECT ? `, rejected: ${standing.reason}` : "";
  return identity_id ? `stands for ${nameOf(identity_id)}${said}` : "a bystander";
}

/** Of these faces the ids of those that are the person's unless the chosen one is instead. */
export const rivalsOf = (all, chosen, page) => all.filter(({ face_id, identity_id, kept, standing }) => {
  const accepted = standing.verdict === Verdict.ACCEPT && standing.identity_id === page;
  return face_id !== chosen.face_id && (accepted || (identity_id === page && kept && !standing.verdict));
}).map(({ face_id }) => face_id);
