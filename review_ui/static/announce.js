// What the page says of changes, in a sentence each; nothing here decides anything.

import { AGES, Kind, Verdict, counted, t, titleOf } from "./words.js";

const DONE = {
  undo: t("Undone"), redo: t("Done again"),
  [Verdict.ACCEPT]: t("Accepted"), [Verdict.REJECT]: t("Rejected"), [Verdict.UNDECIDED]: t("Taken back"),
};
for (const { says, label } of AGES) DONE[says] ??= label[0].toUpperCase() + label.slice(1);

export const facesIn = ({ length }) => counted(length, "1 face", "{count} faces");
const whoOf = (standings) => [...new Set(standings.map(([, { reviewer }]) => reviewer))].join(t(" and "));

/** A change that the server has on disk, and whether others judge the same faces differently. */
export function changeSentence(change, touched, standings, faces) {
  if (!touched) return change.ask === "undo" ? t("Nothing to undo") : t("Nothing to redo");
  if (change.kind === Kind.PHOTOGRAPH) return t("No face here; z takes it back.");
  if (change.ask === "drawings") return t("The drawn face is made and accepted; z takes it back.");
  if (change.instead_of?.length) return t("{name} is this face, and not the other; z takes it back.", { name: faces.names.get(faces.page) });
  if (change.verdict === Verdict.REMOVE) return takenDownSentence(touched);
  const said = change.verdict === Verdict.ACCEPT && change.identity_id !== faces.page
    ? t("Moved to {name}", { name: faces.names.get(change.identity_id) }) : DONE[change.verdict ?? change.ask];
  const { length } = standings.filter(([, way]) => way.disputed);
  const others = length
    ? ` – ${counted(length, "somebody else judged it differently: see Disagreements", "somebody else judged {count} differently: see Disagreements")}` : "";
  return `${said}: ${facesIn({ length: touched })}${others}`;
}

const takenDownSentence = (count) => counted(
  count,
  "1 photograph marked for removal everywhere; z takes it back.",
  "{count} photographs marked for removal everywhere; z takes it back.",
);

export const decidedSentence = (standings) => t(
  "{who} has just decided {faces} of this person.", { who: whoOf(standings), faces: facesIn(standings) });

export const movedHereSentence = (standings, sections) => t(
  "{who} has just moved {faces} here: see {sections}.",
  { who: whoOf(standings), faces: facesIn(standings), sections: [...new Set(sections)].map(titleOf).join(", ") });

export const orderSentence = (moved, everywhere) => [
  everywhere ? t("New order, by what you decided:") : t("New order below, by what you decided:"),
  counted(moved, "1 face changed section.", "{count} faces changed section."),
].join(" ");

/** The current face: how many are selected, where it stands, and what is to be known of it. */
export function aboutSentence(faces, number, { selected, of, reasons }) {
  const selection = selected ? `${t("{count} selected", { count: selected })} · ` : "";
  // What is known now and what the ranking knew may be the same words.
  const why = new Set([...faces.describe(number).notes, ...reasons]);
  const place = t("{section}, {place} of {total}", { section: titleOf(faces.sectionOf[number]), place: faces.places[number] + 1, total: of });
  return [selection + place, ...why].join(" · ");
}

/** Whose picture a face is, of a photograph or among near-duplicates: as whom it was judged, else for whom it stands. */
export function personOf({ identity_id, standing }, faces) {
  const nameOf = (id) => faces.names.get(id) ?? id;
  if (standing.verdict === Verdict.ACCEPT) return t("accepted as {name}", { name: nameOf(standing.identity_id) });
  const said = standing.verdict === Verdict.REJECT ? `, ${t("rejected: {reason}", { reason: t(standing.reason) })}` : "";
  return identity_id ? `${t("stands for {name}", { name: nameOf(identity_id) })}${said}` : t("a bystander");
}

/** Of these faces the ids of those that are the person's unless the chosen one is instead. */
export const rivalsOf = (all, chosen, page) => all.filter(({ face_id, identity_id, kept, standing }) => {
  const accepted = standing.verdict === Verdict.ACCEPT && standing.identity_id === page;
  return face_id !== chosen.face_id && (accepted || (identity_id === page && kept && !standing.verdict));
}).map(({ face_id }) => face_id);
