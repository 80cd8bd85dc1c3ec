// Texts in colours: small tokenisers, each a list of patterns of which the first that fits at a place counts.

import { el } from './dom.js';

const JSON_RULES = [
  ['name', /"(?:[^"\\]|\\.)*"(?=\s*:)/y],
  ['string', /"(?:[^"\\]|\\.)*"/y],
  ['number', /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ['keyword', /\b(?:true|false|null)\b/y],
  ['', /[\s{}[\],:]+|./ys],
];

const SQL_RULES = [
  ['comment', /--[^\n]*/y],
  ['string', /N?'(?:[^']|'')*'/y],
  ['name', /"(?:[^"]|"")*"|\[[^\]]*\]/y],
  ['parameter', /@\w+|\?\d*|:\w+/y],
  ['number', /\b\d+(?:\.\d+)?\b/y],
  [
    'keyword',
    /\b(?:SELECT|FROM|WHERE|AND|OR|NOT|IN|IS|NULL|LIKE|ESCAPE|BETWEEN|EXISTS|UNION|ALL|AS|ON|LEFT|INNER|OUTER|CROSS|JOIN|APPLY|ORDER|GROUP|BY|HAVING|ASC|DESC|LIMIT|OFFSET|FETCH|FIRST|NEXT|ROWS?|ONLY|TOP|START|AT|CASE|WHEN|THEN|ELSE|END|CAST|COUNT|MIN|MAX|SUM|OVER|COLLATE|WITH|VALUES|DISTINCT)\b/iy,
  ],
  ['', /\w+|\s+|./ys],
];

const YAML_RULES = [
  ['comment', /#.*$/y],
  ['name', /[\w$*.-]+(?=:(?:\s|$))|"[^"]*"(?=:(?:\s|$))/y],
  ['string', /"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/y],
  ['parameter', /\$[A-Za-z_][\w.]*/y],
  ['', /[^\s#"'$:,{}[\]-]+|\s+|./ys],
];

const QUERY_RULES = [
  ['type', /^[A-Za-z]\w*/y],
  ['operator', /[?&=/,|]/y],
  ['keyword', /:[\w-]+/y],
  ['name', /(?<=[?&])[^=:&]+/y],
  ['string', /[^?&=/,|:]+/y],
  ['', /./ys],
];

const RULES = { json: JSON_RULES, sql: SQL_RULES, yaml: YAML_RULES, query: QUERY_RULES };

/** Pairs of a class and a text, in their order; together they are the text. */
export function tokens(language, text) {
  const found = [];
  let at = 0;
  while (at < text.length) {
    const [kind, piece] = next(RULES[language], text, at);
    const last = found.at(-1);
    if (last && last[0] === kind) last[1] += piece;
    else found.push([kind, piece]);
    at += piece.length;
  }
  return found;
}

function next(rules, text, at) {
  for (const [kind, pattern] of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match && match[0]) return [kind, match[0]];
  }
  return ['', text[at]];
}

/** The text as nodes. */
export const painted = (language, text) =>
  tokens(language, text).map(([kind, piece]) => (kind ? el('span', { class: `t-${kind}` }, piece) : piece));
