// Pictures on their way: a few at once, those on the screen before those drawn ahead of it, the latest first.
//
// A browser asks in the order in which pictures were wanted, and breaks a connection off for one that is wanted no more:
// whoever scrolls fast would wait for faces that are gone already, and for new connections.

const AT_ONCE = 6; // a browser has as many connections to one address
let waiting = []; // [img, address], the latest last
let coming = 0;

/** Show the picture of that address when its turn comes; it never comes for one that has left the page. */
export function want(picture, address) {
  waiting.push([picture, address]);
  if (waiting.length === 1) queueMicrotask(next); // by then its row is in the page
}

function next() {
  waiting = waiting.filter(([picture]) => picture.isConnected);
  while (coming < AT_ONCE && waiting.length) {
    const seen = waiting.findLastIndex(([picture]) => isOnScreen(picture));
    const [[picture, address]] = waiting.splice(seen, 1); // -1, the last one, where none of them is seen
    ask(picture, address);
  }
}

function isOnScreen(picture) {
  const { top, bottom } = picture.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

function ask(picture, address) {
  coming += 1;
  picture.src = address;
  const done = () => {
    coming -= 1;
    next();
  };
  picture.decode().then(done, done); // drawn ahead of the screen, it is ready when it comes into sight
}
