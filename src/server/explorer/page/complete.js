// A CapabilityStatement and a search that is being typed → what may come next.

import { parts } from './query.js';

/** The extension in which a parameter says its modifiers, its comparators, and whether it sorts. */
const SUPPORT = /search-support$/;
const MOST = 60;

const RESULT_VALUES = {
  _total: [['none', 'no total'], ['estimate', 'an estimate'], ['accurate', 'the exact number']],
  _summary: [
    ['true', 'the elements of R4’s summary'],
    ['text', 'text, id, meta and what is mandatory'],
    ['data', 'all but the text'],
    ['count', 'the number alone'],
    ['false', 'everything'],
  ],
  _count: [['5', ''], ['10', ''], ['20', ''], ['50', '']],
  _pretty: [['true', 'indented'], ['false', '']],
};
const PREFIXES = {
  eq: 'equal', ne: 'not equal', gt: 'greater', lt: 'less', ge: 'greater or equal', le: 'less or equal',
  sa: 'starts after', eb: 'ends before', ap: 'about',
};
const MODIFIERS = {
  exact: 'the same text, case and accents included',
  contains: 'anywhere in the text',
  missing: 'true: has no value',
  not: 'anything but',
  text: 'by the text of the code',
  identifier: 'by the identifier of what is referred to',
  'of-type': 'type|code|value of an identifier',
};

export class Catalogue {
  #resources = new Map();
  #result = [];

