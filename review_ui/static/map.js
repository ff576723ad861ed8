// The map: a person's faces as points, near where they are alike. An area of it becomes a filter.

import { element } from "./drawing.js";
import { answerFrom } from "./server.js";
import { commandOf } from "./keys.js";
import { SECTIONS, Verdict, counted, t } from "./words.js";

const SIDE = 1000; // of the map's coordinates
const MARGIN = 12; // pixels
const RADII = [30, 60, 120, 240, 480]; // of the area around a point, in the map's coordinates
const CORNERS = 16; // of such an area
const MOST_CORNERS = 40; // of a drawn one, in the address
const LEAST = 8; // pixels moved before a click becomes a lasso
const ELSEWHERE = ["map", "filter", "help", "undo", "redo", "next", "previous", "search"]; // keys that keep their meaning

const BY = {
  section: { title: t("by section"), of: (faces, number) => faces.sectionOf[number],
    words: SECTIONS.map(({ name, title }) => [name, title]) },
  verdict: { title: t("by verdict"), of: (faces, number) => faces.verdictOf(number) ?? "",
    words: [[Verdict.ACCEPT, t("accepted")], [Verdict.REJECT, t("rejected")], ["moved", t("somebody else")], ["", t("undecided")]] },
};

/** Where the faces of a page lie. */
export class Points {
  constructor(faces) {
    this.faces = faces;
    this.places = null; // number of a face -> [x, y]; fetched when it is needed first
  }

  async fetch() {
    if (this.places) return;
    const answer = await answerFrom(`/api/identity/${this.faces.page}/map`);
    if (!answer) return;
    const known = answer.ids.map((faceId, row) => [this.faces.numbers.get(faceId), [answer.x[row], answer.y[row]]]);
    this.places = new Map(known.filter(([number]) => number !== undefined));
  }

  /** Whether a face lies in an area: "x.y_x.y_…", its corners. */
  holds(area, number) {
    const place = this.places?.get(number);
    return Boolean(place) && inside(cornersOf(area), place);
  }
}

const read = new Map(); // an area's text -> its corners

function cornersOf(area) {
  if (!read.has(area)) read.set(area, area.split("_").map((corner) => corner.split(".").map(Number)));
  return read.get(area);
}

