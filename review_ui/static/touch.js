// Fingers: a face swiped to the right is accepted, to the left rejected; two fingers enlarge the photograph.

const FAR = 70; // pixels that a swipe is long

/** `say(cell, right)` is told which cell was swiped, and whether to the right. */
export function followSwipes(host, say) {
  let start = null;

  const end = () => {
    if (start) start.cell.style.translate = "";
    start = null;
  };

  host.addEventListener("pointerdown", (event) => {
    const cell = event.pointerType !== "mouse" && event.isPrimary && event.target.closest("[role=gridcell]");
    start = cell ? { cell, x: event.clientX } : null;
  });
  host.addEventListener("pointermove", (event) => {
    if (start && event.isPrimary) start.cell.style.translate = `${event.clientX - start.x}px`;
  });
  host.addEventListener("pointerup", (event) => {
    if (!start || !event.isPrimary) return;
    const { cell, x } = start;
    end();
    if (Math.abs(event.clientX - x) >= FAR) say(cell, event.clientX > x);
  });
  host.addEventListener("pointercancel", end); // the finger scrolls
}

/** Two fingers on `figure` enlarge and move `frame`; it is as before once `figure` is tapped twice. */
export function followPinch(figure, frame) {
  const fingers = new Map();
  let begun = null;
  let now = { scale: 1, x: 0, y: 0 };

  const show = (next) => {
    now = next;
    frame.style.transform = now.scale === 1 ? "" : `translate(${now.x}px, ${now.y}px) scale(${now.scale})`;
  };

  const measure = () => {
    const [one, two] = [...fingers.values()];
    return { apart: Math.hypot(one.x - two.x, one.y - two.y), x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 };
  };

  figure.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    begun = fingers.size === 2 ? { ...measure(), from: now } : null;
  });
  figure.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (!begun || fingers.size !== 2) return;
    const { apart, x, y } = measure();
    const scale = Math.min(8, Math.max(1, begun.from.scale * (apart / begun.apart)));
    show({ scale, x: begun.from.x + x - begun.x, y: begun.from.y + y - begun.y });
  });
  for (const name of ["pointerup", "pointercancel"]) figure.addEventListener(name, (event) => { fingers.delete(event.pointerId); begun = null; });
  figure.addEventListener("dblclick", () => show({ scale: 1, x: 0, y: 0 }));
}