  /** `statement` is a CapabilityStatement. */
  constructor(statement) {
    const rest = statement.rest?.[0] ?? {};
    this.#result = (rest.searchParam ?? []).map(described);
    for (const resource of rest.resource ?? []) {
      this.#resources.set(resource.type, {
        type: resource.type,
        parameters: (resource.searchParam ?? []).map(described),
        includes: resource.searchInclude ?? [],
        revincludes: resource.searchRevInclude ?? [],
        operations: (resource.operation ?? []).map((operation) => `$${operation.name}`),
        documentation: resource.documentation,
      });
    }
  }

  types() {
    return [...this.#resources.keys()];
  }

  /** Searches to begin with. */
  examples() {
    const wanted = ['Patient', 'Appointment', 'Practitioner', 'Condition', ...this.types()];
    const types = [...new Set(wanted)].filter((type) => this.#resources.has(type));
    return types.slice(0, 4).map((type) => {
      const { parameters, documentation } = this.#resources.get(type);
      const has = (name) => parameters.find((parameter) => parameter.name === name);
      // A type that has to be asked for a range says so.
      const ranged = documentation && has('date') ? `date=ge${today(0)}&date=lt${today(7)}&` : '';
      const sort = ['birthdate', 'date'].find((name) => has(name)?.sorts);
      return `${type}?${ranged}${sort ? `_sort=-${sort}&` : ''}_count=5`;
    });
  }

  /** What may stand at the cursor: the stretch of text that it takes the place of, and the suggestions. */
  suggest(text, cursor) {
    const { path, parameters, hasQuery } = parts(text);
    if (cursor <= path.end) return this.#ofPath(path.text, cursor, hasQuery);
    const parameter = parameters.find((one) => cursor >= one.start && cursor <= one.end);
    if (!parameter) return nothing(cursor);
    const type = this.#searched(path.text);
    return parameter.hasValue && cursor >= parameter.valueStart
      ? this.#ofValue(parameter, type, cursor)
      : this.#ofName(parameter, type, cursor, parameters);
  }

  /** The type that a path searches: `Condition` of `Patient/12/Condition`. */
  #searched(path) {
    const segments = path.split('/');
    return this.#resources.get(segments[2] ?? segments[0]);
  }

  #ofPath(path, cursor, hasQuery) {
    const start = path.lastIndexOf('/', cursor - 1) + 1;
    const before = path.slice(0, start).split('/').filter(Boolean);
    const end = path.indexOf('/', cursor) < 0 ? path.length : path.indexOf('/', cursor);
    const typed = path.slice(start, cursor);
    if (before.length === 1) return nothing(cursor);
    const after = hasQuery || end < path.length ? '' : '?';
    const items = this.types().map((type) => ({
      label: type,
      insert: type + after,
      detail: `${this.#resources.get(type).parameters.length} parameters`,
      help: this.#resources.get(type).documentation,
      goesOn: true,
    }));
    if (before.length === 2) {
      const operations = this.#resources.get(before[0])?.operations ?? [];
      // A summary is a document of many searches, which is not explained.
      for (const name of operations.filter((name) => name === '$everything')) {
        items.unshift({ label: name, insert: name, detail: 'the whole record' });
      }
      items.push({ label: '*', insert: `*${after}`, detail: 'all of the compartment' });
    }
    return { from: start, to: end, items: fitting(items, typed) };
  }

  #ofName(parameter, type, cursor, all) {
    const typed = parameter.left.slice(0, Math.max(0, cursor - parameter.start));
    const to = parameter.start + parameter.left.length;
    const after = parameter.hasValue ? '' : '=';
    if (typed.startsWith('_has:')) return this.#ofHas(parameter, typed, to, after, type);
    const dot = typed.lastIndexOf('.');
    const chain = dot < 0 ? [] : typed.slice(0, dot).split('.');
    const here = this.#follow(type, chain);
    const last = typed.slice(dot + 1);
    const from = parameter.start + dot + 1;
    const colon = last.indexOf(':');
    if (colon >= 0) {
      const of = lookUp(here, last.slice(0, colon), this.#result);
      const items = this.#modifiers(of, here, after);
      return { from: from + colon, to, items: fitting(items, last.slice(colon)) };
    }
    const used = new Set(all.filter((one) => one !== parameter).map((one) => one.left));
    const own = (here?.parameters ?? []).map((one) => this.#suggested(one, after, used, here));
    const result = chain.length ? [] : this.#result.map((one) => this.#suggested(one, after, used, here));
    const links = chain.length || !here ? [] : linking(here, after);
    return { from, to, items: fitting([...own, ...result, ...links], last) };
  }

  #suggested(parameter, after, used, of) {
    const targets = parameter.type === 'reference' ? this.#targets(of, parameter.name) : [];
    const help = [parameter.documentation, targets.length ? `Refers to ${targets.join(', ')}; goes on with a dot.` : ''];
    return {
      label: parameter.name,
      insert: parameter.name + after,
      detail: parameter.type,
      help: help.filter(Boolean).join(' '),
      goesOn: true,
      isUsed: used.has(parameter.name),
    };
  }

  #modifiers(parameter, of, after) {
    if (!parameter) return [];
    const targets = parameter.type === 'reference' ? this.#targets(of, parameter.name) : [];
    // A type goes on as a chain, too.
    const plain = parameter.modifiers.filter((name) => !targets.includes(name));
    const items = plain.map((name) => ({
      label: `:${name}`,
      insert: `:${name}${after}`,
      detail: 'modifier',
      help: MODIFIERS[name],
      goesOn: true,
    }));
    for (const target of targets) {
      items.push({ label: `:${target}`, insert: `:${target}`, detail: 'of this type', goesOn: true });
    }
    return items;
  }

  /** `_has:Condition:patient:code` */
  #ofHas(parameter, typed, to, after, type) {
    const segments = typed.split(':');
    const last = segments.at(-1);
    const from = parameter.start + typed.length - last.length;
    let items = [];
    if (segments.length === 2) {
      const referring = new Set((type?.revincludes ?? []).map((link) => link.split(':')[0]));
      items = [...referring].map((name) => ({ label: name, insert: `${name}:`, detail: 'refers here', goesOn: true }));
    } else if (segments.length === 3) {
      const links = (type?.revincludes ?? []).filter((link) => link.startsWith(`${segments[1]}:`));
      items = links.map((link) => link.split(':')[1])
        .map((name) => ({ label: name, insert: `${name}:`, detail: 'reference', goesOn: true }));
    } else if (segments.length === 4) {
      const of = this.#resources.get(segments[1]);
      items = (of?.parameters ?? []).map((one) => this.#suggested(one, after, new Set(), of));
    }
    return { from, to, items: fitting(items, last) };
  }

  #ofValue(parameter, type, cursor) {
    const typed = parameter.value.slice(0, cursor - parameter.valueStart);
    const start = typed.lastIndexOf(',') + 1;
    const from = parameter.valueStart + start;
    const rest = parameter.value.slice(start).search(/,|$/);
    const to = from + rest;
    const last = typed.slice(start);
    return { from, to, items: fitting(this.#values(parameter, type, last), last) };
  }

  #values(parameter, type, typed) {
    const plain = (pairs) => pairs.map(([label, detail]) => ({ label, insert: label, detail }));
    const { name } = parameter;
    if (RESULT_VALUES[name]) return plain(RESULT_VALUES[name]);
    if (parameter.left.endsWith(':missing')) return plain([['true', 'has no value'], ['false', 'has a value']]);
    if (name === '_type') return plain(this.types().map((one) => [one, '']));
    if (name === '_include') return plain((type?.includes ?? []).map((link) => [link, '']));
    if (name === '_revinclude') return plain((type?.revincludes ?? []).map((link) => [link, '']));
    if (name === '_sort') {
      const sorting = (type?.parameters ?? []).filter((one) => one.sorts).map((one) => one.name);
      const minus = typed.startsWith('-');
      const up = sorting.map((one) => [one, 'ascending']);
      const down = sorting.map((one) => [`-${one}`, 'descending']);
      return plain(minus ? down : [...up, ...down]);
    }
    const chain = name.split('.');
    const of = this.#follow(type, chain.slice(0, -1));
    const known = lookUp(of, chain.at(-1), this.#result);
    if (known?.type === 'reference' && !parameter.modifier) {
      return this.#targets(of, known.name).map((target) => ({ label: `${target}/`, insert: `${target}/`, detail: 'reference' }));
    }
    if (known?.comparators.length) {
      return known.comparators.map((prefix) => ({ label: prefix, insert: prefix, detail: PREFIXES[prefix] ?? 'prefix' }));
    }
    return [];
  }

  /** Where a chain leads: `patient`, `patient:Patient`, `patient.organization`. */
  #follow(type, chain) {
    let here = type;
    for (const step of chain) {
      const [name, given] = step.split(':');
      const target = given ?? (here && this.#targets(here, name)[0]);
      here = this.#resources.get(target);
    }
    return here;
  }

  /** The types that a reference leads to: those that say that they are referred to by it. */
  #targets(of, name) {
    if (!of) return [];
    const link = `${of.type}:${name}`;
    return [...this.#resources.values()].filter((one) => one.revincludes.includes(link)).map((one) => one.type);
  }
}

