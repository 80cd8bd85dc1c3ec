// The text of a search: its parts with their places, how it travels, and which part the cursor is in.
//
// It is read leniently, for it is read while it is being typed; what a search may say, the server judges.

/** What nobody should paste into a page that is shared by its URL. */
const SECRET = /(^|&)subscription-key=[^&]*/gi;

/** What a person pasted, without the base URL in front of it, `GET` and keys. */
export function tidy(text) {
  const bare = text.trim().replace(/^GET\s+/i, '');
  const after = bare.match(/^https?:\/\/[^?#]*\/fhir\/R4(?:\/(.*))?$/is);
  const search = (after ? after[1] ?? '' : bare).replace(/^\/+/, '');
  const [path, query] = search.split(/\?(.*)/s);
  if (query === undefined) return path;
  const kept = query.replace(SECRET, '').replace(/^&/, '');
  return `${path}?${kept}`;
}

/** As it is sent: what a URL cannot hold is percent-encoded, what is encoded already stays. */
export function encoded(text) {
  return text
    .split(/(%[0-9A-Fa-f]{2})/)
    .map((part, index) => (index % 2 ? part : encodeURI(part).replace(/#/g, '%23')))
    .join('');
}

/**
 * The parts, each with the place of its first and after its last character: the path, and the parameters with `name`
 * (`birthdate`, or `patient.family`), `modifier` (with its colon) and `value` (without the `=`).
 */
export function parts(text) {
  const mark = text.indexOf('?');
  const end = mark < 0 ? text.length : mark;
  const parameters = [];
  if (mark >= 0) {
    let start = mark + 1;
    for (const pair of text.slice(start).split('&')) {
      parameters.push(parameter(pair, start));
      start += pair.length + 1;
    }
  }
  return { path: { text: text.slice(0, end), start: 0, end }, hasQuery: mark >= 0, parameters };
}

function parameter(pair, start) {
  const equals = pair.indexOf('=');
  const left = equals < 0 ? pair : pair.slice(0, equals);
  // `_has:Condition:patient:code` is a name with colons in it.
  const colon = left.startsWith('_has:') ? -1 : left.indexOf(':');
  // `patient:Patient.family`: what follows the type is still the name.
  const cut = colon < 0 || left.indexOf('.', colon) > 0 ? left.length : colon;
  return {
    start,
    end: start + pair.length,
    name: left.slice(0, cut),
    modifier: left.slice(cut),
    hasValue: equals >= 0,
    left,
    value: equals < 0 ? '' : pair.slice(equals + 1),
    valueStart: start + (equals < 0 ? pair.length : equals + 1),
  };
}

/** The one of these names that is nearest to a word, where few letters are otherwise. */
export function nearest(word, names) {
  const most = Math.max(1, Math.floor(word.length / 3));
  const found = names
    .map((name) => [distance(word.toLowerCase(), name.toLowerCase()), name])
    .filter(([letters]) => letters <= most)
    .sort(([one], [other]) => one - other)[0];
  return found?.[1];
}

/** How many letters to put in, to take out or to change (Levenshtein). */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const changed = row[to - 1] + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(changed, row[to] + 1, next[to - 1] + 1));
    }
    row = next;
  }
  return row[other.length];
}

/** The parameters that an OperationOutcome's expression names: `http.birthdate` is `birthdate` and `birthdate:exact`. */
export function named(text, expression) {
  const name = expression?.match(/^http\.(.+)$/)?.[1];
  if (!name) return [];
  const bare = (left) => left.split(':')[0];
  return parts(text).parameters.filter((parameter) => {
    let left = parameter.left;
    try {
      left = decodeURIComponent(left);
    } catch {
      // As it was typed.
    }
    return left === name || bare(left) === name || bare(left).split('.')[0] === name;
  });
}
