// The words that the page shares with the server, as facecorpus/words.py has them, and the texts of the reader's language:
// both embedded in the page as JSON.

export const { AUTO, Kind, Verdict, Reason, Section, SECTIONS, REASONS, AGES, FACETS, ORDERS, DOUBTS, TEXTS } =
  JSON.parse(document.getElementById("words").textContent);

/** A text in the reader's language, with its {names} filled in. */
export const t = (text, values = {}) => (TEXTS[text] || text).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

/** The first text for 1, the second, in which {count} stands, for any other number. */
export const counted = (count, one, many) => t(count === 1 ? one : many, { count });

// What the machine says of a face is stored in English, with numbers and names in it.
const SAID = DOUBTS.map((text) => [text, new RegExp(`^${text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+)")}$`)]);

/** What the machine says of a face, in the reader's language. */
export function doubt(text) {
  const [found, form] = SAID.find(([, pattern]) => pattern.test(text)) ?? [];
  return found ? t(found, form.exec(text).groups) : t(text);
}

const TITLES = new Map(SECTIONS.map(({ name, title }) => [name, title]));
const NAMES = new Map(SECTIONS.map(({ name, letter }) => [letter, name]));

/** What a section is called. */
export const titleOf = (section) => TITLES.get(section);

/** The section that the server names by a letter. */
export const sectionOf = (letter) => NAMES.get(letter);
