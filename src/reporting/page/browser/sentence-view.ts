import type { Span } from '../../../evaluation/analysis/spans.js';
import { visible } from '../../../system/visible.js';
import { errorText } from '../error-text.js';
import { asksForEntities, fits, type SentenceFilter } from '../filter.js';
import type { RowSet } from '../page-data.js';
import type { Sentence, SentenceEntity } from '../sentences.js';
import { element } from './elements.js';

/** A sentence with its entities marked, and a line for each error. Those that the filter asks for stand out. */
export function showSentence(sentence: Sentence, set: RowSet, filter: SentenceFilter): HTMLElement {
  const asks = asksForEntities(filter);
  const errors = sentence.entities.filter(({ kind }) => kind !== 'correct');
  const words = element('p', 'words', ...markedWords(sentence));
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

/** The words, with the names of types where entities begin: `ORG` of a true one, `LOC?` of a predicted one, `ORG ✓` of one that is right. */
function markedWords({ words, predicted, entities }: Sentence): (Node | string)[] {
  const nodes: (Node | string)[] = [];
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
    const text = visible(words.slice(first, end).join(' '));
    const names = [...namesAt(here, first)].flatMap(name => [name, ' ']);
    if (nodes.length > 0) nodes.push(' ');
    if (here.gold === null && here.predicted === null) nodes.push(isCut ? element('span', 'cut', text) : text);
    else nodes.push(element('span', classOf(here), ...names, text));
    first = end;
  }
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
  if (gold?.kind === 'correct') {
    if (gold.gold!.first === word) yield nameOf('right', `${gold.gold!.type} ✓`);
    return;
  }
  if (gold !== null && gold.gold!.first === word) yield nameOf('true', gold.gold!.type);
  if (predicted !== null && predicted.predicted!.first === word) yield nameOf('guess', `${predicted.predicted!.type}?`);
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
