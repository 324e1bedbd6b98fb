import { PanxError } from '../errors.js';
import type { ModelConfig } from './config.js';
import type { OpenFile, Place } from './tensor-source.js';

/**
 * The names that tensors have inside a token classifier of today's transformers, whatever saved them:
 *
 * - wrappers of torch put `module.` (DataParallel) and `_orig_mod.` (torch.compile) before every name;
 * - files of 2018 and 2019 call the weight and bias of a LayerNorm gamma and beta, as TensorFlow does;
 * - a checkpoint of the bare encoder (`XLMRobertaModel`, as sentence encoders are) names its tensors without `roberta.`.
 *
 * @param architecture of the model; asked for only where the names are those of a bare encoder
 * @throws PanxError naming two tensors that would have one name
 */
export async function withTodaysNames(
  places: ReadonlyMap<string, Place>,
  architecture: () => Promise<ModelConfig['architecture']>,
): Promise<Map<string, Place>> {
  const plain = [...places].map(([name, place]) => ({ name, plain: withoutWrappers(name), place }));
  const isBare = plain.some(one => one.plain === 'embeddings.word_embeddings.weight');
  const { prefix, parts } = isBare ? bareEncoder(await architecture()) : { prefix: '', parts: [] as string[] };
  const renamed = new Map<string, Place>();
  const before = new Map<string, { name: string; file: OpenFile }>();
  for (const { name, plain: inside, place } of plain) {
    const full = parts.includes(inside.split('.', 1)[0]!) ? `${prefix}.${inside}` : inside;
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

function withoutWrappers(name: string): string {
  return name
    .replace(/^((module|_orig_mod)\.)+/, '')
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
