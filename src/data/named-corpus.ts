import { type Corpora, type CorpusSettings, corpusOf, hasSplit } from '../config/corpora.js';
import { PanxError } from '../errors.js';
import { sha256 } from '../system/checksums.js';
import { formatCount, notice } from '../system/console.js';
import { reasonOf, sha256OfFile } from '../system/files.js';
import { canonicalJson } from '../system/json.js';
import type { Reading, SourceFile, SplitSource } from './corpus.js';
import { type CorpusSurvey, surveyOf } from './corpus-survey.js';
import { readConll } from './formats/conll.js';
import { readJsonl } from './formats/jsonl.js';
import { readShard, type Shard } from './formats/parquet.js';
import { readTaggedParquet } from './formats/parquet-tags.js';
import type { TaggedFile } from './formats/tagged-file.js';
import { someLabels } from './labels.js';
import { namedFiles } from './named-files.js';
import { type SplitName, splitNames } from './splits.js';
import { parseTag, toIob2 } from './tag-schemes.js';

/** Changes whenever the same files of a named corpus would give other rows. */
const readingVersion = 3;

/**
 * Find a split of a named corpus: its files, and what it takes to read them. Which tags a corpus has, and of which scheme they are, is a
 * matter of all files of the language: a test split without I-MISC has the tags of the others. So they are all hashed, and read before the
 * first row is, unless both are told.
 *
 * @param lang `name=lang`
 * @throws PanxError where a file is missing, or cannot be read
 */
export async function openNamedSplit(corpora: Corpora, lang: string, split: SplitName): Promise<SplitSource> {
  const { corpus } = corpusOf(corpora, lang);
  if (corpus.format === 'panx') {
    const files = await hashed(await namedFiles(corpora, lang, split));
    return { lang, split, files, shards: () => readPanx(lang, split, files) };
  }
  const files = new Map<SplitName, SourceFile[]>();
  const isTold = corpus.scheme !== 'auto' && corpus.labels !== null;
  for (const one of splitNames) {
    const wanted = one === split || (!isTold && hasSplit(corpus, one));
    if (wanted) files.set(one, await hashed(await namedFiles(corpora, lang, one)));
  }
  const { format, columns, scheme, labels } = corpus;
  const sums = [...files].map(([one, sources]) => (isTold ? [] : [one, sources.map(file => file.sha256)]));
  const reading = sha256(canonicalJson({ readingVersion, format, columns, scheme, labels, sums }));
  const own = files.get(split)!;
  const survey = () => surveyed(reading, () => surveyOf(lang, corpus, allOf(files), path => readFile(corpus, path)));
  return { lang, split, files: own, reading, shards: () => readShards(lang, split, corpus, own, survey) };
}

function allOf(files: ReadonlyMap<SplitName, SourceFile[]>): SourceFile[] {
  return [...files.values()].flat();
}

/** Surveys of this process, by what determines them: three splits need one. */
const surveys = new Map<string, Promise<CorpusSurvey>>();

function surveyed(reading: string, survey: () => Promise<CorpusSurvey>): Promise<CorpusSurvey> {
  const known = surveys.get(reading) ?? survey();
  surveys.set(reading, known);
  known.catch(() => surveys.delete(reading)); // The file may be repaired while a server runs.
  return known;
}

async function hashed(files: readonly { path: string; name: string }[]): Promise<SourceFile[]> {
  const sources: SourceFile[] = [];
  for (const { path, name } of files) {
    const sum = await sha256OfFile(path).catch((error: unknown) => {
      throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
    });
    sources.push({ path, name, sha256: sum });
  }
  return sources;
}

async function readFile({ format, columns, labels }: CorpusSettings, path: string): Promise<TaggedFile> {
  switch (format) {
    case 'conll':
      return await readConll(path, columns);
    case 'jsonl':
      return await readJsonl(path, columns, labels);
    case 'parquet':
      return await readTaggedParquet(path, columns, labels);
    case 'panx':
      throw new Error('files of PAN-X are read by readShard');
  }
}

