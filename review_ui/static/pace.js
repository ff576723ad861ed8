// How fast a person is: faces decided, over the time spent at it. Pauses do not count; kept while the tab is open.

import { t } from "./words.js";

const KEY = "facecorpus:pace";
const PAUSE = 60_000; // milliseconds without a verdict that are no work any more
const ENOUGH = 20_000; // milliseconds of work before a pace is told

const read = () => JSON.parse(sessionStorage.getItem(KEY) ?? '{"faces":0,"worked":0,"last":0}');

/** Note that so many faces were decided now. */
export function noteDecided(faces, now = Date.now()) {
  const pace = read();
  const since = now - pace.last;
  if (pace.last && since < PAUSE) {
    pace.worked += since;
    pace.faces += faces;
  }
  pace.last = now;
  sessionStorage.setItem(KEY, JSON.stringify(pace));
}

/** "42 faces a minute · about 7 minutes left", or "" where too little is known or left. */
export function paceSentence(left) {
  const { faces, worked } = read();
  if (worked < ENOUGH || !faces) return "";
  const perMinute = (faces * 60_000) / worked;
  const pace = t("{count} faces a minute", { count: Math.round(perMinute) });
  if (!left) return pace;
  const minutes = Math.ceil(left / perMinute);
  const time = minutes < 100 ? t("{count} min", { count: minutes }) : t("{count} h", { count: (minutes / 60).toFixed(1) });
  return `${pace} · ${t("about {time} left", { time })}`;
}
