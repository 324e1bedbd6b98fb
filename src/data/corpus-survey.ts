import type { CorpusSettings, TagScheme } from '../config/corpora.js';
import { PanxError } from '../errors.js';
import type { SourceFile } from './corpus.js';
import type { TaggedFile } from './formats/tagged-file.js';
import { idsAmong, labelsOfTypes, orderedLabels, someLabels } from './labels.js';
import { isOfScheme, parseTag, schemeOf, schemeSigns } from './tag-schemes.js';

/** What all files of a language of a corpus have in common. */
export interface CorpusSurvey {
  scheme: TagScheme;
  /** The tags in IOB2, in the order of their ids. */
  labelNames: readonly string[];
}

/** What a file contributes. */
interface Seen {
  path: string;
  tags: TaggedFile['tags'];
  declared: boolean;
}

/**
 * Look at all files of a language of a corpus: of which scheme their tags are, and which tags there are. These are, in this order, those of
 * the setting `labels`; those that all the files declare; or B- and I- of every type that occurs, in the order of `orderedLabels`.
 *
 * @throws PanxError naming the file and the place of a tag that its scheme has no place for, and where files declare different tags
 */
export async function surveyOf(
  lang: string,
  { scheme: asked, labels }: CorpusSettings,
  files: readonly SourceFile[],
  read: (path: string) => Promise<TaggedFile>,
): Promise<CorpusSurvey> {
  const seen: Seen[] = [];
  const signs = { beginWithI: 0, beginWithB: 0 };
  for (const { path } of files) {
    const { columns, tags, declared } = await read(path);
    const found = schemeSigns(
      columns,
      tags.map(({ name }) => parseTag(name)!),
    );
    signs.beginWithI += found.beginWithI;
    signs.beginWithB += found.beginWithB;
    seen.push({ path, tags, declared });
  }
  const letters = new Set(seen.flatMap(({ tags }) => tags.map(({ name }) => name[0]!)));
  const scheme = asked === 'auto' ? schemeOf(letters, signs) : asked;
  if (scheme === null) throw twoSchemes(lang, seen);
  for (const { path, tags } of seen) {
    const strange = tags.find(({ name }) => !isOfScheme(parseTag(name)!, scheme));
    if (strange === undefined) continue;
    const where = strange.place === null ? path : `${path}, ${strange.place}`;
    throw new PanxError(`${where}: the tag ${strange.name} has no place in ${scheme}.`, {
      hint: 'Repair the file, or set scheme to that of its tags (auto finds out).',
    });
  }
  return { scheme, labelNames: labelNamesOf(lang, scheme, labels, seen) };
}

function labelNamesOf(
  lang: string,
  scheme: TagScheme,
  labels: readonly string[] | null,
  seen: readonly Seen[],
): readonly string[] {
  const declared = seen.every(file => file.declared) ? seen[0]! : undefined;
  if (declared !== undefined) {
    const names = declared.tags.map(({ name }) => name);
    for (const { path, tags } of seen) {
      const others = tags.map(({ name }) => name);
      if (idsAmong(others, names) !== null) continue;
      throw new PanxError(
        `${path} names its tags ${someLabels(others)}; expected ${someLabels(names)}, as in ${declared.path}: the files of ${lang} are to have one set of tags.`,
        { hint: 'Describe them as two corpora, or write one of them again.' },
      );
    }
    if (labels !== null && idsAmong(labels, names) === null) {
      throw new PanxError(
        `${declared.path} names its tags ${someLabels(names)}; expected ${someLabels(labels)}, as the setting labels of its corpus says.`,
        { hint: 'Leave labels out: the file names its tags.' },
      );
    }
    return inIob2(labels ?? names, scheme);
  }
  if (labels !== null) return inIob2(labels, scheme);
  return orderedLabels(seen.flatMap(({ tags }) => tags.flatMap(({ name }) => typeOf(name) ?? [])));
}

/** The tags of IOB2 for those of a scheme: they themselves, or, of BIOES and BILOU, B- and I- of their types in the same order. */
function inIob2(names: readonly string[], scheme: TagScheme): readonly string[] {
  if (scheme === 'IOB1' || scheme === 'IOB2') return names;
  return labelsOfTypes([...new Set(names.flatMap(name => typeOf(name) ?? []))]);
}

function typeOf(name: string): string | null {
  const tag = parseTag(name);
  return tag === null || tag.prefix === 'O' ? null : tag.type;
}

function twoSchemes(lang: string, seen: readonly Seen[]): PanxError {
  const first = (letters: string) => {
    const places = seen.flatMap(({ path, tags }) =>
      tags.flatMap(({ name, place }) =>
        letters.includes(name[0]!) ? [`${name} (${path}${place === null ? '' : `, ${place}`})`] : [],
      ),
    );
    return places[0]!;
  };
  return new PanxError(
    `The files of ${lang} have tags of BIOES, ${first('ES')}, and of BILOU, ${first('LU')}; expected one scheme.`,
    { hint: 'Repair the files, or describe them as two corpora.' },
  );
}
