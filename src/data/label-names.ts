import { PanxError } from '../errors.js';
import { someLabels } from './labels.js';

/** What the labels of a checkpoint, or the tags of a corpus, mean. */
interface LabelReading {
  /**
   * (L) each label as a tag that seqeval's default mode reads: O, or B-, I-, E- or S- before its whole type. A label that is a type alone is I-:
   * neighbours of one label are one entity.
   */
  tags: readonly string[];
  /** What was understood, where it is not what everybody writes: the end of a sentence. Null where the labels are such tags already. */
  understood: string | null;
  /** Why no entities follow from them: a sentence without its subject, and what to do. Null where they do. */
  flaw: { sentence: string; hint: string } | null;
}

/**
 * Read the names of labels. seqeval takes the first character of a tag for its prefix, whatever it is: `PER` would be of a type `ER`, and `ORG`
 * would stand outside of all entities. Blanks around a name say nothing.
 *
 * @param names by id
 */
export function readLabelNames(names: readonly string[]): LabelReading {
  const labels = names.map(name => name.trim());
  if (labels.every(label => label === 'O' || /^[BIES](-.*)?$/su.test(label))) {
    return { tags: labels, understood: null, flaw: null };
  }
  if (labels.length > 0 && labels.every(label => /^((label|class|tag)[\s_-]?)?\d+$/i.test(label)))
    return unnamed(labels);
  const outside = outsideOf(labels);
  const form = forms.find(form => isForm(form, labels, outside));
  const parts = labels.map(label =>
    label === outside ? null : (form && partsOf(label, form)) || { letter: 'I', type: label },
  );
  const tags = parts.map(part => (part === null ? 'O' : `${part.letter}-${part.type}`));
  const plain = labels.filter((label, id) => parts[id]?.type === label);
  return { tags, understood: understoodText(labels, tags, plain), flaw: flawOf(labels, tags, plain, outside) };
}

/** @throws PanxError where no entities follow from the labels of a checkpoint */
export function expectReadableLabels(labels: readonly string[], folder: string): void {
  const { flaw } = readLabelNames(labels);
  if (flaw !== null) throw new PanxError(`${folder} ${flaw.sentence}.`, { hint: flaw.hint });
}

/**
 * What a command says of labels that are not written as tags are; null where they are.
 *
 * @param whose those of a checkpoint, or of data that names its own
 */
export function labelsNotice(
  labels: readonly string[],
  whose: 'the labels' | 'the tags of the data' = 'the labels',
): string | null {
  const { understood } = readLabelNames(labels);
  return understood === null ? null : `${whose} are read so: ${understood}`;
}

/** Where the letter of a tag stands, and what is between it and the type. */
interface Form {
  pattern: RegExp;
  /** The groups of the letter and of the type. */
  letter: 1 | 2;
}

const between = String.raw`[\s_.:\/|#=~\-‐-―−]+`;

/** The usual one first; then lower case, where no other form is there; last the one with nothing between, `BPER`. */
const forms: readonly Form[] = [
  { pattern: /^([BIESLUMW])-(.+)$/su, letter: 1 },
  { pattern: new RegExp(`^([BIESLUMW])${between}(.+)$`, 'su'), letter: 1 },
  { pattern: new RegExp(`^(.+?)${between}([BIESLUMW])$`, 'su'), letter: 2 },
  { pattern: new RegExp(`^([bieslumw])${between}(.+)$`, 'su'), letter: 1 },
  { pattern: new RegExp(`^(.+?)${between}([bieslumw])$`, 'su'), letter: 2 },
  { pattern: /^([BIESLUMW])(.+)$/su, letter: 1 },
];

/** The letters of BILOU and BMES, as BIOES has them. */
const sameAs: Readonly<Record<string, string>> = { L: 'E', M: 'I', U: 'S', W: 'S' };

function partsOf(label: string, { pattern, letter }: Form): { letter: string; type: string } | null {
  const match = pattern.exec(label);
  if (match === null) return null;
  const written = match[letter]!.toUpperCase();
  return { letter: sameAs[written] ?? written, type: match[3 - letter]! };
}

/**
 * Whether labels are written so. A name may begin or end with such a letter by chance (`I-O`, `E.coli`, `Hepatitis-B`): in a scheme one type has
 * a B and an I, and with nothing between the letter and the type every type has. Of the usual form it is enough that all labels have it, that several
 * types have a B, or that one has a B or an I and is a label itself: where only an entity beside another of its type begins with B-, say.
 */
function isForm(form: Form, labels: readonly string[], outside: string | undefined): boolean {
  const named = labels.filter(label => label !== outside);
  const parts = named.flatMap(label => partsOf(label, form) ?? []);
  const typesWith = (letter: string) => parts.flatMap(part => (part.letter === letter ? part.type : []));
  const [begin, inside] = [typesWith('B'), new Set(typesWith('I'))];
  if (form === forms.at(-1)) {
    const [first, all] = [new Set(begin), new Set(parts.map(({ type }) => type))];
    return parts.length === named.length && [...all].every(type => first.has(type) && inside.has(type));
  }
  if (begin.some(type => inside.has(type))) return true;
  if (form !== forms[0]) return false;
  return begin.length > 1 || parts.length === named.length || [...begin, ...inside].some(type => named.includes(type));
}

/** The label of words outside of entities: O, else the only one of other names for it. */
function outsideOf(labels: readonly string[]): string | undefined {
  if (labels.includes('O')) return 'O';
  const found = labels.filter(label => /^(o|out|outside|nil|null|none|0)$/i.test(label));
  return found.length === 1 ? found[0] : undefined;
}

function understoodText(labels: readonly string[], tags: readonly string[], plain: readonly string[]): string {
  const others = labels.flatMap((label, id) =>
    label === tags[id] || plain.includes(label) ? [] : [`${label} as ${tags[id]}`],
  );
  const whole = `${someLabels(plain)} as ${plain.length === 1 ? 'a type' : 'types'} without B- and I-, so that neighbours of one label are one entity`;
  return [...(plain.length > 0 ? [whole] : []), ...(others.length > 0 ? [some(others)] : [])].join('; ');
}

function some(texts: readonly string[]): string {
  const most = 8;
  return texts.length <= most ? texts.join(', ') : `${texts.slice(0, most).join(', ')} and ${texts.length - most} more`;
}

function flawOf(
  labels: readonly string[],
  tags: readonly string[],
  plain: readonly string[],
  outside: string | undefined,
): LabelReading['flaw'] {
  if (outside === undefined && plain.length > 0) {
    return {
      sentence: `has no label for words outside of entities among ${someLabels(labels)}; expected O. Labels of every word, such as parts of speech, make no entities`,
      hint: `${renameHint}, and call the one that stands outside O.`,
    };
  }
  const ids = new Map(tags.map((tag, id) => [tag, id]));
  const first = tags.findIndex((tag, id) => ids.get(tag) !== id);
  if (first < 0) return null;
  return {
    sentence: `has two labels of one meaning, ${labels[first]} and ${labels[ids.get(tags[first]!)!]}: both are read as ${tags[first]}`,
    hint: `${renameHint}.`,
  };
}

function unnamed(labels: readonly string[]): LabelReading {
  return {
    tags: labels,
    understood: null,
    flaw: {
      sentence: `names its labels ${someLabels(labels)}, which say nothing of entities; expected tags such as O, B-PER and I-PER`,
      hint: `${renameHint}, in the order in which it was trained: {"0": "O", "1": "B-PER", ...}.`,
    },
  };
}

const renameHint = 'Name them in id2label of config.json, in a copy of the folder';
