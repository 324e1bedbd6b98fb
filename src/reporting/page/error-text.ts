import type { Span } from '../../evaluation/analysis/spans.js';
import { mainSpan, type Sentence, type SentenceEntity, textOf } from './sentences.js';

/** A part of a sentence about an error: panx's own words, the name of its kind, or words of the corpus. */
export type ErrorPart = { plain: string } | { kind: string } | { words: string };

/** What went wrong with an entity, in words: "missed: Galatasaray is ORG, nothing was predicted". */
export function errorText(entity: SentenceEntity, sentence: Sentence): ErrorPart[] {
  const { kind, gold, predicted, seen } = entity;
  const words = (span: typeof gold): ErrorPart => ({ words: textOf(span!, sentence) });
  const plain = (text: string): ErrorPart => ({ plain: text });
  const begin: ErrorPart[] = [{ kind }, plain(' ')];
  const end = seen === null ? [] : [plain(` (${seenText[seen]})`)];
  switch (kind) {
    case 'correct':
      return [...begin, words(gold), plain(` is ${gold!.type}, as predicted`), ...end];
    case 'missed':
      return [
        ...[...begin, words(gold)],
        plain(
          overlapsOther(gold!, 'predicted', sentence)
            ? ` is ${gold!.type}, what was predicted there goes with another entity`
            : ` is ${gold!.type}, nothing was predicted`,
        ),
        ...end,
      ];
    case 'spurious':
      return [
        ...[...begin, words(predicted)],
        plain(
          overlapsOther(predicted!, 'gold', sentence)
            ? ` was predicted ${predicted!.type}, the true entity there goes with another prediction`
            : ` was predicted ${predicted!.type}, there is no entity`,
        ),
        ...end,
      ];
    case 'type':
      return [...begin, words(gold), plain(` is ${gold!.type}, predicted ${predicted!.type}`), ...end];
    case 'boundary':
      return [
        ...[...begin, plain(`${mainSpan(entity).type} is `), words(gold)],
        ...[plain(', predicted '), words(predicted), ...end],
      ];
    case 'both':
      return [
        ...[...begin, words(gold), plain(` is ${gold!.type}, predicted ${predicted!.type} `)],
        ...[words(predicted), ...end],
      ];
  }
}

/** Whether some entity of the other side shares words with a span that goes with none. */
function overlapsOther({ first, last }: Span, side: 'gold' | 'predicted', { entities }: Sentence): boolean {
  return entities.some(entity => {
    const other = entity[side];
    return other !== null && other.first <= last && first <= other.last;
  });
}

const seenText = {
  'same type': 'seen in training',
  'another type': 'seen with another type',
  unseen: 'not seen in training',
} as const;
