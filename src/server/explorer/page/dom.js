// Elements out of names, properties and children. Data becomes text nodes, and never markup.

export const byId = (id) => document.getElementById(id);

/** `el('p', { class: 'note', title: '…' }, 'text', child)`; children that are null, undefined or false are left out. */
export function el(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? '' : String(value));
  }
  add(made, children);
  return made;
}

function add(parent, children) {
  for (const child of children.flat()) {
    if (child === undefined || child === null || child === false) continue;
    parent.append(child);
  }
}

/** Puts these in the place of all that an element holds. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  add(parent, children);
  return parent;
}

/** `1,234` */
export const number = (value) => value.toLocaleString('en-AU');

/** Microseconds as people read them: `870 µs`, `2.45 ms`, `1.20 s`. */
export function duration(micros) {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1_000_000) return `${(micros / 1000).toFixed(micros < 10_000 ? 2 : 1)} ms`;
  return `${(micros / 1_000_000).toFixed(2)} s`;
}

/** `one row`, `3 rows` */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** A message of the server, what it has between backticks as code. */
export const said = (text) => text.split(/`([^`]*)`/).map((part, index) => (index % 2 ? el('code', { class: 'said' }, part) : part));
