import { PanxError } from '../errors.js';
import type { ModelConfig } from './config.js';
import type { OpenFile, Place } from './tensor-source.js';

/**
 * The names that tensors have inside a token classifier of today's transformers, whatever saved them:
 *
 * - wrappers of torch put `module.` (DataParallel), `_orig_mod.` (torch.compile), `_fsdp_wrapped_module.` or `_checkpoint_wrapped_module.` before
 *   every name, and all but the first behind the name of each layer that they wrap;
 * - files of 2018 and 2019 call the weight and bias of a LayerNorm gamma and beta, as TensorFlow does;
 * - a program of one's own has the model, or the encoder, as a part that it calls `model`, `encoder`, `backbone`: whatever stands before the word
 *   table is taken for that (PyTorch Lightning saves `model.roberta...` and `model.classifier...`);
 * - a checkpoint of the bare encoder (`XLMRobertaModel`, as sentence encoders are) names its tensors without `roberta.`.
 *
 * @param config of the model; null where there is none: then the encoder keeps its name
 * @throws PanxError naming two tensors that would have one name, two encoders, or an encoder that config.json names in two ways
 */
export function withTodaysNames(
  places: ReadonlyMap<string, Place>,
  config: Pick<ModelConfig, 'architecture' | 'raw'> | null,
): Map<string, Place> {
  const plain = [...places].map(([name, place]) => ({ name, plain: withoutWrappers(name), place }));
  const today = config === null ? (name: string) => name : insideClassifier(plain, config);
  const renamed = new Map<string, Place>();
  const before = new Map<string, { name: string; file: OpenFile }>();
  for (const { name, plain: inside, place } of plain) {
    const full = today(inside);
    const other = before.get(full);
    if (other !== undefined) {
      const [first, second] = [other.name, name].map(one => (one === full ? one : `${one} (which is ${full} today)`));
      throw new PanxError(`${place.file.path} holds ${first} and ${second}; expected one of them.`, {
        hint: 'Two checkpoints seem to be mixed in one file: save one of them by itself.',
      });
    }
    before.set(full, { name, file: place.file });
    renamed.set(full, place);
  }
  return renamed;
}

/**
 * What the file calls the encoder stands before its word table: `model.roberta.`, `encoder.`, or nothing at all. What lies beside it in the same
 * part, or in one around that, as the classifier does, loses the name of that part too.
 */
function insideClassifier(
  tensors: readonly { plain: string; place: Place }[],
  { architecture, raw }: Pick<ModelConfig, 'architecture' | 'raw'>,
): (name: string) => string {
  const tables = tensors.filter(({ plain }) => `.${plain}`.endsWith(`.${wordTable}`));
  if (tables.length === 0) return name => name;
  const [encoder, second] = tables.map(({ plain }) => plain.slice(0, -wordTable.length));
  if (second !== undefined) {
    throw new PanxError(
      `${tables[0]!.place.file.path} holds two encoders: ${tables
        .map(({ plain }) => plain)
        .slice(0, 2)
        .join(' and ')}; expected one.`,
      { hint: 'Save the one that is meant by itself.' },
    );
  }
  const { prefix, parts } = bareEncoder(architecture);
  const ownName = /([^.]*)\.(module\.)*$/.exec(encoder!)?.[1];
  if (ownName !== undefined && ownName !== prefix && isClassOf(ownName, raw.architectures)) {
    throw new PanxError(
      `${tables[0]!.place.file.path} holds ${tables[0]!.plain}, and config.json has model_type ${architecture} beside architectures of ${ownName}; expected the same kind of encoder in all.`,
      { hint: 'Copy or download config.json again: its model_type decides what is computed.' },
    );
  }
  const around = encoder!.replace(/(module\.)*$/, '').replace(/[^.]*\.$/, '');
  return name => {
    if (encoder === '') return parts.includes(name.split('.', 1)[0]!) ? `${prefix}.${name}` : name;
    if (name.startsWith(encoder!)) return `${prefix}.${name.slice(encoder!.length)}`;
    return name.slice(sharedParts(name, around));
  };
}

/** How many characters of a name are parts that it begins with as `around` does: the classifier may lie further out than the encoder. */
function sharedParts(name: string, around: string): number {
  let shared = 0;
  for (let end = around.indexOf('.') + 1; end > 0; end = around.indexOf('.', end) + 1) {
    if (name.startsWith(around.slice(0, end))) shared = end;
  }
  return shared;
}

/** Whether config.json names a class (`XLMRobertaForTokenClassification`) whose encoder transformers gives this name. */
function isClassOf(encoder: string, classes: unknown): boolean {
  const pattern = classesOf[encoder];
  return pattern !== undefined && Array.isArray(classes) && classes.some(name => pattern.test(String(name)));
}

const classesOf: Readonly<Record<string, RegExp>> = {
  roberta: /^(XLM)?Roberta|^Camembert/i,
  bert: /^Bert/,
  electra: /^Electra/,
  distilbert: /^DistilBert/,
  deberta: /^Deberta/,
};

/** How the name of the table of subwords ends, in every encoder. */
export const wordTable = 'embeddings.word_embeddings.weight';

function withoutWrappers(name: string): string {
  return name
    .replace(/(^|\.)((_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.)+/g, '$1')
    .replace(/^(module\.)+/, '')
    .replace(/LayerNorm\.gamma$/, 'LayerNorm.weight')
    .replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
}

/** What a bare encoder's names lack inside a token classifier, and the parts of the encoder that lack it. */
function bareEncoder(architecture: ModelConfig['architecture']): { prefix: string; parts: string[] } {
  switch (architecture) {
    case 'xlm-roberta':
    case 'roberta':
    case 'camembert':
      return { prefix: 'roberta', parts: ['embeddings', 'encoder', 'pooler'] };
    case 'bert':
      return { prefix: 'bert', parts: ['embeddings', 'encoder', 'pooler'] };
    case 'electra':
      return { prefix: 'electra', parts: ['embeddings', 'embeddings_project', 'encoder'] };
    case 'distilbert':
      return { prefix: 'distilbert', parts: ['embeddings', 'transformer'] };
    case 'deberta':
    case 'deberta-v2':
      return { prefix: 'deberta', parts: ['embeddings', 'encoder'] };
  }
}
