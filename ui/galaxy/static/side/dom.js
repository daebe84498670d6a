// Creates elements: texts of products only ever become text nodes and attributes, never markup.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function button(text, onClick, attributes = {}) {
  const made = make("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", onClick);
  return made;
}

/** A photo from an address or the promise of one, loaded when it scrolls into view; "no photo" where there is none. */
export function picture(source, attributes = {}) {
  const image = make("img", { alt: "", loading: "lazy", decoding: "async", ...attributes });
  const none = () => image.replaceWith(make("span", { class: "no-photo" }, "no photo"));
  image.addEventListener("error", none, { once: true });
  if (typeof source === "string") image.src = source;
  else Promise.resolve(source).then((address) => (address ? (image.src = address) : none()), none);
  return image;
}

/** A category path with its last level in bold. */
export function path(text) {
  const line = make("span", { class: "path" });
  if (!text) {
    line.append("no category");
    return line;
  }
  const parts = text.split(" > ");
  parts.forEach((part, i) => {
    if (i) line.append(" ", make("i", {}, "›"), " ");
    line.append(i === parts.length - 1 ? make("b", {}, part) : part);
  });
  return line;
}

export const percent = (share) => `${share >= 0.0995 || share < 0.001 ? Math.round(100 * share) : (100 * share).toFixed(1)}%`;
export const many = (count) => count.toLocaleString("en-GB");
