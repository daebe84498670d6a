// Keyboard shortcuts while the galaxy is visible.

export function listen(galaxy) {
  document.addEventListener("keydown", (event) => {
    if (!galaxy.root.getClientRects().length || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input:not([readonly]), textarea, select, [contenteditable]");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else galaxy.choices.close();
    } else if (!typing) {
      press(galaxy, event);
    }
  });
}

function press(galaxy, event) {
  const { choices } = galaxy;
  const { chosen, trail } = choices;
  if (event.key === "/") {
    event.preventDefault();
    galaxy.filters.focus();
  } else if (event.key === "h") {
    galaxy.view.fly(null);
  } else if (event.key === "+" || event.key === "-") {
    galaxy.view.hand.zoomAt(event.key === "+" ? 1.4 : 1 / 1.4, galaxy.view.width / 2, galaxy.view.height / 2);
  } else if (event.key === "f") {
    galaxy.tools.fill();
  } else if (event.key === "n" && chosen?.details) {
    const next = chosen.details.neighbors.find((one) => !trail.includes(one.row));
    if (next) choices.product(next.row);
  } else if (event.key === "p" && trail.length > 1) {
    trail.pop();
    choices.product(trail.at(-1));
  }
}
