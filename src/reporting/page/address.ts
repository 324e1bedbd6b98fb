import { entityLengths, everything, filterKinds, type SentenceFilter, seenNames } from './filter.js';

/** What the list of sentences shows: which sentences of which rows, and which of them is the current one. */
export interface View {
  /** A language; null: all. */
  lang: string | null;
  /** A stage; null: the first. */
  stage: string | null;
  filter: SentenceFilter;
  /** Row of the current sentence. */
  at: number | null;
}

/** A view as the part of an address behind `#`, without the `#`: `lang=tr&kind=missed&gold=ORG`. */
export function addressOf({ lang, stage, filter, at }: View): string {
  const { kind, gold, predicted, length, seen, search } = filter;
  const fields = { lang, stage, kind: kind ?? 'any', gold, predicted, length, seen, search, at };
  const asked = Object.entries(fields).filter(([, value]) => value !== null && value !== '');
  return new URLSearchParams(asked.map(([name, value]): [string, string] => [name, String(value)])).toString();
}

/** The view that an address asks for; null where it asks for none, but for a place of the page. What is unknown in it is left out. */
export function viewOfAddress(hash: string): View | null {
  const text = hash.replace(/^#/, '');
  if (!text.includes('=')) return null;
  const fields = new URLSearchParams(text);
  const oneOf = <T extends string>(name: string, known: readonly T[]): T | null =>
    known.find(value => value === fields.get(name)) ?? null;
  const at = fields.get('at');
  return {
    lang: fields.get('lang'),
    stage: fields.get('stage'),
    filter: {
      ...everything,
      kind: oneOf('kind', filterKinds),
      gold: fields.get('gold'),
      predicted: fields.get('predicted'),
      length: oneOf('length', entityLengths),
      seen: oneOf('seen', seenNames),
      search: fields.get('search') ?? '',
    },
    at: at !== null && /^\d{1,9}$/.test(at) ? Number(at) : null,
  };
}
