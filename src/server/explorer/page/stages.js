// An explanation → its stages as panels: asked, plan, command, rows, mapping, answer.
//
// What is drawn is bounded: a page of two hundred resources is thousands of lines, and a browser that draws them all
// keeps its reader waiting. Each bound is said where it cuts.

import { count, duration, el, number, said } from './dom.js';
import { painted } from './colour.js';

const MOST_LINES = 2000;
const MOST_ROWS = 50;
const MOST_CELL = 200;
/** A line of SQL that is longer is folded after about so many characters. */
const LONG_LINE = 320;
const SHOWN_OF_LINE = 70;
/** A text that is longer stays in one colour. */
const MOST_PAINTED = 200_000;

export const STAGES = [
  { id: 'asked', title: 'Asked', of: asked },
  { id: 'plan', title: 'Plan', of: plan },
  { id: 'command', title: 'Command', of: command },
  { id: 'rows', title: 'Rows', of: rows },
  { id: 'mapping', title: 'Mapping', of: mapping },
  { id: 'answer', title: 'Answer', of: answer },
];

/** The stage of an explanation: what stands beside its title, what it shows, and what is copied of it. */
export const staged = (stage, explanation) => stage.of(explanation);

function asked({ outline, zone }) {
  return { note: zone, content: [tree([outline.asked])] };
}

function plan({ outline, parts, page, mapping }) {
  const total = page.total ? ', with the total' : '';
  const entries = page.count === 0 ? 'the total only' : `${count(page.count, 'entry', 'entries')} a page${total}`;
  const nothing = parts.length ? null : empty('No source of the type can have an answer: nothing runs.');
  return { note: mapping, content: [el('p', { class: 'note' }, entries, page.countLowered && ' (lowered to the cap)'), nothing, tree(outline.plan)] };
}

function tree(branches) {
  const branch = ({ key, text, below }) =>
    el(
      'li',
      {},
      el('span', { class: 'branch' }, key && el('span', { class: 'tree-key' }, key), key && text ? ' ' : '', text),
      below && el('ul', {}, below.map(branch)),
    );
  return el('ul', { class: 'tree' }, branches.map(branch));
}

/** The commands in the order in which they run: each with what it is for, and what came back. */
function commands({ parts, included = [] }) {
  const all = [];
  const several = parts.length + included.length > 1;
  const add = (part, role) => {
    const name = [part.resource, part.source].filter(Boolean).join(' ');
    for (const first of part.askedFirst ?? []) {
      all.push({ name: `${name}, asked first of another database`, command: first });
    }
    const after = role ? `, ${role}` : '';
    all.push({ name: several || role ? `${name}${after}` : name, command: part.command, columns: part.columns, ran: part.ran, nothing: isNever(part), ofPage: true });
    for (const child of part.children ?? []) {
      all.push({ name: `${name}: ${child.name}${after}`, command: child.command, columns: child.columns, ran: child.ran });
    }
  };
  parts.forEach((part) => add(part, ''));
  included.forEach((part) => add(part, 'included'));
  return all;
}

const isNever = (part) => part.select.filter === 'false';

function command(explanation) {
  const all = commands(explanation);
  const content = all.map(({ name, command: { catalogue, command: sent }, ran, nothing }) => {
    if (nothing) return el('section', { class: 'part' }, partHead(name), empty('Nothing of it can match, so nothing runs.'));
    return el(
      'section',
      { class: 'part' },
      partHead(name, [catalogue && `in ${catalogue}`, ran?.took !== undefined && duration(ran.took)]),
      sql(sent.text),
      parameters(sent.parameters ?? []),
    );
  });
  const text = all.map((one) => one.command.command.text).join(';\n\n');
  return { note: explanation.dialect, content: content.length ? content : [empty('Nothing runs.')], text };
}

function partHead(name, notes = []) {
  return el('h3', { class: 'part-head' }, name, notes.filter(Boolean).map((note) => el('span', { class: 'part-note' }, note)));
}

function parameters(list) {
  if (!list.length) return null;
  const type = ({ type: name, size }) => (size === undefined || size === null ? name : `${name}(${size})`);
  const shown = list.slice(0, MOST_ROWS);
  return [
    el(
      'div',
      { class: 'wide' },
      el(
        'table',
        { class: 'grid' },
        el('thead', {}, el('tr', {}, ['parameter', 'type', 'value'].map((head) => el('th', { scope: 'col' }, head)))),
        el('tbody', {}, shown.map((one) => el('tr', {}, el('td', { class: 't-parameter' }, one.name), el('td', {}, type(one)), cell(one.value)))),
      ),
    ),
    bounded(list.length, shown.length, 'parameters'),
  ];
}

