/** The keys that lead to a value; or a fraction, which means one of all values in the order of the text. */
export type JsonPlace = readonly (string | number)[] | number;

/** JSON as text, which may be what no value of JavaScript is: `1e999`, 200,000 levels. `nested`: so many arrays. */
export type JsonText = string | { nested: number } | { long: number };

/** Put a JSON text in the place of a value of another, or take the value away (null). The empty place is the whole. */
export function changeJson(text: string, at: JsonPlace, value: JsonText | null, indent: number): string {
  const put = value === null ? null : jsonText(value);
  const root: unknown = JSON.parse(text);
  const path = typeof at === 'number' ? somePlace(root, at) : at;
  if (path.length === 0) return put ?? '';
  const marker = '\u0001place\u0001';
  const last = path.at(-1)!;
  let parent: unknown = root;
  for (const key of path.slice(0, -1)) parent = childOf(parent, key);
  if (typeof parent !== 'object' || parent === null) throw new Error(`there is no ${path.join('.')}`);
  if (put === null) {
    if (!Object.hasOwn(parent, last)) throw new Error(`there is no ${path.join('.')}`);
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else delete (parent as Record<string, unknown>)[last];
  } else {
    Object.defineProperty(parent, last, { value: marker, enumerable: true, configurable: true, writable: true });
  }
  return JSON.stringify(root, null, indent).replace(JSON.stringify(marker), () => put ?? '');
}

/** The keys that lead to a place. */
export function placeOf(text: string, at: JsonPlace): readonly (string | number)[] {
  return typeof at === 'number' ? somePlace(JSON.parse(text), at) : at;
}

/** The changes that lead from a JSON text to another; null where values cannot say it, or it would take many. */
export function jsonChanges(before: string, after: string): [(string | number)[], JsonText | null][] | null {
  const changes: [(string | number)[], JsonText | null][] = [];
  const walk = (a: unknown, b: unknown, path: (string | number)[]) => {
    if (changes.length > 9 || sameValue(a, b)) return;
    const inside = isContainer(a) && isContainer(b) && Array.isArray(a) === Array.isArray(b);
    if (Array.isArray(a) && Array.isArray(b) && b.length === a.length - 1) {
      const gone = a.findIndex((element, i) => !sameValue(element, b[i]));
      if (sameValue(a.toSpliced(gone, 1), b)) {
        changes.push([[...path, gone], null]);
        return;
      }
    }
    // What an element more, or several less, would shift is told as a whole.
    if (!inside || (Array.isArray(a) && Array.isArray(b) && a.length !== b.length)) {
      changes.push([path, textOf(b)]);
      return;
    }
    for (const key of Object.keys(a)) {
      const place = [...path, Array.isArray(a) ? Number(key) : key];
      if (!Object.hasOwn(b, key)) changes.push([place, null]);
      else walk(a[key], b[key], place);
    }
    for (const key of Object.keys(b)) if (!Object.hasOwn(a, key)) changes.push([[...path, key], textOf(b[key])]);
  };
  try {
    const [a, b] = [JSON.parse(before) as unknown, JSON.parse(after) as unknown];
    walk(a, b, []);
  } catch {
    return null;
  }
  return changes.length > 9 ? null : changes;
}

function sameValue(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (isContainer(a) && isContainer(b) && JSON.stringify(a) === JSON.stringify(b));
}

/** @throws where it holds 1e999, which is no value of JSON's, or more levels than can be walked */
function textOf(value: unknown): string {
  if (value === Number.POSITIVE_INFINITY) return '1e999';
  if (value === Number.NEGATIVE_INFINITY) return '-1e999';
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'number' && !Number.isFinite(part)) throw new Error('a number without end');
    return part;
  });
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function jsonText(value: JsonText): string {
  if (typeof value === 'string') return value;
  if ('nested' in value) return '['.repeat(value.nested) + ']'.repeat(value.nested);
  return JSON.stringify('x'.repeat(value.long));
}

function childOf(parent: unknown, key: string | number): unknown {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key))
    throw new Error(`there is no ${key}`);
  return (parent as Record<string | number, unknown>)[key];
}

/** The place of the value at a fraction of all values. */
function somePlace(root: unknown, fraction: number): (string | number)[] {
  const places: (string | number)[][] = [[]];
  const walk = (node: unknown, path: (string | number)[]) => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      const place = [...path, Array.isArray(node) ? Number(key) : key];
      places.push(place);
      // A vocabulary has thousands of values, which would be all that is ever met.
      if (places.length < 400) walk((node as Record<string, unknown>)[key], place);
    }
  };
  walk(root, []);
  return places[Math.min(places.length - 1, Math.floor(fraction * places.length))]!;
}
