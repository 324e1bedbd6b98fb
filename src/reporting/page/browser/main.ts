import { addressOf, type View, viewOfAddress } from '../address.js';
import { createMatcher, everything, searchText } from '../filter.js';
import type { Listed, PageData } from '../page-data.js';
import type { EncodedSentence, Sentence } from '../sentences.js';
import { decodeSentence } from '../sentences.js';
import { createControls } from './controls.js';
import { byId } from './elements.js';
import { listenToKeys } from './keyboard.js';
import { save } from './save.js';
import { showSentence } from './sentence-view.js';
import { createVirtualList } from './virtual-list.js';

const data = JSON.parse(byId('report-data').textContent) as PageData;
const decoded = new Map<number, Listed[]>();
const controls = createControls(data, change);
const count = byId('count');
let shown: Listed[] = [];
let view: View = { lang: data.sets[0]?.lang ?? null, stage: null, filter: { ...everything, kind: 'error' }, at: null };

const list = createVirtualList<Listed>(byId('list'), {
  estimate: estimatedHeight,
  render: ({ set, sentence }) => showSentence(sentence, data.sets[set]!, view.filter),
  onCurrent: item => {
    view = { ...view, at: item?.sentence.row ?? null };
    writeAddress();
  },
});

window.addEventListener('hashchange', followAddress);
// A link to what the address says already is no change of it.
document.addEventListener('click', event => {
  const link = (event.target as Element).closest<HTMLAnchorElement>('a[href*="="]');
  if (link !== null && link.hash === location.hash) goToList();
});
for (const format of ['prodigy', 'jsonl'] as const) {
  byId(`save-${format}`).addEventListener('click', () => save(format, shown, data));
}
listenToKeys({
  step: by => {
    list.step(by);
    byId('list').scrollIntoView({ block: 'nearest' });
  },
  clear: () => change({ ...view, filter: { ...everything, kind: 'error' }, at: null }),
});
document.documentElement.classList.add('scripted');
if (!followAddress()) apply(view);
prepareSearch();

/** The user has chosen something. */
function change(next: View): void {
  apply(next);
  writeAddress();
}

/** @returns whether the address asks for sentences */
function followAddress(): boolean {
  const asked = viewOfAddress(location.hash);
  if (asked === null) return false;
  if (asked.lang === view.lang && addressOf(asked) === addressOf(view)) return true;
  apply(asked);
  goToList();
  return true;
}

function goToList(): void {
  byId('sentences').scrollIntoView();
  byId('list').focus({ preventScroll: true });
}

function apply(next: View): void {
  view = next;
  controls.show(view);
  const matches = createMatcher(view.filter);
  const all = chosenSets().flatMap(sentencesOf);
  shown = all.filter(({ sentence }) => matches(sentence));
  count.textContent =
    shown.length === 0
      ? `None of ${number(all.length)} sentences fits. Clear the filters to see more.`
      : `${number(shown.length)} of ${number(all.length)} sentences`;
  const at = view.at === null ? -1 : shown.findIndex(({ sentence }) => sentence.row === view.at);
  list.show(shown, at);
}

let waiting: number | undefined;

/** Soon, since browsers refuse to do so many times in a row. No step of the history: one for each letter would make the way back long. */
function writeAddress(): void {
  clearTimeout(waiting);
  waiting = window.setTimeout(() => history.replaceState(null, '', `#${addressOf(view)}`), 150);
}

function chosenSets(): number[] {
  const stage = view.stage ?? data.sets[0]?.stage;
  return data.sets.flatMap((set, i) =>
    set.stage === stage && (view.lang === null || set.lang === view.lang) ? [i] : [],
  );
}

function sentencesOf(set: number): Listed[] {
  let sentences = decoded.get(set);
  if (sentences === undefined) {
    const rows = JSON.parse(byId(`rows-${set}`).textContent) as EncodedSentence[];
    sentences = rows.map((row, i) => listed(set, decodeSentence(i, row, data.labels)));
    decoded.set(set, sentences);
  }
  return sentences;
}

/** While nothing is asked: sets are decoded, and texts made ready to be searched in, a piece at a time. */
function prepareSearch(): void {
  const pieces = data.sets.flatMap((set, i) =>
    Array.from({ length: Math.ceil(set.sentences / 1000) }, (_, piece) => [i, piece * 1000] as const),
  );
  const next = (): void => {
    const [set, from] = pieces.shift() ?? [];
    if (set === undefined || from === undefined) return;
    for (const { sentence } of sentencesOf(set).slice(from, from + 1000)) searchText(sentence);
    setTimeout(next);
  };
  setTimeout(next, 200);
}

function listed(set: number, sentence: Sentence): Listed {
  const { words, entities } = sentence;
  const errors = entities.filter(({ kind }) => kind !== 'correct').length;
  // The names of types take room too.
  const characters = words.reduce((sum, word) => sum + word.length + 1, 8 * entities.length);
  return { set, sentence, characters, errors };
}

/** Of a sentence that was not shown yet, in px: its words and a line for each error. */
function estimatedHeight({ characters, errors }: Listed, width: number): number {
  return 44 + 30 * Math.ceil(characters / Math.max(20, width / 8.5)) + 23 * errors;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
