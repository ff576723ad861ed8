// Keeps what is drawn in step with the window: its scrolling, its size, and the height of the bars.

/** Draw the sheet again when the window is scrolled, or it or anything above and below changes its size. */
export function followWindow(sheet, { top, bottom, blocks }) {
  let waiting = false;
  const render = () => {
    waiting = false;
    sheet.render();
  };
  const soon = () => {
    if (!waiting) requestAnimationFrame(render);
    waiting = true;
  };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("scrollend", () => setTimeout(soon)); // a frame later: what was drawn ahead goes again
  const observer = new ResizeObserver(() => {
    const root = document.documentElement.style;
    root.setProperty("--top", `${getComputedStyle(top).position === "sticky" ? top.offsetHeight : 0}px`);
    root.setProperty("--bottom", `${bottom.offsetHeight}px`);
    sheet.measure();
    soon();
  });
  for (const part of [blocks, top, bottom]) observer.observe(part);
  addEventListener("resize", soon);
}