function rows(explanation) {
  const ran = commands(explanation).filter((one) => one.ran);
  const total = ran.reduce((sum, one) => sum + one.ran.count, 0);
  const content = ran.map(({ name, columns, ofPage, ran: { count: found, rows: some, queryPlan } }) => {
    const shown = some.slice(0, MOST_ROWS);
    const isMore = ofPage && explanation.page.count > 0 && found > explanation.page.count;
    return el(
      'section',
      { class: 'part' },
      partHead(name, [count(found, 'row') + (isMore ? ' (one more than the page, to know of a next one)' : '')]),
      shown.length > 0 &&
        el(
          'div',
          { class: 'wide', tabindex: '0', role: 'region', 'aria-label': `Rows of ${name}` },
          el(
            'table',
            { class: 'grid' },
            el('thead', {}, el('tr', {}, columns.map((column) => el('th', { scope: 'col' }, column)))),
            el('tbody', {}, shown.map((row) => el('tr', {}, row.map(cell)))),
          ),
        ),
      bounded(found, shown.length, 'rows'),
      queryPlan.length > 0 &&
        el('details', { class: 'engine' }, el('summary', {}, 'How the engine ran it'), el('ul', {}, queryPlan.map((step) => el('li', {}, step)))),
    );
  });
  return { note: ran.length ? count(total, 'row') : '', content: content.length ? content : [empty('Nothing ran.')] };
}

function cell(value) {
  if (value === null || value === undefined) return el('td', { class: 'is-null' }, 'NULL');
  const text = String(value);
  const shown = text.length > MOST_CELL ? `${text.slice(0, MOST_CELL)}…` : text;
  return el('td', { class: typeof value === 'number' ? 't-number' : '', title: text === shown ? null : text.slice(0, 2000) }, shown);
}

const LABELS = {
  source: () => null,
  parameter: (name) => name,
  sort: (name) => `sort ${name}`,
  include: (name) => `include ${name}`,
  lookup: (name) => `joined ${name}`,
  child: (name) => `fetched ${name}`,
  element: () => null,
};

/** Why a search is as it is, or all that took part, also what is only written. */
function mapping({ mappingLines: files = [], mapping: name }) {
  if (!files.length) return { note: name, content: [empty('No line of the mapping took part.')] };
  const body = el('div');
  const choices = [
    ['For the search', files.map(searched).filter(({ lines }) => lines.length)],
    ['And for the answer', files],
  ];
  const buttons = choices.map(([title, chosen]) => el('button', { type: 'button', 'aria-pressed': 'false', onclick: () => show(title, chosen) }, title));
  const show = (title, chosen) => {
    buttons.forEach((button) => button.setAttribute('aria-pressed', String(button.textContent === title)));
    body.replaceChildren(...chosen.map(fileLines));
  };
  show(...choices[0]);
  return { note: name, content: [el('div', { class: 'toggle', role: 'group', 'aria-label': 'Lines' }, buttons), body] };
}

/** A file's lines without those that are there for the written elements alone. */
function searched({ file, lines, marks }) {
  const kept = marks.filter(({ why }) => why !== 'element');
  return { file, marks: kept, lines: lines.filter(({ number: at }) => kept.some(({ first, last }) => first <= at && at <= last)) };
}

function fileLines({ file, lines, marks }) {
  const why = new Map();
  const strong = new Set();
  for (const mark of marks) {
    const label = LABELS[mark.why]?.(mark.name);
    if (!label) continue;
    why.set(mark.first, [...(why.get(mark.first) ?? []), [mark.why, label]]);
    if (['parameter', 'sort', 'include'].includes(mark.why)) {
      for (let line = mark.first; line <= mark.last; line += 1) strong.add(line);
    }
  }
  const shown = lines.slice(0, MOST_LINES);
  const drawn = shown.flatMap(({ number: at, text }, index) => {
    const gap = index > 0 && shown[index - 1].number !== at - 1;
    return [
      gap && el('div', { class: 'line-gap', 'aria-hidden': 'true' }, '⋯'),
      el(
        'div',
        { class: strong.has(at) ? 'line is-looked-at' : 'line' },
        el('span', { class: 'gutter' }, `${at}`),
        el(
          'div',
          { class: 'line-body' },
          yamlLine(text),
          el('span', { class: 'why' }, (why.get(at) ?? []).map(([kind, label]) => el('span', { class: `tag is-${kind}` }, label))),
        ),
      ),
    ].filter(Boolean);
  });
  return el('section', { class: 'part' }, partHead(file), el('div', { class: 'lines', tabindex: '0', role: 'region', 'aria-label': `Lines of ${file}` }, drawn), bounded(lines.length, shown.length, 'lines'));
}

