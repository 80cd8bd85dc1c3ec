// The explorer: what a person types, what the server says of it, and the URL that shows the same to somebody else.

import * as api from './api.js';
import { painted } from './colour.js';
import { Combobox } from './combobox.js';
import { Catalogue } from './complete.js';
import { byId, duration, el, fill, said } from './dom.js';
import { MappingWatch } from './mapping.js';
import { encoded, named, nearest, parts, tidy } from './query.js';
import { STAGES, staged, times, unused } from './stages.js';

const input = byId('search');
const narrow = matchMedia('(max-width: 899px)');

/** What the URL says of the page, and all that it says. */
const state = { site: '', q: '', view: '', dialect: '' };
/** Of this tab alone. */
const page = { catalogue: null, explanation: null, of: '', unused: [], running: null, problem: null };

// The URL

function readFragment() {
  const read = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(state)) state[name] = read.get(name) ?? '';
  state.q = tidy(state.q);
  if (!STAGES.some(({ id }) => id === state.view)) state.view = '';
}

function writeFragment({ isNew }) {
  const written = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) if (value) written.set(name, value);
  const url = `#${written}`;
  if (url === (location.hash || '#')) return;
  history[isNew ? 'pushState' : 'replaceState'](null, '', url);
}

// The search

function mirror() {
  const expressions = page.problem ? [page.problem.expression] : page.unused;
  const marked = [...new Set(expressions.flatMap((one) => named(input.value, one).map(({ start }) => start)))]
    .sort((one, other) => one - other)
    .map((start) => parts(input.value).parameters.find((parameter) => parameter.start === start));
  const nodes = [];
  let at = 0;
  for (const { start, end } of marked) {
    nodes.push(painted('query', input.value.slice(at, start)), el('span', { class: 'wrong' }, painted('query', `&${input.value.slice(start, end)}`).slice(1)));
    at = end;
  }
  fill(byId('mirror'), nodes.flat(), painted('query', input.value.slice(at)));
  byId('mirror').scrollLeft = input.scrollLeft;
}

function edited() {
  if (page.problem) showProblem(null);
  mirror();
}

/** Runs what was typed. */
async function run({ isNew = true } = {}) {
  const text = tidy(input.value);
  if (text !== input.value) input.value = text;
  completion.close();
  state.q = text;
  page.unused = [];
  writeFragment({ isNew });
  mirror();
  await runAgain();
}

/** Runs what was run last; what is being typed meanwhile stays. */
async function runAgain() {
  if (!state.q) return showWelcome();
  if (!api.hasKey()) return askForKey();
  page.running?.abort();
  const running = new AbortController();
  page.running = running;
  byId('stages').setAttribute('aria-busy', 'true');
  say('Running…');
  try {
    const explanation = await api.explain(state.site, encoded(state.q), state.dialect, running.signal);
    page.explanation = explanation;
    page.of = state.q;
    page.unused = unused(explanation);
    showProblem(null);
    showExplanation();
    const total = times(explanation).reduce((sum, { micros }) => sum + micros, 0);
    say(`Done in ${duration(total)}`);
  } catch (error) {
    if (error.name === 'AbortError') return;
    refused(error);
  } finally {
    if (page.running === running) {
      page.running = null;
      byId('stages').removeAttribute('aria-busy');
    }
  }
}

function refused(error) {
  if (!(error instanceof api.Refused)) throw error;
  say('');
  page.unused = [];
  // Without a key that counts, nothing of an answer stays.
  if (error.status === 401) page.explanation = null;
  showProblem(error);
  showEarlier();
  if (error.status === 401) askForKey(error.message);
}

const say = (text) => {
  byId('status').textContent = text;
};

// What is shown

function showProblem(problem) {
  page.problem = problem;
  const box = byId('problem');
  box.hidden = !problem;
  input.setAttribute('aria-invalid', String(Boolean(problem)));
  if (problem) {
    const status = problem.status ? `${problem.status}` : 'no answer';
    fill(
      box,
      el('p', {}, el('code', { class: 'code' }, problem.code ?? status), el('strong', {}, said(problem.message))),
      problem.remedy && el('p', { class: 'help' }, said(problem.remedy)),
      meant(),
    );
  }
  mirror();
}

/** A type that is not served, and is nearly one that is. */
function meant() {
  const types = page.catalogue?.types() ?? [];
  const [path, type] = state.q.match(/^(\w+)(?=[/?]|$)/) ?? [];
  if (!type || types.includes(type)) return null;
  const found = nearest(type, types);
  const search = found && found + state.q.slice(path.length);
  return found && el('p', { class: 'help' }, 'Did you mean ', el('button', { type: 'button', class: 'small', onclick: choose(search) }, found), '?');
}

