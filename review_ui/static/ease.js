// What makes the page easy: the hint of the first visit, the size of the faces, and two faces side by side.

import { toggleMoves } from "./buttons.js";
import { element } from "./drawing.js";
import { t } from "./words.js";

const SEEN = "facecorpus:hint-seen";
const SIZE = "facecorpus:size";

export const showHint = (hint) => { hint.hidden = localStorage.getItem(SEEN) !== null; };

export function hideHint(hint) {
  localStorage.setItem(SEEN, "yes");
  hint.hidden = true;
}

let slider;

/** Have the faces as large as the slider says, which this browser keeps; `onChange()` is told. */
export function followSize(range, onChange) {
  slider = range;
  slider.value = localStorage.getItem(SIZE) ?? "1";
  const apply = () => {
    localStorage.setItem(SIZE, slider.value);
    document.documentElement.style.setProperty("--zoom", slider.value);
    onChange();
  };
  slider.addEventListener("input", apply);
  slider.addEventListener("change", () => slider.blur()); // the keys are the faces' again
  if (slider.value !== "1") document.documentElement.style.setProperty("--zoom", slider.value);
}

export function resize(step) {
  if (step > 0) slider.stepUp();
  else slider.stepDown();
  slider.dispatchEvent(new Event("input"));
}

/** Show pictures side by side, large, until the key is let go, or something is clicked. */
export function compare(addresses) {
  if (document.querySelector(".compare")) return;
  const shown = element("div", { className: "compare" }, ...addresses.map((src, place) => element("img", { src, alt: [t("This face"), t("Surest face")][place] })));
  document.body.append(shown);
  const letGo = () => {
    shown.remove();
    removeEventListener("keyup", letGo);
    removeEventListener("pointerdown", letGo);
    removeEventListener("blur", letGo);
  };
  for (const event of ["keyup", "pointerdown", "blur"]) addEventListener(event, letGo);
}

/** What a phone folds away, and the buttons for moving, which the help shows. */
export function followFold(fold, showMoves, help) {
  fold.addEventListener("click", () => fold.setAttribute("aria-expanded", document.body.classList.toggle("unfolded")));
  showMoves.addEventListener("click", () => {
    toggleMoves();
    help.close();
  });
}