/** A line that is folded goes on below what it begins with. */
function yamlLine(text) {
  const line = el('code', {}, painted('yaml', text));
  line.style.setProperty('--indent', `${text.search(/\S|$/) + 2}ch`);
  return line;
}

function answer({ answer: json }) {
  const text = JSON.stringify(json, null, 2);
  const lines = text.split('\n');
  const shown = lines.slice(0, MOST_LINES).join('\n');
  const size = json.resourceType === 'Bundle' ? bundleNote(json) : json.resourceType;
  return {
    title: json.resourceType ?? 'Answer',
    note: size,
    content: [outcomes(json), code('json', shown), bounded(lines.length, Math.min(lines.length, MOST_LINES), 'lines')],
    text,
  };
}

/** `3 matches and 1 included; total 12` */
function bundleNote({ entry = [], total }) {
  const are = (mode) => entry.filter((one) => one.search?.mode === mode).length;
  const included = are('include');
  const entries = count(are('match'), 'match', 'matches') + (included ? ` and ${number(included)} included` : '');
  return total === undefined ? entries : `${entries}; total ${number(total)}`;
}

/** What the server noted of the search: parameters that it did not use, and the like. */
const noted = ({ entry = [] }) =>
  entry.filter((one) => one.search?.mode === 'outcome').flatMap((one) => one.resource?.issue ?? []);

/** The expressions of the parameters that are in the search, and were not used. */
export const unused = ({ answer: json }) =>
  noted(json ?? {}).filter(({ severity }) => severity === 'warning').flatMap(({ expression = [] }) => expression);

function outcomes(bundle) {
  const issues = noted(bundle);
  if (!issues.length) return null;
  return el('ul', { class: 'issues' }, issues.map((issue) => el('li', {}, said(issue.details?.text ?? issue.diagnostics ?? issue.code))));
}

/** SQL with its long lists, of columns and of values, folded: what they say is elsewhere on the page. */
function sql(text) {
  const content = text.split('\n').flatMap((line, index) => [index > 0 && '\n', ...folded(line)]).filter(Boolean);
  return el('pre', { class: 'code-block is-sql', tabindex: '0' }, el('code', {}, content));
}

function folded(line) {
  if (line.length <= LONG_LINE) return painted('sql', line);
  const cut = line.indexOf(', ', SHOWN_OF_LINE) + 2;
  const last = line.lastIndexOf(', ') + 2;
  if (cut < 2 || last <= cut) return painted('sql', line);
  const inner = line.slice(cut, last);
  const more = el('button', { type: 'button', class: 'fold', title: 'Show them' }, `${number(inner.split(', ').length - 1)} more`);
  more.addEventListener('click', () => more.replaceWith(...painted('sql', inner)));
  return [...painted('sql', line.slice(0, cut)), more, ' ', ...painted('sql', line.slice(last))];
}

function code(language, text) {
  const content = text.length > MOST_PAINTED ? [text] : painted(language, text);
  return el('pre', { class: `code-block is-${language}`, tabindex: '0' }, el('code', {}, content));
}

const bounded = (all, shown, what) =>
  all > shown ? el('p', { class: 'bounded' }, `The first ${number(shown)} of ${number(all)} ${what} are shown.`) : null;

const empty = (text) => el('p', { class: 'empty' }, text);

/** The stages' times, of which a bar is made. */
export const times = ({ timings }) =>
  [
    ['parse', 'Parse'],
    ['plan', 'Plan'],
    ['sql', 'SQL'],
    ['database', 'Database'],
    ['assemble', 'Assemble'],
  ].map(([key, title]) => ({ key, title, micros: timings?.[key] ?? 0 }));
