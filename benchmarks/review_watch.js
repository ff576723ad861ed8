// Watches the review page for review.py: runs in it before its own scripts, and changes nothing.

const watched = { first: 0, settled: 0, keys: [], saved: [], scroll };
window.watched = watched;
const decoded = new WeakSet(); // pictures
const decoding = new WeakSet();
const PATIENCE = 3000; // milliseconds for the last pictures
let asked = 0; // when the last key was pressed

const onScreen = () => [...document.querySelectorAll("[role=gridcell]")].filter((cell) => {
  const box = cell.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight && box.width > 0;
});

/** Whether the cell's picture is decoded. */
function shows(cell) {
  const picture = cell.querySelector("img");
  if (!picture) return false;
  if (!decoded.has(picture) && !decoding.has(picture)) {
    decoding.add(picture);
    picture.decode().then(() => decoded.add(picture), () => decoding.delete(picture));
  }
  return decoded.has(picture);
}

function frame() {
  if (!watched.first || !watched.settled) {
    const cells = onScreen();
    if (cells.length && cells.map(shows).every(Boolean)) {
      watched.first ||= performance.now();
      watched.settled ||= performance.now() - asked;
    }
  }
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

// A message posted in a frame's callback is delivered after that frame was painted.
const painted = new MessageChannel();
painted.port1.onmessage = ({ data }) => watched.keys.push(performance.now() - data);
addEventListener("keydown", (event) => {
  asked = event.timeStamp;
  requestAnimationFrame(() => painted.port2.postMessage(event.timeStamp));
}, true);

new MutationObserver((changes) => {
  for (const { target, oldValue } of changes) {
    if (oldValue === "no" && target.dataset.saved === "yes") watched.saved.push(performance.now() - asked);
  }
}).observe(document, { subtree: true, attributeFilter: ["data-saved"], attributeOldValue: true });

/** Scroll to the end, so many screens a second; how long each cell, and each hole, stood without a picture. */
async function scroll(screens) {
  const since = new Map(); // face -> when it came onto the screen without a picture
  const blanks = [0];
  const faces = new Set();
  const begun = performance.now();
  let ended = 0;
  const end = document.documentElement.scrollHeight - innerHeight;
  for (let now = begun; ; ) {
    const top = Math.min(end, ((now - begun) / 1000) * screens * innerHeight);
    scrollTo(0, top);
    now = await new Promise(requestAnimationFrame);
    const here = new Set(["hole"]);
    let hole = false;
    for (const cell of onScreen()) {
      const { face } = cell.dataset;
      faces.add(face);
      here.add(face);
      if (!shows(cell)) since.has(face) || since.set(face, now);
      else if (since.has(face)) { blanks.push(now - since.get(face)); since.delete(face); }
    }
    for (const grid of document.querySelectorAll(".grid")) hole ||= holed(grid);
    if (hole) since.has("hole") || since.set("hole", now);
    else if (since.has("hole")) { blanks.push(now - since.get("hole")); since.delete("hole"); }
    for (const [face, from] of since) if (!here.has(face)) { blanks.push(now - from); since.delete(face); }
    ended ||= top >= end ? now : 0;
    if (ended && (!since.size || now - ended > PATIENCE)) {
      for (const from of since.values()) blanks.push(now - from);
      return { blanks, faces: faces.size, seconds: (ended - begun) / 1000 };
    }
  }
}

/** Whether a part of the grid that is on the screen has no row. */
function holed(grid) {
  const box = grid.getBoundingClientRect();
  const [top, bottom] = [Math.max(0, box.top), Math.min(innerHeight, box.bottom)];
  if (bottom - top < 1) return false;
  const rows = [...grid.children].map((row) => row.getBoundingClientRect());
  const covered = rows.reduce((sum, row) => sum + Math.max(0, Math.min(bottom, row.bottom) - Math.max(top, row.top)), 0);
  return covered < 0.7 * (bottom - top); // rows leave gaps between them
}
