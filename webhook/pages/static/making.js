// Makes pieces of the page. Words go in as text and never as markup, whoever wrote them.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (a function listens, `true` is a bare attribute, null is left out) and children. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

/** A drawing from the sprite of the page. Decoration: what it means is said in words beside it. */
export function icon(name, kind = "") {
  const drawing = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  drawing.setAttribute("class", `icon ${kind}`.trim());
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(use);
  return drawing;
}

/** Words for a screen reader only. */
export function unseen(text) {
  return make("span", { class: "unseen" }, text);
}
