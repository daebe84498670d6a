// The buttons in the sky: what the mouse does, columns, the whole galaxy, full screen.

import { button, make } from "./dom.js";

const TOOLS = [
  ["turn", "Turn", "Turn and move with the mouse"], ["box", "Box", "Select with a box: Shift adds, Alt takes away"],
  ["lasso", "Lasso", "Select with a lasso: Shift adds, Alt takes away"],
];
const HOW = [["replace", "New selection"], ["add", "Add"], ["subtract", "Take away"]];

export class Tools {
  constructor(galaxy) {
    this.galaxy = galaxy;
    this.tools = TOOLS.map(([name, sign, title]) => button(sign, () => this.use(name), { title, "aria-pressed": String(name === "turn"), "data-tool": name }));
    this.how = make("select", { "aria-label": "What a new outline does", hidden: "" }, ...HOW.map(([value, text]) => make("option", { value }, text)));
    this.full = button("Full screen", () => this.fill(), { title: "Fill the screen (key f)" });
    document.addEventListener("fullscreenchange", () => galaxy.root.classList.toggle("galaxy-full", Boolean(document.fullscreenElement)));
    this.element = make("div", { role: "toolbar", "aria-label": "Galaxy" },
      ...this.tools, this.how,
      button("Columns", () => galaxy.selection.columns(), { title: "Count and filter by every column" }),
      button("Whole galaxy", () => galaxy.view.fly(null), { title: "Show the whole galaxy (key h)", class: "galaxy-home" }), this.full);
  }

  use(tool) {
    this.galaxy.view.hand.use(tool);
    this.how.hidden = tool === "turn";
    for (const one of this.tools) one.setAttribute("aria-pressed", String(one.dataset.tool === tool));
  }

  /** What an outline does to the selection: by the keys that are held, else by the list. */
  action(event) {
    return event.altKey ? "subtract" : event.shiftKey ? "add" : this.how.value;
  }

  /** Fill the screen, or the window where the browser allows no more; again to come back. */
  async fill() {
    const { root } = this.galaxy;
    if (document.fullscreenElement) return document.exitFullscreen();
    if (root.classList.toggle("galaxy-full")) await root.requestFullscreen?.().catch(() => {});
    return null;
  }
}