/** The even-odd rule: a ray from the point crosses the border an odd number of times. */
function inside(corners, [x, y]) {
  let odd = false;
  corners.forEach(([x1, y1], place) => {
    const [x2, y2] = corners.at(place - 1);
    if ((y1 > y) !== (y2 > y) && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  });
  return odd;
}

const textOf = (corners) => corners.map(([x, y]) => `${Math.round(x)}.${Math.round(y)}`).join("_");

export class FaceMap {
  /** `areas()` gives those that are chosen; `pick(area, adding)` is told of another, or of none at all by null. */
  constructor(panel, faces, points, { areas, pick }) {
    Object.assign(this, { panel, faces, points, areas });
    this.pick = async (...picked) => {
      const focused = document.activeElement === this.canvas;
      await pick(...picked);
      if (focused) this.canvas.focus(); // the sheet takes it where its section is empty now
    };
    this.by = "section";
    this.current = undefined; // number of a face
    this.radius = -1; // place in RADII of the area around it
    this.drawn = []; // corners of the area that is being drawn, in pixels
  }

  /** Make what the panel holds, once; before, the page has no node of it. */
  make() {
    this.panel.append(this.panel.querySelector("template").content);
    this.canvas = this.panel.querySelector("canvas");
    this.canvas.addEventListener("pointerdown", (event) => this.onDown(event));
    this.canvas.addEventListener("pointermove", (event) => this.onMove(event));
    this.canvas.addEventListener("pointerup", (event) => this.onUp(event));
    this.canvas.addEventListener("pointercancel", () => { this.drawn = []; this.overlay(); });
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.canvas.addEventListener("focus", () => { if (this.current === undefined) this.go([...this.points.places?.keys() ?? []][0]); });
    this.panel.addEventListener("click", ({ target }) => this.onClick(target.closest("[data-map]")?.dataset.map));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  async toggle() {
    this.panel.hidden = !this.panel.hidden;
    if (this.panel.hidden) return this.canvas.blur();
    if (!this.canvas) this.make();
    await this.points.fetch();
    this.draw();
    this.canvas.focus();
    this.panel.scrollIntoView({ block: "nearest" });
  }

  onClick(what) {
    if (what === "around") this.around();
    else if (what === "close") this.leave();
    else if (what) {
      this.by = what;
      this.draw();
    }
  }

  /** Back to the faces that are shown: the sheet takes the focus that nothing has. */
  leave() {
    this.panel.hidden = true;
    this.done();
  }

  done() {
    this.canvas.blur();
    document.querySelector(".block.active [role=gridcell][tabindex='0']")?.focus();
  }

  // ---- Drawing

  /** Draw all points, where the map is open; thirty thousand take a frame. */
  draw() {
    if (this.panel.hidden || !this.points.places) return;
    const { width, height } = this.canvas.getBoundingClientRect();
    const ratio = devicePixelRatio;
    this.ground = Object.assign(document.createElement("canvas"), { width: width * ratio, height: height * ratio });
    Object.assign(this.canvas, { width: this.ground.width, height: this.ground.height });
    this.scale = (Math.min(width, height) - 2 * MARGIN) / SIDE;
    this.left = (width - this.scale * SIDE) / 2;
    this.shown = [...this.points.places].filter(([number]) => !this.faces.removed.has(number));
    const { of, words } = BY[this.by];
    const counts = new Map(words.map(([word]) => [word, 0]));
    const context = this.ground.getContext("2d");
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.canvas);
    const colours = new Map(words.map(([word]) => [word, style.getPropertyValue(`--of-${word || "undecided"}`)]));
    const size = this.shown.length > 5000 ? 2 : this.shown.length > 500 ? 4 : 7;
    for (const [number, place] of this.shown) {
      const word = of(this.faces, number);
      counts.set(word, (counts.get(word) ?? 0) + 1);
      context.globalAlpha = this.faces.hidden.has(number) ? 0.2 : 1;
      context.fillStyle = colours.get(word);
      const [x, y] = this.pixel(place);
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    this.legend(words.filter(([word]) => counts.get(word)).map(([word, title]) => [word, `${title} ${counts.get(word)}`]));
    this.overlay();
  }

  /** What lies over the points: the chosen areas, the one that is being drawn, and the current point. */
  overlay() {
    if (!this.ground) return;
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.ground, 0, 0);
    context.scale(devicePixelRatio, devicePixelRatio);
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.lineWidth = 1.5;
    for (const corners of [...this.areas().map((area) => cornersOf(area).map((corner) => this.pixel(corner))), this.drawn]) {
      context.beginPath();
      corners.forEach(([x, y]) => context.lineTo(x, y));
      context.closePath();
      context.stroke();
    }
    const place = this.points.places.get(this.current);
    if (place) context.strokeRect(this.pixel(place)[0] - 8, this.pixel(place)[1] - 8, 16, 16);
  }

  legend(words) {
    this.panel.querySelector(".legend").replaceChildren(...words.map(([word, text]) => {
      const made = element("li", {}, text);
      made.dataset.of = word || "undecided";
      return made;
    }));
    for (const button of this.panel.querySelectorAll("[data-map=section], [data-map=verdict]")) {
      button.setAttribute("aria-pressed", button.dataset.map === this.by);
    }
    this.canvas.setAttribute("aria-label", `${counted(this.shown.length, "Map of 1 face", "Map of {count} faces")} ${BY[this.by].title}: ${words.map(([, text]) => text).join(", ")}`);
  }

  pixel([x, y]) {
    return [this.left + x * this.scale, MARGIN + y * this.scale];
  }

  // ---- Which point is meant

  go(number) {
    const place = this.points.places?.get(number);
    if (!place) return;
    this.current = number;
    this.radius = -1;
    const picture = this.panel.querySelector("img");
    picture.hidden = false;
    picture.src = this.faces.cropOf(number);
    const { sign, text, by } = this.faces.describe(number);
    this.panel.querySelector(".point").textContent = `${t("Face {place}: {state}", { place: this.faces.places[number] + 1, state: `${sign} ${text}` })} ${by}`.replace(/ +/g, " ");
    this.overlay();
  }

  /** To the nearest point in a direction; one that lies as far sideways is not in it. */
  step(x, y) {
    const from = this.points.places.get(this.current);
    let [nearest, least] = [undefined, Infinity];
    for (const [number, place] of this.shown) {
      const along = (place[0] - from[0]) * x + (place[1] - from[1]) * y;
      const across = Math.abs((place[0] - from[0]) * y) + Math.abs((place[1] - from[1]) * x);
      if (along > 0 && across <= along && along + 2 * across < least) [nearest, least] = [number, along + 2 * across];
    }
    this.go(nearest);
  }

  at(x, y) {
    const apart = ([, place]) => Math.hypot(this.pixel(place)[0] - x, this.pixel(place)[1] - y);
    let [nearest, least] = [undefined, Infinity];
    for (const point of this.shown) if (apart(point) < least) [nearest, least] = [point[0], apart(point)];
    return nearest;
  }

  /** Choose the points around the current one; again, those in a wider area. */
  around() {
    const place = this.points.places.get(this.current);
    if (!place) return;
    this.radius = Math.min(this.radius + 1, RADII.length - 1);
    const corners = Array.from({ length: CORNERS }, (_, corner) => {
      const angle = (2 * Math.PI * (corner + 0.5)) / CORNERS;
      return [place[0] + RADII[this.radius] * Math.cos(angle), place[1] + RADII[this.radius] * Math.sin(angle)];
    });
    this.pick(textOf(corners), false);
  }

  // ---- Keys, mouse, touch

  onKey(event) {
    if (ELSEWHERE.includes(commandOf(event)?.name) || event.key === "Tab" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // a verdict would fall on a face that is not looked at
    event.preventDefault();
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step && this.current !== undefined) this.step(...step);
    else if (event.key === "s") this.around();
    else if (event.key === "c") this.onClick(this.by === "section" ? "verdict" : "section");
    else if (event.key === "Enter") this.done();
    else if (event.key === "Escape" && this.areas().length) this.pick(null);
    else if (event.key === "Escape") this.leave();
  }

  onDown(event) {
    if (event.button !== 0 || !this.points.places) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.drawn = [[event.offsetX, event.offsetY]];
  }

  onMove(event) {
    if (this.drawn.length) this.drawn.push([event.offsetX, event.offsetY]);
    if (this.drawn.length) this.overlay();
    else if (event.pointerType === "mouse" && this.shown) this.go(this.at(event.offsetX, event.offsetY));
  }

  /** The end of a lasso; a click or a tap goes to a point. */
  onUp(event) {
    const { drawn } = this;
    this.drawn = [];
    if (!drawn.length) return;
    const moved = drawn.some(([x, y]) => Math.hypot(x - drawn[0][0], y - drawn[0][1]) >= LEAST);
    if (!moved) return this.go(this.at(event.offsetX, event.offsetY));
    const every = Math.ceil(drawn.length / MOST_CORNERS);
    const corners = drawn.filter((_, place) => place % every === 0)
      .map(([x, y]) => [(x - this.left) / this.scale, (y - MARGIN) / this.scale]);
    this.pick(textOf(corners), event.ctrlKey || event.metaKey || event.shiftKey);
  }
}
