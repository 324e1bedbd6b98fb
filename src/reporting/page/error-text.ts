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
    case 'missed': {
      const other = overlapping(gold!, 'predicted', sentence);
      const why =
        other === null
          ? [plain(', nothing was predicted')]
          : [
              ...[plain('; it overlaps the prediction '), words(other.predicted)],
              ...[plain(', which is paired with '), words(other.gold)],
            ];
      return [...begin, words(gold), plain(` is ${gold!.type}`), ...why, ...end];
    }
    case 'spurious': {
      const other = overlapping(predicted!, 'gold', sentence);
      const why =
        other === null
          ? [plain(', there is no entity')]
          : [
              ...[plain('; it overlaps '), words(other.gold)],
              ...[plain(', which is paired with the prediction '), words(other.predicted)],
            ];
      return [...begin, words(predicted), plain(` was predicted ${predicted!.type}`), ...why, ...end];
    }
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

/** The entity of which one side shares words with a span that is paired with none. It is paired itself, or the two would be a pair. */
function overlapping(span: Span, side: 'gold' | 'predicted', { entities }: Sentence): SentenceEntity | null {
  return (
    entities.find(entity => {
      const other = entity[side];
      return other !== null && other.first <= span.last && span.first <= other.last;
    }) ?? null
  );
}

const seenText = {
  'same type': 'seen in training',
  'another type': 'seen with another type',
  unseen: 'not seen in training',
} as const;
