import { visible } from '../../../system/visible.js';
import type { View } from '../address.js';
import {
  type EntityLength,
  entityLengths,
  filterKinds,
  noEntity,
  type SeenName,
  type SentenceFilter,
  seenNames,
} from '../filter.js';
import type { PageData } from '../page-data.js';
import { byId, element } from './elements.js';

/** The form above the list. */
export interface Controls {
  show(view: View): void;
}

const all = '';

/** @param onChange told of the view that the user asks for */
export function createControls(data: PageData, onChange: (view: View) => void): Controls {
  const select = (name: string) => byId<HTMLSelectElement>(`filter-${name}`);
  const fields = {
    ...{ lang: select('lang'), stage: select('stage'), kind: select('kind'), gold: select('gold') },
    ...{ predicted: select('predicted'), length: select('length'), seen: select('seen') },
  };
  const search = byId<HTMLInputElement>('filter-search');
  const value = <T extends string>({ value }: HTMLSelectElement): T | null => (value === all ? null : (value as T));
  const read = (): View => ({
    lang: value(fields.lang),
    stage: value(fields.stage),
    filter: {
      kind: value<NonNullable<SentenceFilter['kind']>>(fields.kind),
      gold: value(fields.gold),
      predicted: value(fields.predicted),
      length: value<EntityLength>(fields.length),
      seen: value<SeenName>(fields.seen),
      search: search.value,
    },
    at: null,
  });

  fill(fields.lang, [[all, 'all'], ...different(data.sets.map(({ lang, title }) => [lang, title] as const))]);
  fill(fields.stage, different(data.sets.map(({ stage }) => [stage, stage] as const)));
  fill(fields.kind, [[all, 'any or none'], ...filterKinds.map(kind => [kind, kindTexts[kind]] as const)]);
  const types = typesOf(data.labels);
  for (const field of [fields.gold, fields.predicted]) {
    fill(field, [[all, 'any'], ...types.map(type => [type, type] as const), [noEntity, 'none']]);
  }
  fill(fields.length, [[all, 'any'], ...entityLengths.map(length => [length, lengthText(length)] as const)]);
  fill(fields.seen, [[all, 'any'], ...seenNames.map(name => [name, seenText[name]] as const)]);
  const hide = (field: HTMLElement) => field.closest('.field')!.setAttribute('hidden', '');
  if (fields.stage.options.length < 2) hide(fields.stage);
  if (!data.sets.some(({ knowsSeen }) => knowsSeen)) hide(fields.seen);

  for (const field of Object.values(fields)) field.addEventListener('change', () => onChange(read()));
  search.addEventListener('input', () => onChange(read()));
  byId('filters').addEventListener('submit', event => event.preventDefault());
  return {
    show({ lang, stage, filter }) {
      choose(fields.lang, lang);
      if (stage !== null) choose(fields.stage, stage);
      choose(fields.kind, filter.kind);
      choose(fields.gold, filter.gold);
      choose(fields.predicted, filter.predicted);
      choose(fields.length, filter.length);
      choose(fields.seen, filter.seen);
      if (search.value !== filter.search) search.value = filter.search;
    },
  };
}

/** What sentences have that are shown, after the label "Sentence has". */
const kindTexts: Readonly<Record<(typeof filterKinds)[number], string>> = {
  error: 'any error',
  correct: 'a correct entity',
  type: 'a wrong type',
  boundary: 'wrong bounds',
  both: 'a wrong type with wrong bounds',
  missed: 'a missed entity',
  spurious: 'a spurious entity',
};

const seenText: Readonly<Record<SeenName, string>> = {
  'same-type': 'seen with this type',
  'another-type': 'seen with another type',
  unseen: 'not seen',
};

function lengthText(length: EntityLength): string {
  if (length === '1') return '1 word';
  return length === '4+' ? '4 words or more' : `${length} words`;
}

function fill(field: HTMLSelectElement, options: readonly (readonly [value: string, text: string])[]): void {
  field.replaceChildren(
    ...options.map(([value, text]) => {
      const option = element('option', '', visible(text));
      option.value = value;
      return option;
    }),
  );
}

/** What is not among the options is added: an address may ask for what is nowhere. */
function choose(field: HTMLSelectElement, value: string | null): void {
  const wanted = value ?? all;
  if (![...field.options].some(option => option.value === wanted)) {
    const option = element('option', '', visible(wanted));
    option.value = wanted;
    field.append(option);
  }
  field.value = wanted;
}

function different(options: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  return [...new Map(options)];
}

/** The entity types of tags. */
function typesOf(labels: readonly string[]): string[] {
  const types = labels.flatMap(label => (label === noEntity ? [] : label.replace(/^[BIES]-/, '')));
  return [...new Set(types)].sort();
}