/** What a CapabilityStatement says of a parameter. */
function described({ name, type, documentation, extension = [] }) {
  const support = extension.find((one) => SUPPORT.test(one.url))?.extension ?? [];
  const codes = (url) => support.filter((one) => one.url === url).map((one) => one.valueCode);
  return {
    name,
    type,
    documentation,
    modifiers: codes('modifier'),
    comparators: codes('comparator'),
    sorts: support.some((one) => one.url === 'sort' && one.valueBoolean),
  };
}

const lookUp = (of, name, result) =>
  [...(of?.parameters ?? []), ...result].find((parameter) => parameter.name === name);

/** What begins with what was typed, then what has it inside; what is in the search already comes last. */
function fitting(items, typed) {
  const wanted = typed.toLowerCase();
  const rank = (item) => {
    const label = item.label.toLowerCase();
    const place = label.startsWith(wanted) ? 0 : label.includes(wanted) ? 1 : -1;
    if (place < 0 || (label === wanted && item.insert === item.label)) return -1;
    return place * 4 + (item.isUsed ? 2 : 0) + (label.startsWith('_') && !wanted.startsWith('_') ? 1 : 0);
  };
  return items
    .map((item) => [rank(item), item])
    .filter(([place]) => place >= 0)
    .sort(([one], [other]) => one - other)
    .slice(0, MOST)
    .map(([, item]) => item);
}

/** What goes by other resources: a statement lists their values, and not these names. */
function linking({ includes, revincludes }, after) {
  const all = [
    includes.length && { label: '_include', insert: `_include${after}`, detail: 'result', help: 'Adds what the page refers to.' },
    revincludes.length && { label: '_revinclude', insert: `_revinclude${after}`, detail: 'result', help: 'Adds what refers to the page.' },
    revincludes.length && { label: '_has', insert: '_has:', detail: 'reverse chain', help: 'What is referred to by a resource for which something holds: _has:Condition:patient:code=…' },
  ];
  return all.filter(Boolean).map((item) => ({ ...item, goesOn: true }));
}

const nothing = (cursor) => ({ from: cursor, to: cursor, items: [] });

/** A day so many days from now, as FHIR writes it. */
function today(days) {
  const day = new Date();
  day.setDate(day.getDate() + days);
  const two = (value) => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
