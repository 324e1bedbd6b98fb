import type { Span } from '../../../evaluation/analysis/spans.js';
import { visible } from '../../../system/visible.js';
import { errorText } from '../error-text.js';
import { asksForEntities, fits, type SentenceFilter } from '../filter.js';
import type { RowSet } from '../page-data.js';
import { searchHits } from '../search.js';
import type { Sentence, SentenceEntity } from '../sentences.js';
import { element } from './elements.js';

/** A sentence with its entities and what is searched for marked, and a line for each error. Those that the filter asks for stand out. */
export function showSentence(sentence: Sentence, set: RowSet, filter: SentenceFilter): HTMLElement {
  const asks = asksForEntities(filter);
  const errors = sentence.entities.filter(({ kind }) => kind !== 'correct');
  const words = element('p', 'words', ...markedWords(sentence, searchHits(sentence.words, filter.search)));
  words.dir = 'auto';
  if (set.htmlLang !== null) words.lang = set.htmlLang;
  const lines = errors.map(error =>
    element('li', asks && fits(error, filter) ? 'asked' : '', ...errorLine(error, sentence, set)),
  );
  const number = element('p', 'row', visible(`${set.lang} row ${sentence.row}`));
  const cut = sentence.predicted.filter(tag => tag === null).length;
  if (cut > 0) number.append(` · ${cut} ${cut === 1 ? 'word' : 'words'} without a prediction`);
  return element('li', 'sentence', number, words, ...(lines.length > 0 ? [element('ul', 'errors', ...lines)] : []));
}

/**
 * The words, with the names of types where entities begin: `ORG` of a true one, `LOC?` of a predicted one, `ORG ✓` of one that is right. An entity
 * that is drawn in pieces has its name before each of them, `…LOC?` from the second on.
 *
 * @param hits begin and end of what is searched for, in the words joined by spaces
 */
function markedWords({ words, predicted, entities }: Sentence, hits: readonly [number, number][]): (Node | string)[] {
  const nodes: (Node | string)[] = [];
  let offset = 0;
  const at = (word: number) => ({
    gold: entities.find(({ gold }) => holds(gold, word)) ?? null,
    predicted: entities.find(one => holds(one.predicted, word)) ?? null,
  });
  let first = 0;
  while (first < words.length) {
    const here = at(first);
    const isCut = predicted[first] === null;
    let end = first + 1;
    while (end < words.length && isAlike(at(end), here, end) && (predicted[end] === null) === isCut) end++;
    const text = words.slice(first, end).join(' ');
    const shown = highlighted(text, offset, hits);
    offset += text.length + 1;
    const names = [...namesAt(here, first)].flatMap(name => [name, ' ']);
    if (nodes.length > 0) nodes.push(' ');
    if (here.gold === null && here.predicted === null)
      nodes.push(...(isCut ? [element('span', 'cut', ...shown)] : shown));
    else nodes.push(element('span', classOf(here), ...names, ...shown));
    first = end;
  }
  return nodes;
}

/** A text with the parts of it marked that are searched for. @param offset of the text, as the hits count */
function highlighted(text: string, offset: number, hits: readonly [number, number][]): (Node | string)[] {
  const nodes: (Node | string)[] = [];
  let at = 0;
  for (const [begin, end] of hits) {
    const [from, to] = [Math.max(at, begin - offset), Math.min(text.length, end - offset)];
    if (from >= to) continue;
    if (from > at) nodes.push(visible(text.slice(at, from)));
    nodes.push(element('mark', '', visible(text.slice(from, to))));
    at = to;
  }
  if (at < text.length || nodes.length === 0) nodes.push(visible(text.slice(at)));
  return nodes;
}

interface Here {
  gold: SentenceEntity | null;
  predicted: SentenceEntity | null;
}

function holds(span: Span | null, word: number): boolean {
  return span !== null && span.first <= word && word <= span.last;
}

/** Whether a word belongs to the same entities as the one before it. */
function isAlike(next: Here, before: Here, word: number): boolean {
  const begins = next.gold?.gold?.first === word || next.predicted?.predicted?.first === word;
  return !begins && next.gold === before.gold && next.predicted === before.predicted;
}

function classOf({ gold, predicted }: Here): string {
  if (gold !== null && gold.kind === 'correct') return 'entity right';
  return ['entity', gold === null ? '' : 'true', predicted === null ? '' : 'guess'].filter(Boolean).join(' ');
}

function* namesAt({ gold, predicted }: Here, word: number): Generator<HTMLElement> {
  const nameIn = ({ type, first }: Span) => (first === word ? type : `…${type}`);
  if (gold?.kind === 'correct') {
    yield nameOf('right', `${nameIn(gold.gold!)} ✓`);
    return;
  }
  if (gold !== null) yield nameOf('true', nameIn(gold.gold!));
  if (predicted !== null) yield nameOf('guess', `${nameIn(predicted.predicted!)}?`);
}

function nameOf(side: 'right' | 'true' | 'guess', text: string): HTMLElement {
  const name = element('b', `name ${side}-name`, visible(text));
  // With a direction of its own it has no say in that of the sentence.
  name.dir = 'ltr';
  return name;
}

/** "missed ORG: Galatasaray" */
function errorLine(entity: SentenceEntity, sentence: Sentence, { htmlLang }: RowSet): (Node | string)[] {
  return errorText(entity, sentence).map(part => {
    if ('plain' in part) return visible(part.plain);
    if ('kind' in part) return element('b', 'kind', part.kind);
    const quoted = element('bdi', 'quoted', visible(part.words));
    if (htmlLang !== null) quoted.lang = htmlLang;
    return quoted;
  });
}
