// The words that the page shares with the server, as facecorpus/words.py has them: embedded in the page as JSON.

export const { AUTO, Kind, Verdict, Reason, Section, SECTIONS, REASONS, AGES, FACETS, ORDERS } =
  JSON.parse(document.getElementById("words").textContent);

const TITLES = new Map(SECTIONS.map(({ name, title }) => [name, title]));
const NAMES = new Map(SECTIONS.map(({ name, letter }) => [letter, name]));

/** What a section is called. */
export const titleOf = (section) => TITLES.get(section);

/** The section that the server names by a letter. */
export const sectionOf = (letter) => NAMES.get(letter);
