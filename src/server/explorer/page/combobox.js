// The list of suggestions below the search: an editable combobox with a listbox (WAI-ARIA 1.2), where nothing is marked
// before an arrow key is pressed, so that Enter runs the search unless something is.

import { byId, count, el, fill } from './dom.js';

export class Combobox {
  #input = byId('search');
  #box = byId('suggestions-box');
  #list = byId('suggestions');
  #help = byId('suggestion-help');
  #suggest;
  #changed;
  #shown = { from: 0, to: 0, items: [] };
  #active = -1;
  /** The cursor behind a suggestion that ended in `?`, `=` or the like. */
  #ended = -1;

  /** `suggest(text, cursor)` says what may come next; `changed` is called when a suggestion was taken. */
  constructor({ suggest, changed }) {
    this.#suggest = suggest;
    this.#changed = changed;
    this.#input.addEventListener('beforeinput', (event) => this.#typed(event));
    this.#input.addEventListener('input', () => this.open());
    this.#input.addEventListener('click', () => this.open());
    this.#input.addEventListener('blur', () => this.close());
    this.#input.addEventListener('keydown', (event) => this.#pressed(event));
    // The input keeps the focus while a suggestion is chosen by a pointer.
    this.#box.addEventListener('pointerdown', (event) => event.preventDefault());
  }

  get isOpen() {
    return !this.#box.hidden;
  }

  open() {
    const { value, selectionStart, selectionEnd } = this.#input;
    if (selectionStart !== selectionEnd) return this.close();
    this.#shown = this.#suggest(value, selectionStart);
    this.#active = -1;
    this.#show();
  }

  close() {
    this.#box.hidden = true;
    this.#active = -1;
    this.#input.setAttribute('aria-expanded', 'false');
    this.#input.removeAttribute('aria-activedescendant');
  }

  #show() {
    const { items } = this.#shown;
    if (!items.length) return this.close();
    fill(this.#list, items.map((item, index) => this.#option(item, index)));
    this.#list.scrollTop = 0;
    this.#box.hidden = false;
    this.#input.setAttribute('aria-expanded', 'true');
    byId('suggestion-count').textContent = count(items.length, 'suggestion');
    this.#mark(-1);
  }

  #option(item, index) {
    return el(
      'li',
      {
        id: `suggestion-${index}`,
        role: 'option',
        'aria-selected': 'false',
        class: item.isUsed ? 'is-used' : '',
        onclick: () => this.#take(index),
      },
      el('span', { class: 'suggestion-label' }, item.label),
      el('span', { class: 'suggestion-detail' }, item.detail),
    );
  }

  #mark(index) {
    const options = [...this.#list.children];
    options[this.#active]?.setAttribute('aria-selected', 'false');
    this.#active = index;
    const option = options[index];
    if (option) {
      option.setAttribute('aria-selected', 'true');
      option.scrollIntoView({ block: 'nearest' });
      this.#input.setAttribute('aria-activedescendant', option.id);
    } else {
      this.#input.removeAttribute('aria-activedescendant');
    }
    const { items } = this.#shown;
    const said = items[index]?.help ?? (index < 0 ? items[0]?.help : '');
    this.#help.textContent = said ?? '';
    this.#help.hidden = !said;
  }

  #pressed(event) {
    const { items } = this.#shown;
    const last = items.length - 1;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        const down = event.key === 'ArrowDown';
        if (!plain) return;
        event.preventDefault();
        if (!this.isOpen) this.open();
        if (!this.isOpen) return;
        // One step before the first is the text itself.
        const next = this.#active + (down ? 1 : -1);
        this.#mark(next > last ? -1 : next < -1 ? last : next);
        return;
      }
      case 'Enter':
        if (!plain || !this.isOpen || this.#active < 0) return;
        event.preventDefault();
        this.#take(this.#active);
        return;
      case 'Tab':
        if (!plain || event.shiftKey || !this.isOpen) return;
        event.preventDefault();
        this.#take(Math.max(0, this.#active));
        return;
      case 'Escape':
        if (!this.isOpen) return;
        event.preventDefault();
        event.stopPropagation();
        this.close();
        return;
      case ' ':
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.open();
        return;
      default:
    }
  }

  /** Who types the sign that a suggestion has just ended in means that one. */
  #typed(event) {
    const { value, selectionStart, selectionEnd } = this.#input;
    const isHere = selectionStart === this.#ended && selectionEnd === this.#ended;
    this.#ended = -1;
    if (isHere && /^[?=:]$/.test(event.data ?? '') && event.data === value[selectionStart - 1]) event.preventDefault();
  }

  #take(index) {
    const { from, to, items } = this.#shown;
    const item = items[index];
    const { value } = this.#input;
    this.#input.value = value.slice(0, from) + item.insert + value.slice(to);
    const cursor = from + item.insert.length;
    this.#input.setSelectionRange(cursor, cursor);
    this.#input.focus();
    this.#ended = cursor;
    this.#changed();
    // What follows a type or a name is suggested at once; a value is complete.
    if (item.goesOn) this.open();
    else this.close();
  }
}
