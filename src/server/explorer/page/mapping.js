// A mapping that is being written: what is wrong with it as it is saved, asked of `/health/ready` again and again.

import { ready } from './api.js';
import { count, el, fill, said } from './dom.js';
import { painted } from './colour.js';

/** Between two questions, in milliseconds. */
const PAUSE = 1000;

export class MappingWatch {
  #box;
  #taken;
  #seen = null;
  #timer = 0;

  /** `box` shows the problems; `taken` is called when another mapping than before is served. */
  constructor(box, taken) {
    this.#box = box;
    this.#taken = taken;
    // Nobody looks at a page that is hidden.
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#ask();
    });
  }

  start() {
    this.#ask();
  }

  async #ask() {
    clearTimeout(this.#timer);
    try {
      this.#see((await ready()).mapping);
    } catch {
      // The server is away; the next search says so, and it is asked again until it is there.
    }
    if (!document.hidden) this.#timer = setTimeout(() => this.#ask(), PAUSE);
  }

  #see(state) {
    const seen = JSON.stringify(state ?? null);
    if (seen === this.#seen?.text) return;
    const before = this.#seen;
    this.#seen = { text: seen, revision: state?.revision, status: state?.status };
    this.#show(state);
    const isOther = before && (before.revision !== state?.revision || before.status !== state?.status);
    if (isOther && state?.status === 'served') this.#taken();
  }

  #show(state) {
    const problems = state?.problems ?? [];
    const isBroken = state?.status === 'broken';
    this.#box.hidden = !problems.length;
    this.#box.classList.toggle('is-broken', isBroken);
    if (!problems.length) return fill(this.#box);
    const errors = problems.filter((problem) => problem.severity === 'error').length;
    const head = isBroken
      ? `The mapping as saved has ${count(errors + (state.more ?? 0), 'error')}`
      : `The mapping has ${count(problems.length + (state.more ?? 0), 'warning')}`;
    const kept = state.revision > 0 ? 'The last good one is served meanwhile.' : 'Nothing is served until it is mended.';
    const list = el('ol', { class: 'diagnostics' }, problems.map(diagnostic));
    const more = state.more ? el('p', { class: 'note' }, `${count(state.more, 'more problem')} in the terminal`) : null;
    if (isBroken) {
      fill(this.#box, el('h2', {}, head, el('span', { class: 'kept' }, kept)), list, more);
    } else {
      fill(this.#box, el('details', {}, el('summary', {}, head), list, more));
    }
  }
}

function diagnostic(problem) {
  const { file, start } = problem;
  const place = file && `${file}:${start.line}:${start.column}`;
  return el(
    'li',
    { class: `diagnostic is-${problem.severity}` },
    el(
      'p',
      { class: 'diagnostic-head' },
      problem.code && el('code', { class: 'code' }, problem.code),
      el('strong', {}, said(problem.message)),
      place && el('span', { class: 'place' }, place),
    ),
    problem.text !== undefined && excerpt(problem),
    problem.notes.map((note) => el('p', { class: 'note' }, said(note))),
    problem.help && el('p', { class: 'help' }, said(problem.help)),
  );
}

/** The line, with what the problem is about underlined. */
function excerpt({ text, start, end, label }) {
  const characters = [...text];
  const from = start.column - 1;
  // What goes on below is marked to the end of its first line, and a place between two characters at the second.
  const to = end.line > start.line ? characters.length : Math.max(end.column - 1, from + 1);
  const piece = (first, behind) => characters.slice(first, behind).join('');
  return el(
    'pre',
    { class: 'excerpt' },
    el('span', { class: 'gutter' }, `${start.line}`),
    el(
      'code',
      {},
      painted('yaml', piece(0, from)),
      el('mark', { class: 'wrong' }, piece(from, to) || ' '),
      painted('yaml', piece(to)),
      label && el('span', { class: 'wrong-label' }, label),
    ),
  );
}
