// Keyboard shortcuts while the galaxy is visible.

export function listen(galaxy) {
  document.addEventListener("keydown", (event) => {
    if (!galaxy.root.offsetParent || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else galaxy.close();
    } else if (!typing) {
      press(galaxy, event);
    }
  });
}

function press(galaxy, event) {
  const { chosen, trail } = galaxy;
  if (event.key === "/") {
    event.preventDefault();
    galaxy.filters.focus();
  } else if (event.key === "h") {
    galaxy.view.fly(null);
  } else if (event.key === "n" && chosen?.details) {
    const next = chosen.details.neighbors.find((one) => !trail.includes(one.row));
    if (next) galaxy.choose(next.row);
  } else if (event.key === "p" && trail.length > 1) {
    trail.pop();
    galaxy.choose(trail.at(-1));
  }
}