/** Beside what is wrong: what was found before, and that it is of then, or how to begin. */
function showEarlier() {
  if (!page.explanation) return showBeginning();
  for (const id of ['stages', 'timing']) byId(id).classList.add('is-earlier');
  fill(byId('earlier'), 'Of the search before: ', el('code', {}, page.of));
  byId('earlier').hidden = false;
}

function showWelcome() {
  page.explanation = null;
  page.unused = [];
  showBeginning();
  mirror();
  say('');
}

function showBeginning() {
  for (const id of ['stages', 'tabs', 'timing', 'earlier']) byId(id).hidden = true;
  byId('welcome').hidden = false;
}

const choose = (search) => () => {
  input.value = search;
  run();
};

function showExamples() {
  const examples = page.catalogue?.examples() ?? [];
  fill(byId('examples'), examples.map((search) => el('li', {}, el('button', { type: 'button', onclick: choose(search) }, painted('query', search)))));
}

function showExplanation() {
  const { explanation } = page;
  for (const id of ['welcome', 'earlier']) byId(id).hidden = true;
  for (const id of ['stages', 'timing']) byId(id).classList.remove('is-earlier');
  showTiming(explanation);
  fill(byId('stages'), STAGES.map((stage, index) => panel(stage, index, staged(stage, explanation))));
  byId('stages').hidden = false;
  showView();
}

function showTiming(explanation) {
  const stages = times(explanation);
  const total = stages.reduce((sum, { micros }) => sum + micros, 0) || 1;
  const bar = el('div', { class: 'timing-bar', 'aria-hidden': 'true' });
  for (const { key, micros } of stages) {
    const piece = el('span', { class: `timing-piece is-${key}` });
    piece.style.flexGrow = String(Math.max(micros / total, 0.004));
    bar.append(piece);
  }
  const legend = stages.map(({ key, title, micros }) =>
    el('div', { class: 'timing-stage' }, el('dt', {}, el('span', { class: `dot is-${key}`, 'aria-hidden': 'true' }), title), el('dd', {}, duration(micros))),
  );
  fill(byId('timing'), bar, el('dl', { class: 'timing-legend', 'aria-label': 'Time of each stage' }, legend));
  byId('timing').hidden = false;
}

function panel(stage, index, { title = stage.title, note, content, text }) {
  const head = `${stage.id}-title`;
  return el(
    'section',
    { class: `stage stage-${stage.id}`, id: `stage-${stage.id}`, 'aria-labelledby': head },
    el(
      'header',
      { class: 'stage-head' },
      el('h2', { id: head }, title),
      note && el('span', { class: 'stage-note' }, note),
      text && el('button', { type: 'button', class: 'small copy', onclick: (event) => copy(text, event.currentTarget) }, 'Copy'),
      el('button', { type: 'button', class: 'small alone', title: `${title} alone, and back (${index + 1})`, 'aria-pressed': 'false', onclick: () => toggleView(stage.id) }, 'Expand'),
    ),
    el('div', { class: 'stage-body' }, content),
  );
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    say('Copied');
    button.textContent = 'Copied';
  } catch {
    say('The browser does not let the page copy');
    button.textContent = 'Not copied';
  }
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 1500);
}

/** A phone shows one stage, under tabs; a wide window all of them, or the one that was chosen. */
function showView() {
  const tabs = byId('tabs');
  const shown = state.view || (narrow.matches ? 'answer' : '');
  tabs.hidden = !narrow.matches || !page.explanation;
  byId('stages').classList.toggle('is-one', Boolean(shown));
  for (const { id } of STAGES) {
    const stage = byId(`stage-${id}`);
    if (!stage) continue;
    stage.hidden = Boolean(shown) && shown !== id;
    const alone = stage.querySelector('.alone');
    alone.setAttribute('aria-pressed', String(shown === id));
    alone.textContent = shown === id ? 'Show all' : 'Expand';
    stage.setAttribute('role', narrow.matches ? 'tabpanel' : 'region');
  }
  if (!narrow.matches) return;
  fill(
    tabs,
    STAGES.map(({ id, title }) =>
      el('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-selected': String(id === shown), 'aria-controls': `stage-${id}`, tabindex: id === shown ? '0' : '-1', onclick: () => view(id) }, title),
    ),
  );
}

function view(id) {
  state.view = id;
  writeFragment({ isNew: false });
  if (page.explanation) showView();
}

const toggleView = (id) => view(state.view === id ? '' : id);

/** The arrow keys go through the tabs. */
function tabPressed(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
  if (!step) return;
  event.preventDefault();
  const tabs = [...byId('tabs').children];
  const now = tabs.findIndex((tab) => tab.getAttribute('aria-selected') === 'true');
  const next = Math.min(Math.max(now + step, 0), tabs.length - 1);
  view(STAGES[next].id);
  byId(`tab-${STAGES[next].id}`).focus();
}

