import { html, type Markup } from './markup.js';

/** What the words of the page mean, for whoever did not make the study. */
export function glossary(): Markup {
  return html`<section aria-labelledby="words">
<h2 id="words">Words used here</h2>
<dl class="glossary">${words.map(([word, meaning]) => html`<div><dt>${word}</dt><dd>${meaning}</dd></div>\n`)}</dl>
</section>
`;
}

const words: readonly (readonly [word: string, meaning: string])[] = [
  [
    'stage',
    'A step of a study: rows that a model is trained on, and the model that it starts from. A stage is trained once for each seed.',
  ],
  [
    'protocol',
    'The plan of a study: which stages it has, what each starts from, and in which languages each is scored.',
  ],
  [
    'seed',
    'The number that the random choices of a training come from, such as the order of its rows. Another seed gives a somewhat different F1.',
  ],
  [
    'default mode',
    'How seqeval reads entities from tags when it is not strict: a tag I- begins an entity where none of its type goes on. An entity is right where its bounds and its type are.',
  ],
  [
    'n',
    'In tables of results the number of trainings that a mean is of. In the signature the number of rows that were scored.',
  ],
  ['entity density', 'The share of the words of a sentence that are of a true entity.'],
  [
    'capitalisation',
    'Which words of an entity begin with a capital: every word, some, none, or all letters are capitals.',
  ],
  [
    'label consistency',
    'How often the text of an entity is an entity of that type in training, by how often its words stand there in a row. 1: always; 0: never.',
  ],
  [
    'softmin score',
    'How likely a model finds the least likely true tags of a sentence, from 0 to 1. Where it is low, a tag of the data may be wrong.',
  ],
];
