// Elements are made and text is set; markup is never made of text, whatever processes call themselves.

export const $ = id => document.getElementById(id);

/** Makes an element: attributes by name; children are elements or text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter(child => child != null));
  return element;
}

/** Sets text where it is another: what does not change is neither drawn nor read out again. */
export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/** Sets an attribute where it is another; null takes it away. */
export function attribute(element, key, value) {
  if (value == null) element.removeAttribute(key);
  else if (element.getAttribute(key) !== value) element.setAttribute(key, value);
}

/** Says in a section what it cannot show and why; null takes that away again. */
export function complain(section, about, message) {
  const box = $(section).querySelector(".trouble"), said = box.querySelector(`[data-about=${about}]`);
  if (message == null) said?.remove();
  else if (said) text(said, message);
  else box.append(make("p", { class: "notice", "data-tone": "watch", "data-about": about }, message));
}

/** Gives an element the children listed, and touches none that is in its place already. Who had the focus keeps it. */
export function arrange(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let at = parent.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

/** A table's head cell with a button that sorts. */
export function sortHead(column, onsort) {
  return make("th", { scope: "col", class: column.kind, "data-key": column.key },
    column.plain ? make("span", { class: column.hidden ? "unseen" : null }, column.title)
      : make("button", { type: "button", "data-term": column.term, onclick: onsort }, column.title));
}