async function* readShards(
  lang: string,
  split: SplitName,
  corpus: CorpusSettings,
  files: readonly SourceFile[],
  survey: () => Promise<CorpusSurvey>,
): AsyncGenerator<Shard> {
  const readings: Reading[] = [];
  let rows = 0;
  let words = 0;
  for (const source of files) {
    const { scheme, labelNames } = await survey();
    const file = await readFile(corpus, source.path);
    refuseIfChanged(source, file.sha256);
    const shard = convert(file, scheme, labelNames);
    readings.push(shard.reading);
    rows += shard.columns.rows;
    words += shard.columns.tagIds.length;
    yield shard;
  }
  if (rows === 0) throw noRows(lang, split, files);
  tell(lang, split, readings, words);
}

/** A file with the tags of its corpus. @throws PanxError where one is none of these */
function convert(
  file: TaggedFile,
  scheme: Reading['scheme'],
  labelNames: readonly string[],
): Shard & { reading: Reading } {
  const ids = new Map(labelNames.map((name, id) => [name, id]));
  const tags = file.tags.map(({ name }) => parseTag(name)!);
  const { tagIds, changed } = toIob2(file.columns, tags, scheme, (prefix, type) => {
    return ids.get(prefix === 'O' ? 'O' : `${prefix}-${type}`) ?? -1;
  });
  const strange = tagIds.indexOf(-1);
  if (strange >= 0) {
    const { name, place } = file.tags[file.columns.tagIds[strange]!]!;
    throw new PanxError(
      `${file.path}, ${place}: the tag ${name}${scheme === 'IOB2' ? '' : ', in IOB2,'} is none of the tags of its corpus, ${someLabels(labelNames)}.`,
      { hint: 'Repair the file, or add the tag to labels (docs/corpora.md).' },
    );
  }
  const { documentMarks, otherLines } = file;
  return {
    ...{ path: file.path, sha256: file.sha256, labelNames },
    columns: { ...file.columns, tagIds },
    reading: { scheme, changedTags: changed, documentMarks, otherLines },
  };
}

/** PAN-X's own files, with the names of its tags as they stand in them. */
async function* readPanx(lang: string, split: SplitName, files: readonly SourceFile[]): AsyncGenerator<Shard> {
  let rows = 0;
  let labelNames: readonly string[] | undefined;
  for (const source of files) {
    const shard = await readShard(source.path);
    refuseIfChanged(source, shard.sha256);
    labelNames ??= shard.labelNames;
    if (labelNames.join('\n') !== shard.labelNames.join('\n')) {
      throw new PanxError(
        `${source.path} names its tags ${someLabels(shard.labelNames)}; expected ${someLabels(labelNames)}, as in ${files[0]!.path}.`,
        { hint: 'Keep the files of one download and remove the others.' },
      );
    }
    rows += shard.columns.rows;
    yield shard;
  }
  if (rows === 0) throw noRows(lang, split, files);
}

function refuseIfChanged({ path, sha256: expected }: SourceFile, found: string): void {
  if (found === expected) return;
  throw new PanxError(`${path} was changed while it was read.`, { hint: 'Start again once it is whole.' });
}

function noRows(lang: string, split: SplitName, files: readonly SourceFile[]): PanxError {
  return new PanxError(
    `${files.map(({ path }) => path).join(', ')}: the ${split} split of ${lang} has no rows; expected at least one.`,
    { hint: 'Give a file with sentences.' },
  );
}

/** What was said already: who counts a split and then encodes it reads it twice. */
const told = new Set<string>();

/** Say what reading has changed and dropped, once. */
function tell(lang: string, split: SplitName, readings: readonly Reading[], words: number): void {
  const sum = (of: (reading: Reading) => number) => readings.reduce((total, reading) => total + of(reading), 0);
  const [changed, marks, others] = [
    sum(one => one.changedTags),
    sum(one => one.documentMarks),
    sum(one => one.otherLines),
  ];
  const { scheme } = readings[0]!;
  const phrases = [
    ...(changed === 0
      ? []
      : [`${formatCount(changed)} of ${formatCount(words)} tags converted from ${scheme} to IOB2`]),
    ...(marks === 0 ? [] : [`${formatCount(marks)} -DOCSTART- ${marks === 1 ? 'line' : 'lines'} dropped`]),
    ...(others === 0
      ? []
      : [`${formatCount(others)} ${others === 1 ? 'line' : 'lines'} of no word of the text dropped`]),
  ];
  const line = `${lang} ${split}: ${phrases.join(', ')}`;
  if (phrases.length === 0 || told.has(line)) return;
  told.add(line);
  notice(line);
}
