import { addressOf, type View, viewOfAddress } from '../address.js';
import { type ExportFormat, exportFormats } from '../export-formats.js';
import { asksForEntities, createMatcher, everything, fits } from '../filter.js';
import type { Listed, PageData } from '../page-data.js';
import { searchText } from '../search.js';
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
let isApplied = false;
let view: View = { lang: null, stage: null, filter: { ...everything, kind: 'error' }, at: null };

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
for (const format of exportFormats) {
  saveButton(format).addEventListener('click', () => save(format, shown, data));
}
listenToKeys({
  step: by => {
    list.step(by);
    byId('list').scrollIntoView({ block: 'nearest' });
  },
  clearSearch: () => change({ ...view, filter: { ...view.filter, search: '' }, at: null }),
  clear: () => change({ ...view, filter: { ...everything, kind: 'error' }, at: null }),
});
document.documentElement.classList.add('scripted');
tellWhatScrolls();
// To read the sentences of all languages may take a second: what is above them is shown first.
if (!followAddress()) setTimeout(() => isApplied || apply(view), 50);
prepareSearch();

/** Boxes that are wider than the screen say that they scroll; some are so when they are opened, or the screen is turned. */
function tellWhatScrolls(): void {
  const observer = new ResizeObserver(changes => {
    for (const { target } of changes) target.classList.toggle('scrolls', target.scrollWidth > target.clientWidth + 1);
  });
  for (const box of document.querySelectorAll('.scroll')) observer.observe(box);
}

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
  isApplied = true;
  controls.show(view);
  const matches = createMatcher(view.filter);
  const all = chosenSets().flatMap(sentencesOf);
  shown = all.filter(({ sentence }) => matches(sentence));
  count.textContent = countText(all.length);
  for (const format of exportFormats) saveButton(format).disabled = shown.length === 0;
  const at = view.at === null ? -1 : shown.findIndex(({ sentence }) => sentence.row === view.at);
  list.show(shown, at);
}

/** "64 of 1,000 sentences have such an entity (65 entities)" */
function countText(all: number): string {
  if (shown.length === 0) return `None of ${number(all)} sentences fits. Clear the filters to see more.`;
  const sentences = `${number(shown.length)} of ${number(all)} sentences`;
  if (!asksForEntities(view.filter)) return sentences;
  const fitting = ({ sentence }: Listed) => sentence.entities.filter(entity => fits(entity, view.filter)).length;
  const entities = shown.reduce((sum, one) => sum + fitting(one), 0);
  return `${sentences} ${shown.length === 1 ? 'has' : 'have'} such an entity (${number(entities)} ${entities === 1 ? 'entity' : 'entities'})`;
}

function saveButton(format: ExportFormat): HTMLButtonElement {
  return byId<HTMLButtonElement>(`save-${format}`);
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
