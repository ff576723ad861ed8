// The overview: n goes on with the first person who has faces left; the time that is left at this person's pace.

import { paceSentence } from "./pace.js";

document.addEventListener("keydown", (event) => {
  if (event.key === "n" && !event.ctrlKey && !event.metaKey && !event.altKey) document.getElementById("go-on")?.click();
});

// A page taken from the browser's back-forward store would show old counts.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const pace = document.getElementById("pace");
pace.textContent = paceSentence(Number(pace.dataset.left));
pace.hidden = !pace.textContent;
