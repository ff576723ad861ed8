// The one key map of the review page: the handler, the buttons and the help all come from this table.
//
// `button` is what the command's button shows in the bar `bar`, `says` what it says to a screen reader (else `label`).
// `anywhere` works on a page without faces, too; `beside` also where near-duplicates are shown side by side,
// `missed` also among photographs in which no face was found.

import { t } from "./words.js";

export const COMMANDS = [
  { name: "left", keys: ["ArrowLeft", "h"], label: "Face to the left", group: "Move", bar: "moves", button: "←" },
  { name: "up", keys: ["ArrowUp", "k"], label: "Row above", group: "Move", bar: "moves", button: "↑" },
  { name: "down", keys: ["ArrowDown", "j"], label: "Row below", group: "Move", bar: "moves", button: "↓" },
  { name: "right", keys: ["ArrowRight", "l"], label: "Face to the right", group: "Move", bar: "moves", button: "→" },
  { name: "first", keys: ["Home"], label: "First face of the section", group: "Move", bar: "moves", button: "⇤" },
  { name: "last", keys: ["End"], label: "Last face of the section", group: "Move", bar: "moves", button: "⇥" },
  { name: "pageUp", keys: ["PageUp"], label: "A screen up", group: "Move", bar: "moves", button: "⇞" },
  { name: "pageDown", keys: ["PageDown"], label: "A screen down", group: "Move", bar: "moves", button: "⇟" },
  { name: "section", keys: ["1", "2", "3", "4"], label: "Go to a section", group: "Move" },
  { name: "expand", keys: ["e"], label: "Show all of the section, or its first rows", group: "Move" },
  { name: "next", keys: ["n"], missed: true, label: "Next person with faces left", group: "Move", anywhere: true },
  { name: "previous", keys: ["p"], missed: true, label: "Previous person", group: "Move", anywhere: true },
  { name: "search", keys: ["/"], label: "Search people, and faces by caption or reason", group: "Move", anywhere: true,
    bar: "looks", button: "Search", says: "Search people and faces" },
  { name: "faceless", keys: ["5"], label: "Photographs in which no face was found, and back", group: "Look", anywhere: true,
    beside: true, missed: true, bar: "jumps", button: "No face found", says: "Photographs in which no face was found" },
  { name: "map", keys: ["6"], label: "Map of the faces, near each other where they are alike, and back", group: "Look", anywhere: true,
    bar: "jumps", button: "Map", says: "Map of the faces" },
  { name: "filter", keys: ["F"], label: "Filters and sorting", group: "Look", anywhere: true, bar: "looks", button: "Filter" },
  { name: "reorder", keys: ["o"], label: "New order, by what was decided", group: "Look", bar: "looks", button: "New order" },
  { name: "help", keys: ["?"], missed: true, label: "This help", group: "Look", anywhere: true, beside: true,
    bar: "looks", button: "Keys", says: "Help: all keys" },
  { name: "accept", keys: ["a", " "], label: "Accept", group: "Decide", beside: true,
    bar: "verdicts", button: "✓ Accept", tone: "accept" },
  { name: "reject", keys: ["r"], label: "Reject; then the key of a reason:", group: "Decide", beside: true,
    bar: "verdicts", button: "✗ Reject", says: "Reject, then a reason", tone: "reject" },
  { name: "wrongPerson", keys: ["w"], label: "Reject as wrong person, in one key", group: "Decide", beside: true,
    bar: "verdicts", button: "✗ Wrong person", says: "Reject as wrong person", tone: "reject" },
  { name: "acceptNext", keys: ["Enter"], label: "Accept, and go to the next undecided face", group: "Decide",
    bar: "verdicts", button: "✓ and on" },
  { name: "instead", keys: ["i"], label: "The person is the face chosen in the photograph, or among near-duplicates", group: "Decide",
    beside: true, bar: "verdicts", button: "This one instead", says: "The chosen face instead" },
  { name: "draw", keys: ["b"], label: "Draw a box around a face that was not found", group: "Decide", anywhere: true, missed: true,
    bar: "verdicts", button: "Draw a face" },
  { name: "noFace", keys: ["0"], label: "No face in this photograph", group: "Decide", anywhere: true, missed: true,
    bar: "no-face", button: "No face here" },
  { name: "acceptGroup", keys: ["c"], label: "Accept all faces of the group", group: "Decide", bar: "verdicts", button: "✓ Group" },
  { name: "rejectGroup", keys: ["C"], label: "Reject all faces of the group as wrong person", group: "Decide",
    bar: "verdicts", button: "✗ Group" },
  { name: "clear", keys: ["u"], label: "Take back my verdict", group: "Decide", bar: "verdicts", button: "No verdict", says: "Take back my verdict" },
  { name: "acceptAll", keys: ["A"], label: "Accept all undecided faces of the section", group: "Decide" },
  { name: "wrongAll", keys: ["W"], label: "Reject all undecided faces of the section as wrong person", group: "Decide" },
  { name: "move", keys: ["m"], label: "This is somebody else: choose who", group: "Decide", beside: true,
    bar: "verdicts", button: "Belongs to …", says: "This is somebody else" },
  { name: "mine", keys: ["M"], label: "Among faces like this one: this is the person of this page", group: "Decide", beside: true,
    bar: "verdicts", button: "Belongs here" },
  { name: "age", keys: ["g"], label: "Age group in this photograph; then its key:", group: "Decide",
    bar: "verdicts", button: "Age", says: "Age group in this photograph" },
  { name: "takeDown", keys: ["t"], missed: true, label: "Mark the photograph for removal everywhere", group: "Decide",
    bar: "verdicts", button: "Remove photo", says: "Mark the photograph for removal everywhere" },
  { name: "select", keys: ["x"], label: "Select the face, or let go of it", group: "Select",
    bar: "verdicts", button: "Select", says: "Select" },
  { name: "selectAll", keys: ["s"], label: "Select all undecided faces of the section", group: "Select" },
  { name: "escape", keys: ["Escape"], missed: true, label: "Let go of the selection; close", group: "Select", beside: true,
    bar: "moves", button: "Esc", says: "Let go of the selection" },
  { name: "photograph", keys: ["f"], missed: true, label: "Full photograph, and back", group: "Look", beside: true,
    bar: "verdicts", button: "Photo", says: "Full photograph" },
  { name: "duplicates", keys: ["d"], label: "Near-duplicates side by side, and back", group: "Look", beside: true,
    bar: "verdicts", button: "Duplicates", says: "Near-duplicates side by side" },
  { name: "like", keys: ["v"], label: "Like this one: the nearest faces of all people, and back", group: "Look", beside: true,
    bar: "verdicts", button: "Like this" },
  { name: "compare", keys: ["q"], label: "While held: the face beside the surest one, large", group: "Look",
    bar: "looks", button: "Compare" },
  { name: "larger", keys: ["+"], label: "Larger faces", group: "Look", anywhere: true },
  { name: "smaller", keys: ["-"], label: "Smaller faces", group: "Look", anywhere: true },
  { name: "advance", keys: ["y"], label: "Stay after a verdict, go on to the next face, or to the next person, too", group: "Move",
    anywhere: true, bar: "looks", button: "Go on" },
  { name: "undo", keys: ["z"], missed: true, label: "Undo, as often as you like", group: "Decide", anywhere: true, beside: true,
    bar: "verdicts", button: "Undo", says: "Undo" },
  { name: "redo", keys: ["Z"], missed: true, label: "Redo", group: "Decide", anywhere: true, beside: true,
    bar: "verdicts", button: "Redo" },
];
for (const command of COMMANDS) for (const shown of ["label", "button", "says"]) if (command[shown]) command[shown] = t(command[shown]);

const RANGES = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" };
const BY_KEY = new Map(COMMANDS.flatMap((command) => command.keys.map((key) => [key, command])));

/** The entry of a command in the key map. */
export const entryOf = (name) => COMMANDS.find((command) => command.name === name);

/** The command that a key press asks for: {name, key, extend}, or null. */
export function commandOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.shiftKey && RANGES[event.key]) return { name: RANGES[event.key], key: event.key, extend: true };
  const name = BY_KEY.get(event.key)?.name;
  return name ? { name, key: event.key, extend: false } : null;
}
