// Elements without innerHTML: whatever a repository or an account is called stays text.

export const $ = (id) => document.getElementById(id);

/** An element; `properties` are DOM properties, `data-` and `aria-` names attributes; children are nodes or text, null is left out. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Put text where it changed: an unchanged node keeps selection and is not announced again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Make `children` those of `parent`. Equal ones stay, so that a click or a selection in them is not lost; the focus stays on the same `data-key`. */
export function refill(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  children.forEach((child, place) => {
    const there = parent.children[place];
    if (!there) parent.append(child);
    else if (!there.isEqualNode(child)) there.replaceWith(child);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
  if (focused !== undefined && !parent.contains(document.activeElement)) {
    [...parent.querySelectorAll("[data-key]")].find((element) => element.dataset.key === focused)?.focus({ preventScroll: true });
  }
}

/** Pairs of a term and its description; descriptions that are null are left out. */
export function facts(pairs) {
  return pairs
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
}
