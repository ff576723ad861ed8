// A box that is being drawn over a photograph: by mouse and touch, or by arrows; in pixels of the upright photograph.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.02; // of the photograph's longer side, an arrow key
const LEAST = 16; // pixels of a side
const FIRST = 0.3; // of the shorter side: the box that the arrows begin with

export class Draft {
  /** `frame` has the photograph's shape. Whoever sets onDone(box) is told [x, y, width, height]; null: given up. */
  constructor(frame, bar) {
    this.frame = frame;
    this.bar = bar;
    this.mark = frame.querySelector(".draft");
    this.start = null;
    frame.addEventListener("pointerdown", (event) => this.begin(event));
    frame.addEventListener("pointermove", (event) => this.drag(event));
    frame.addEventListener("pointerup", () => { this.start = null; });
    bar.addEventListener("click", ({ target }) => {
      const said = target.closest("[data-draft]")?.dataset.draft;
      if (said) this.end(said === "done" ? this.box : null);
    });
  }

  get open() {
    return !this.mark.hidden;
  }

  show(width, height) {
    this.size = [width, height];
    const side = FIRST * Math.min(width, height);
    this.toggle(true);
    this.set([(width - side) / 2, (height - side) / 2, side, side]);
    this.mark.focus();
  }

  /** Whether the key was one of the box's: arrows move it, with Shift they change its size. */
  key({ key, shiftKey }) {
    if (key === "Enter") this.end(this.box);
    else if (key === "Escape") this.end(null);
    else if (ARROWS[key]) {
      const [across, down] = ARROWS[key].map((sign) => sign * STEP * Math.max(...this.size));
      const [x, y, width, height] = this.box;
      this.set(shiftKey ? [x, y, width + across, height + down] : [x + across, y + down, width, height]);
    } else return false;
    return true;
  }

  end(box) {
    this.toggle(false);
    this.onDone(box && box.map(Math.round));
  }

  toggle(open) {
    this.mark.hidden = !open;
    this.bar.hidden = !open;
    this.frame.classList.toggle("drawing", open);
  }

  set([x, y, width, height]) {
    const size = [width, height].map((side, axis) => Math.min(this.size[axis], Math.max(LEAST, side)));
    const place = [x, y].map((at, axis) => Math.max(0, Math.min(this.size[axis] - size[axis], at)));
    this.box = [...place, ...size];
    ["left", "top", "width", "height"].forEach((name, part) => {
      this.mark.style[name] = `${(100 * this.box[part]) / this.size[part % 2]}%`;
    });
  }

  at({ clientX, clientY }) {
    const { left, top, width, height } = this.frame.getBoundingClientRect();
    const share = [(clientX - left) / width, (clientY - top) / height];
    return share.map((part, axis) => Math.max(0, Math.min(1, part)) * this.size[axis]);
  }

  begin(event) {
    if (!this.open || event.button) return;
    this.start = this.at(event);
    this.frame.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (!this.start) return;
    const here = this.at(event);
    const corner = here.map((at, axis) => Math.min(at, this.start[axis]));
    this.set([...corner, ...here.map((at, axis) => Math.abs(at - this.start[axis]))]);
  }
}
