// The overview's one key: n goes on with the first person who has faces left.

document.addEventListener("keydown", (event) => {
  if (event.key === "n" && !event.ctrlKey && !event.metaKey && !event.altKey) document.getElementById("go-on")?.click();
});

// A page taken from the browser's back-forward store would show old counts.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