// The key

function askForKey(problem = '') {
  byId('key-problem').textContent = problem;
  byId('key').value = '';
  byId('key-forget').hidden = !api.hasKey();
  if (!byId('key-dialog').open) byId('key-dialog').showModal();
}

async function keyGiven(event) {
  event.preventDefault();
  const key = byId('key').value.trim();
  byId('key').value = '';
  if (!/^[\x21-\x7e]{16,512}$/.test(key)) {
    byId('key-problem').textContent = 'A key has 16 to 512 letters, digits and signs.';
    return;
  }
  api.useTyped(key);
  byId('key-dialog').close();
  await begin();
}

// The beginning

async function chooseSite() {
  const { sites } = await api.sites();
  const ids = sites.map(({ id }) => id);
  if (!ids.includes(state.site)) state.site = ids[0] ?? '';
  fill(byId('site'), sites.map(({ id, up }) => el('option', { value: id, selected: id === state.site }, up ? id : `${id} (away)`)));
  byId('site-choice').hidden = ids.length < 2;
}

/** A practice that cannot be asked has nothing to complete with; what is wrong is said when a search runs. */
async function learn() {
  try {
    page.catalogue = new Catalogue(await api.metadata(state.site));
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    page.catalogue = null;
  }
  showExamples();
}

async function begin() {
  try {
    await chooseSite();
  } catch (error) {
    return refused(error);
  }
  showProblem(null);
  await learn();
  await runAgain();
}

/** Another mapping is served: what can be searched may be other, and so may the answer. */
async function mappingTaken() {
  if (!api.hasKey()) return;
  await learn();
  if (state.q) await runAgain();
}

async function open() {
  readFragment();
  input.value = state.q;
  byId('dialect').value = state.dialect;
  mirror();
  let session;
  try {
    session = await api.session();
  } catch (error) {
    return refused(error);
  }
  if (!session.hasOperator) {
    return refused(new api.Refused({
      status: 404,
      message: 'This server has no operator’s key',
      remedy: 'Start it with --operator-key-file, PILASTER_OPERATOR_KEY or, in its configuration, operator-key.',
    }));
  }
  if (session.isWatched) new MappingWatch(byId('mapping-state'), mappingTaken).start();
  if (session.key) api.useHanded(session.key);
  byId('key-open').hidden = Boolean(session.key);
  if (!api.hasKey()) return askForKey();
  await begin();
}

// What a person does

const completion = new Combobox({
  suggest: (text, cursor) => page.catalogue?.suggest(text, cursor) ?? { from: 0, to: 0, items: [] },
  changed: edited,
});

input.addEventListener('input', edited);
input.addEventListener('scroll', mirror);
byId('asking').addEventListener('submit', (event) => {
  event.preventDefault();
  run();
});
byId('add').addEventListener('click', () => {
  const end = input.value.trimEnd();
  const has = end.includes('?');
  const joint = !end || /[?&]$/.test(end) ? '' : has ? '&' : '?';
  input.value = end + joint;
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
  edited();
  completion.open();
});
byId('site').addEventListener('change', async (event) => {
  state.site = event.target.value;
  // An answer of another practice is none of an earlier search.
  page.explanation = null;
  writeFragment({ isNew: true });
  await begin();
});
byId('dialect').addEventListener('change', (event) => {
  state.dialect = event.target.value;
  writeFragment({ isNew: true });
  runAgain();
});
byId('tabs').addEventListener('keydown', tabPressed);
byId('key-open').addEventListener('click', () => askForKey());
byId('key-form').addEventListener('submit', keyGiven);
byId('key-cancel').addEventListener('click', () => byId('key-dialog').close());
byId('key-forget').addEventListener('click', () => {
  api.forget();
  byId('key-dialog').close();
  input.focus();
});
byId('help-open').addEventListener('click', () => byId('help-dialog').showModal());
narrow.addEventListener('change', () => page.explanation && showView());
addEventListener('popstate', () => {
  readFragment();
  input.value = state.q;
  byId('dialect').value = state.dialect;
  if (api.hasKey()) begin();
});

document.addEventListener('keydown', (event) => {
  const isTyping = event.target.matches?.('input, select, textarea');
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
    return;
  }
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const stage = STAGES[Number(event.key) - 1];
  if (event.key === '/') {
    event.preventDefault();
    input.focus();
    input.select();
  } else if (event.key === '?') {
    byId('help-dialog').showModal();
  } else if (event.key === 'Escape' && state.view && !narrow.matches) {
    view('');
  } else if (stage && page.explanation) {
    if (narrow.matches) view(stage.id);
    else toggleView(stage.id);
  }
});

await open();
