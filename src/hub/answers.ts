import { messageOf } from '../errors.js';
import { formatBytes, printable } from '../system/console.js';
import { isObject, parseJson } from '../system/json.js';
import { patienceWithAnswer } from './patience.js';
import { hubFetch, readStart, withoutToken } from './requests.js';
import type { HubSettings } from './settings.js';

/** An answer of the hub that is not a file, at most. A page of its listings, 1,000 entries, takes less than half a megabyte. */
const mostAnswerBytes = 5_000_000;

/**
 * The `fetch` that the official client is given where it wants JSON: whatever a server sends, it gets a value of the right kind, or an
 * error whose message ends the sentence "... does not answer as the Hugging Face hub does".
 */
export function answerFetch(settings: HubSettings, kind: 'list' | 'object', token: string | undefined): typeof fetch {
  return async (input, init) => {
    const patience = patienceWithAnswer(settings);
    try {
      const response = await hubFetch(settings, token)(input, { ...init, signal: patience.signal });
      const { text, whole } = await readStart(response, mostAnswerBytes, patience.heard);
      if (!whole) throw new Error(`its answer is larger than ${formatBytes(mostAnswerBytes)}`);
      const value = parsed(withoutToken(text, token));
      if (kind === 'list' ? !Array.isArray(value) : !isObject(value)) throw new Error(`its answer is no JSON ${kind}`);
      const answer = new Response(null, { headers: response.headers });
      // So that it is not parsed twice.
      return Object.defineProperty(answer, 'json', { value: async () => value });
    } finally {
      patience.end();
    }
  };
}

/** The `fetch` for who wants the headers of an answer only: the body, a file perhaps, is not waited for. */
export function headersFetch(settings: HubSettings, token: string | undefined): typeof fetch {
  return async (input, init) => {
    const patience = patienceWithAnswer(settings);
    try {
      const response = await hubFetch(settings, token)(input, { ...init, signal: patience.signal });
      // A short body is read, so that the connection serves the next request.
      await readStart(response, 1000, patience.heard);
      return response;
    } finally {
      patience.end();
    }
  };
}

function parsed(text: string): unknown {
  try {
    return parseJson(text, 'its answer');
  } catch (error) {
    // Quotes what came, which may be anything.
    throw new Error(printable(messageOf(error).replace(/\.$/, ''), 200), { cause: error });
  }
}
