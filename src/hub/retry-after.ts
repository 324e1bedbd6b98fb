/**
 * How long a server asks to be left alone, by the headers of its answer; undefined where they do not say.
 *
 * - `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3);
 * - `RateLimit: "api";r=0;t=12`, as the Hugging Face hub has it, or `limit=100, remaining=0, reset=12`, its older form;
 * - `RateLimit-Reset`, `X-RateLimit-Reset` and `X-Rate-Limit-Reset`: seconds, or the second or millisecond since 1970 at which it ends.
 *
 * `Retry-After` comes before the others, which also stand in answers that refuse nothing: a window that has requests left is not waited for.
 *
 * @param nowMs what dates count from where the answer has no `Date`: the server's own clock and this one may differ
 */
export function askedPauseMs(headers: Headers, nowMs: number): number | undefined {
  const date = dateMs(headers.get('date')) ?? nowMs;
  const seconds = retryAfterSeconds(headers.get('retry-after'), date) ?? resetSeconds(headers, date);
  return seconds === undefined ? undefined : Math.max(0, Math.ceil(seconds * 1000));
}

function retryAfterSeconds(value: string | null, nowMs: number): number | undefined {
  const date = dateMs(value);
  return numberIn(value) ?? (date === undefined ? undefined : (date - nowMs) / 1000);
}

function resetSeconds(headers: Headers, nowMs: number): number | undefined {
  const windows = [...windowsOf(headers.get('ratelimit') ?? ''), ...separateWindows(headers)];
  const usedUp = windows.filter(({ remaining }) => remaining === undefined || remaining <= 0);
  const seconds = usedUp.flatMap(({ reset }) => (reset === undefined ? [] : [fromNow(reset, nowMs)]));
  return seconds.length === 0 ? undefined : Math.max(...seconds);
}

/** What may be asked of a server until a point in time. */
interface Window {
  remaining: number | undefined;
  reset: number | undefined;
}

/** `"api";r=0;t=12, "day";r=9;t=100` names several windows; in `limit=9, remaining=0, reset=12` the commas separate the parts of one. */
function windowsOf(rateLimit: string): Window[] {
  const isOld = /(^|[\s,;])reset=/i.test(rateLimit);
  return (isOld ? [rateLimit] : rateLimit.split(',')).map(text => {
    const part = (name: string) =>
      numberIn(new RegExp(`(?:^|[\\s,;])${name}=([^\\s,;]+)`, 'i').exec(text)?.[1] ?? null);
    return { remaining: part('r') ?? part('remaining'), reset: part('t') ?? part('reset') };
  });
}

function separateWindows(headers: Headers): Window[] {
  return ['ratelimit', 'x-ratelimit', 'x-rate-limit'].map(name => ({
    remaining: numberIn(headers.get(`${name}-remaining`)),
    reset: numberIn(headers.get(`${name}-reset`)),
  }));
}

/** No server asks for thirty years: a number that large is a point in time. */
function fromNow(reset: number, nowMs: number): number {
  if (reset < 1e9) return reset;
  return (reset < 1e11 ? reset : reset / 1000) - nowMs / 1000;
}

function numberIn(value: string | null): number | undefined {
  return value !== null && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined;
}

/** The three forms of a date in HTTP begin with the day's name. The last of them names no zone, and is of GMT as the others. */
function dateMs(value: string | null): number | undefined {
  if (value === null || !/^[a-z]+,? .*\d\d:\d\d:\d\d/i.test(value)) return undefined;
  const ms = Date.parse(/GMT$/.test(value) ? value : `${value} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
