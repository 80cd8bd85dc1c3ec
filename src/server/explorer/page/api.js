// What the page asks of the server: the operator's paths, with the operator's key, and the server's own state.
//
// The key is in this module alone. One that a person typed is in the tab's session storage besides, so that a reload does not
// ask for it again; it is never part of a URL.

const STORED = 'pilaster-operator-key';
/** The server ends a request after a minute. */
const PATIENCE = 65_000;

let key = sessionStorage.getItem(STORED);

/** Why there is no answer: the server's own words, or what to do about a connection that failed. */
export class Refused extends Error {
  /** `status` is 0 where nothing was answered; `expression` names a parameter: `http.birthdate`. */
  constructor({ status, code, message, remedy, expression }) {
    super(message);
    Object.assign(this, { status, code, remedy, expression });
  }
}

export const hasKey = () => Boolean(key);

/** Uses a key that the server handed out: it need not be kept. */
export function useHanded(handed) {
  key = handed;
}

/** Uses a key that a person typed, for as long as the tab is open. */
export function useTyped(typed) {
  key = typed;
  sessionStorage.setItem(STORED, typed);
}

export function forget() {
  key = null;
  sessionStorage.removeItem(STORED);
}

export const session = () => get('/explorer/session');

export const sites = () => asOperator('/operator/sites');

export const metadata = (site) => asOperator(`/operator/sites/${encodeURIComponent(site)}/metadata`);

/** What becomes of a search; `search` is its text as it follows the FHIR base, encoded. */
export function explain(site, search, dialect, signal) {
  const [path, query] = search.split(/\?(.*)/s);
  const own = ['explain-run=true'];
  if (dialect) own.push(`explain-dialect=${encodeURIComponent(dialect)}`);
  const asked = [...own, ...(query ? [query] : [])].join('&');
  const below = path ? `/${path}` : '';
  return asOperator(`/operator/sites/${encodeURIComponent(site)}/explain${below}?${asked}`, signal);
}

/** How the server and a mapping that is watched are; it is told whatever its status is. */
export async function ready() {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const response = await fetched('/health/ready', headers, AbortSignal.timeout(10_000));
  return response.json();
}

const asOperator = (path, signal) => get(path, { Authorization: `Bearer ${key ?? ''}` }, signal);

async function get(path, headers = {}, signal = undefined) {
  const limit = AbortSignal.timeout(PATIENCE);
  const response = await fetched(path, headers, signal ? AbortSignal.any([signal, limit]) : limit);
  if (response.ok) return response.json();
  throw await refusal(response);
}

async function fetched(path, headers, signal) {
  try {
    return await fetch(path, { headers, signal, cache: 'no-store', credentials: 'omit', redirect: 'error' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    const late = error.name === 'TimeoutError';
    throw new Refused({
      status: 0,
      message: late ? 'The server did not answer in time' : 'The server cannot be reached',
      remedy: late
        ? 'Narrow the search, or try again later.'
        : 'See in its terminal whether it runs, and run the search again.',
    });
  }
}

async function refusal(response) {
  let said = {};
  try {
    said = (await response.json()).error ?? {};
  } catch {
    // A proxy's page, or nothing: the status says enough.
  }
  const { issue } = said;
  const after = response.headers.get('Retry-After');
  const wait = after && /^\d+$/.test(after) ? ` The server asks to wait ${after} s.` : '';
  return new Refused({
    status: response.status,
    code: issue?.code,
    message: issue?.text ?? said.message ?? `The answer is ${response.status} ${response.statusText}`.trim(),
    remedy: (issue?.remedy ?? ADVICE[response.status] ?? '') + wait,
    expression: issue?.expression,
  });
}

/** For answers that are not the server's own, such as a proxy's. */
const ADVICE = {
  401: 'Give the operator’s key.',
  403: 'Something between this page and the server keeps it from being asked.',
  404: 'Is the operator’s key configured? Without it there are no explanations.',
  429: 'Wait a moment, and run the search again.',
  502: 'A proxy does not reach the server.',
  503: 'Try again in a moment.',
  504: 'Narrow the search, or try again later.',
};
