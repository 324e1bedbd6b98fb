import type { ModelConfig } from '../checkpoint/config.js';
import type { TensorInfo } from '../checkpoint/tensor-source.js';
import { adapterConfig } from '../run/model-files.js';
import { formatCount, printable } from '../system/console.js';
import { wordTableName } from './encoder.js';

/** The tensors of a token classifier's head. */
export const head: readonly string[] = ['classifier.weight', 'classifier.bias'];

/** What a tensor is that a token classifier of this architecture does not have. */
export type Role =
  /** A head that transformers knows beside that for tokens, or what the forward of none computes with. */
  | 'other task'
  /** A conditional random field over what the classifier gives. */
  | 'crf'
  /** In the encoder, where transformers has nothing of that name. */
  | 'unexpected'
  /** Outside the encoder: it may stand between that and the classifier. */
  | 'unknown';

/**
 * What a tensor beside those of a token classifier is.
 *
 * Source: the state dictionaries of every class of transformers 5.18 that has one of panx's encoders, and of older versions' files.
 */
export function roleOf(name: string, config: Pick<ModelConfig, 'architecture'>): Role {
  if (isHarmless(name)) return 'other task';
  if (name.startsWith(`${wordTableName(config).split('.', 1)[0]}.`)) return 'unexpected';
  if (/(^|[._])crf|crf([._]|$)|(^|\.)((start|end)_)?transitions?(_\w+)?$/i.test(name)) return 'crf';
  return otherTasks.test(name) ? 'other task' : 'unknown';
}

/**
 * The pooler, the position and type ids that were saved as buffers until 2023, positions that the DeBERTas were pretrained with and do not use, and
 * what weighs the labels in a loss.
 */
function isHarmless(name: string): boolean {
  return (
    /(^|\.)pooler\./.test(name) ||
    /(^|[._])(position_ids|token_type_ids)$/.test(name) ||
    /^(\w*loss\w*|criterion|class_weights?)(\.|$)/.test(name) ||
    name === 'deberta.embeddings.position_embeddings.weight'
  );
}

/**
 * What an encoder was pretrained with (`lm_head` and `cls`; DeBERTa's `lm_predictions` and `mask_predictions`; ELECTRA's `generator_...` and
 * `discriminator_predictions`; DistilBERT's `vocab_...`), and the heads of question answering and of whole sentences.
 */
const otherTasks =
  /^(lm_head|cls|lm_predictions|mask_predictions|discriminator_predictions|generator_\w+|vocab_(transform|layer_norm|projector)|qa_outputs|pre_classifier|sequence_summary|score|logits_proj|classifier\.(dense|out_proj))\./;

/**
 * Whether the `classifier` of a checkpoint is one of whole sentences, or of choices between them: it has the names that one of tokens has.
 *
 * config.json says it, by its classes, unless its labels are those of words. Where it names no class, what belongs to such a head alone says it: a
 * layer before it, or the DeBERTas' pooler outside the encoder.
 */
export function isOfSentences({ raw, deberta, labels }: ModelConfig, names: Iterable<string>): boolean {
  if (labels.includes('O') || labels.some(label => /^[BI][-_]/.test(label))) return false;
  const classes = Array.isArray(raw.architectures) ? raw.architectures.map(String) : [];
  if (classes.some(name => name.endsWith('ForTokenClassification'))) return false;
  if (classes.some(name => /For(SequenceClassification|MultipleChoice)$/.test(name))) return true;
  const before = deberta === null ? /^(pre_classifier|sequence_summary)\./ : /^pooler\./;
  return [...names].some(name => before.test(name));
}

/** The heads among the tensors of a checkpoint without a token classifier, by the parts that they are in: `qa_outputs`, `classifier.dense`. */
export function headsAmong(names: readonly string[], config: Pick<ModelConfig, 'architecture'>): string[] {
  const heads = names.filter(name => !isHarmless(name) && roleOf(name, config) !== 'unexpected');
  return [
    ...new Set(
      heads.map(name =>
        printable(name)
          .replace(/\.[^.]+$/, '')
          .replace(/^(cls|lm_head)\..*/, '$1')
          .replace(/^classifier$/, 'a classifier of whole sentences'),
      ),
    ),
  ];
}

/**
 * Heads of names of their own that may be linear maps from what the encoder gives to labels, so that one of them may be a token classifier. None
 * where other layers are there, which may stand before them.
 */
export function linearMapsAmong(
  tensors: readonly TensorInfo[],
  config: Pick<ModelConfig, 'architecture' | 'hiddenSize'>,
): string[] {
  const unknown = tensors.filter(({ name }) => roleOf(name, config) === 'unknown');
  const maps = unknown.flatMap(({ name, shape: [labels, width, ...more] }) => {
    const isMap = name.endsWith('.weight') && more.length === 0 && width === config.hiddenSize && labels! < width;
    return isMap ? [name.slice(0, -'.weight'.length)] : [];
  });
  const known = maps.flatMap(map => [`${map}.weight`, `${map}.bias`]);
  return unknown.every(({ name }) => known.includes(name) && !head.includes(name)) ? maps : [];
}

/** What a command says of tensors that were passed over; null where there are none. */
export function unusedText(ignored: readonly string[], config: Pick<ModelConfig, 'architecture'>): string | null {
  if (ignored.length === 0) return null;
  // Heads tell more than poolers, which most checkpoints have.
  const [first, second] = [...ignored.filter(name => !isHarmless(name)), ...ignored.filter(isHarmless)];
  const names =
    ignored.length === 1
      ? `${first} is`
      : ignored.length === 2
        ? `${first} and ${second} are`
        : `${first}, ${second} and ${formatCount(ignored.length - 2)} more are`;
  const hasCrf = ignored.some(name => roleOf(name, config) === 'crf');
  const crf = hasCrf ? ': panx has no CRF, and each word gets the label that its classifier alone finds likeliest' : '';
  const adapter = ignored.includes(adapterConfig) ? '; the adapter beside the weights is not added to them' : '';
  return `the checkpoint's ${names} not used${crf}${adapter}`;
}

/** "lstm.weight_ih_l0 [64, 32], ... and 2 more", with what they are where that is known. */
export function namesOfLayers(tensors: readonly TensorInfo[]): string {
  const shown = tensors.slice(0, 3).map(({ name, shape }) => `${printable(name)} [${shape.join(', ')}]`);
  const more = tensors.length > 3 ? ` and ${formatCount(tensors.length - 3)} more` : '';
  return `${shown.join(', ')}${more}${tensors.some(isRecurrent) ? ' (a recurrent layer, such as a BiLSTM)' : ''}`;
}

export function isRecurrent({ name }: TensorInfo): boolean {
  return /\.weight_hh_l\d/.test(name);
}
