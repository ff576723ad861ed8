// Dragging with the mouse draws a rectangle; what it touches in the section where it began is selected.

const LEAST = 6; // pixels moved before a click becomes a lasso

/** `gridAt(element)` gives the VirtualGrid of a cell or gap; `select(grid, places, adding)` is told what is touched. */
export function lasso(host, gridAt, select) {
  const frame = host.appendChild(document.createElement("div"));
  frame.className = "lasso";
  frame.hidden = true;
  let start = null;

  const box = (event) => ({
    left: Math.min(start.x, event.pageX) - scrollX,
    right: Math.max(start.x, event.pageX) - scrollX,
    top: Math.min(start.y, event.pageY) - scrollY,
    bottom: Math.max(start.y, event.pageY) - scrollY,
  });

  const stop = () => {
    start = null;
    frame.hidden = true;
  };

  host.addEventListener("pointerdown", (event) => {
    const grid = event.button === 0 && event.pointerType === "mouse" && !event.shiftKey && gridAt(event.target);
    if (grid) start = { x: event.pageX, y: event.pageY, grid, adding: event.ctrlKey || event.metaKey };
  });
  addEventListener("pointermove", (event) => {
    if (!start) return;
    if (!event.buttons) return stop();
    const { left, right, top, bottom } = box(event);
    if (frame.hidden && Math.max(right - left, bottom - top) < LEAST) return;
    frame.hidden = false;
    Object.assign(frame.style, {
      left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px`,
    });
    if (event.clientY > innerHeight - 60) scrollBy(0, 30);
    if (event.clientY < 60) scrollBy(0, -30);
  });
  addEventListener("pointerup", (event) => {
    if (start && !frame.hidden) {
      select(start.grid, start.grid.within(box(event)), start.adding);
      // The click that ends the drag must not choose the face under the mouse.
      const swallow = (click) => click.stopPropagation();
      addEventListener("click", swallow, { capture: true });
      setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
    }
    stop();
  });
}
