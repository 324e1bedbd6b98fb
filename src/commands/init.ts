import type { Command } from 'commander';
import { type ModelConfig, parseModelConfig } from '../checkpoint/config.js';
import { checkTokenizerFiles, writeCheckpointFolder } from '../checkpoint/folder.js';
import { schema } from '../config/schema.js';
import { panxLabels } from '../data/formats/panx.js';
import { flawOfLabel, mostLabels } from '../data/labels.js';
import { excerpt, listed, nearest, PanxError } from '../errors.js';
import { transferLine } from '../hub/progress.js';
import { resolveTokenizer } from '../hub/resolve.js';
import { samplePaths } from '../hub/sample.js';
import { parameterSpecs } from '../model/encoder.js';
import { initialTensors } from '../model/initialise.js';
import { countParameters } from '../model/parameter-specs.js';
import { modelLayout } from '../run/layouts.js';
import { formatBytes, formatCount, print } from '../system/console.js';
import { strangersIn } from '../system/made.js';
import { refuseOverlap, throughLink } from '../system/place.js';
import { visible } from '../system/visible.js';
import { loadTokenizer, type SubwordTokenizer } from '../tokenization/tokenizer.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { checkOutFolder } from './out-folder.js';

/** XLM-R's own sizes (base, large: Conneau et al. 2020, table 7) and two small ones for trials. */
export const sizes = {
  tiny: { hidden: 64, layers: 2, heads: 4, intermediate: 128 },
  small: { hidden: 256, layers: 4, heads: 4, intermediate: 1024 },
  base: { hidden: 768, layers: 12, heads: 12, intermediate: 3072 },
  large: { hidden: 1024, layers: 24, heads: 16, intermediate: 4096 },
} as const;

type Size = keyof typeof sizes;

interface InitOptions extends FormatOptions {
  size: string;
  tokenizer?: string;
  lowerCase?: string;
  sample?: boolean;
  out: string;
  seed: string;
  labels: string;
  force?: boolean;
}

/** panx init: write a checkpoint folder with random weights, for trials where no pretrained weights are at hand. */
export function define(command: Command): void {
  const described = Object.entries(sizes).map(
    ([name, { layers, hidden }]) => `${name} (${layers} layers of ${hidden})`,
  );
  addFormat(command)
    .requiredOption('--size <size>', described.join(', '))
    .option(
      '--tokenizer <folder|id>',
      `folder or hub id of the tokenizer that the model is for; it sets the vocabulary (default: ${schema.model.default})`,
    )
    .option('--lower-case <true|false>', 'whether a vocab.txt is of lower case, where no file beside it says so')
    .requiredOption('--out <folder>', 'checkpoint folder to write')
    .option('--seed <n>', 'seeds the weights', String(schema.seed.default))
    .option('--labels <tags>', 'tags in the order of their ids, with commas between', panxLabels.join(','))
    .option('--sample', 'take the tokenizer from the small synthetic sample that comes with panx')
    .option('--force', 'replace a model that panx wrote there')
    .action((options: InitOptions) => initialise(options));
}

async function initialise(options: InitOptions): Promise<void> {
  const json = isJson(options);
  const size = toSize(options.size);
  const seed = toSeed(options.seed);
  const labels = toLabels(options.labels);
  const lowerCase = toLowerCase(options.lowerCase);
  const out = await throughLink(options.out);
  const force = options.force ?? false;
  await refuseToOverwrite(out, force);
  const tokenizerFrom = await tokenizerFolder(options);
  await refuseOverlap(out, [{ path: tokenizerFrom, what: "the tokenizer's folder" }]);
  await checkTokenizerFiles(tokenizerFrom);
  const tokenizer = await loadTokenizer(tokenizerFrom, { lowerCase });
  const config = await makeConfig(size, tokenizer, labels);
  tokenizer.close();
  const checkpoint = { config, tensors: initialTensors(config, seed), tokenizerFrom, lowerCase };
  await writeCheckpointFolder(out, checkpoint, { replace: force });
  const parameters = countParameters(parameterSpecs(config));
  const bytes = 4 * parameters;
  if (json) {
    printJson('init', { folder: options.out, size, seed, labels, parameters, bytes });
    return;
  }
  print(
    `${visible(options.out)}: XLM-R ${size} with random weights (seed ${seed}), ` +
      `${formatCount(parameters)} parameters, ${formatBytes(bytes)}.\n`,
  );
}

async function tokenizerFolder({ tokenizer, sample }: InitOptions): Promise<string> {
  if (sample && tokenizer !== undefined) {
    throw new PanxError(
      '--sample is given, and --tokenizer, for which it would stand, is given too; expected one of them.',
      {
        exitCode: 2,
      },
    );
  }
  if (sample) return samplePaths().modelDir;
  return await resolveTokenizer(tokenizer ?? schema.model.default, {
    option: '--tokenizer',
    onProgress: transferLine(),
  });
}

/** The configuration of an XLM-R of this size for this tokenizer, in Hugging Face's words. */
async function makeConfig(size: Size, tokenizer: SubwordTokenizer, labels: string[]): Promise<ModelConfig> {
  const { hidden, layers, heads, intermediate } = sizes[size];
  const [sentence] = await tokenizer.encodeWords([['a']], schema.tokenization.maxLength.default);
  const { inputIds } = sentence!;
  return parseModelConfig('panx init', {
    model_type: 'xlm-roberta',
    vocab_size: tokenizer.vocabularySize,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: intermediate,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    classifier_dropout: null,
    // XLM-R's 514 for its pad id 1: positions count from the pad id + 1, and 512 subwords must fit.
    max_position_embeddings: schema.tokenization.maxLength.default + tokenizer.padId + 1,
    position_embedding_type: 'absolute',
    type_vocab_size: 1,
    layer_norm_eps: 1e-5,
    initializer_range: 0.02,
    bos_token_id: inputIds[0],
    pad_token_id: tokenizer.padId,
    eos_token_id: inputIds.at(-1),
    id2label: Object.fromEntries(labels.entries()),
  });
}

function toLowerCase(text: string | undefined): boolean | null {
  if (text === undefined) return null;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new PanxError(`--lower-case is ${text}; expected true or false.`, { exitCode: 2 });
}

function toSize(text: string): Size {
  if (Object.hasOwn(sizes, text)) return text as Size;
  const suggestion = nearest(text, Object.keys(sizes));
  throw new PanxError(
    `--size is "${text}", expected one of ${Object.keys(sizes).join(', ')}` +
      `${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`,
    { exitCode: 2 },
  );
}

function toSeed(text: string): number {
  const seed = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (schema.seed.accepts(seed)) return seed;
  throw new PanxError(`--seed is "${text}", expected ${schema.seed.expected}.`, { exitCode: 2 });
}

function toLabels(text: string): string[] {
  const labels = text.split(',').map(label => label.trim());
  if (labels.length > mostLabels) {
    throw new PanxError(`--labels has ${labels.length} tags, expected at most ${mostLabels}.`, { exitCode: 2 });
  }
  for (const label of labels) {
    const flaw = label === '' ? null : flawOfLabel(label);
    if (flaw !== null) throw new PanxError(`--labels has the tag ${excerpt(label)}, which ${flaw}.`, { exitCode: 2 });
  }
  const seen = new Set<string>();
  const wrong = labels.find(label => label === '' || seen.size === seen.add(label).size);
  if (wrong === undefined && labels.length > 1) return labels;
  throw new PanxError(
    `--labels is ${excerpt(text)}${wrong === undefined ? '' : wrong === '' ? ' with an empty tag' : ` with "${wrong}" twice`}, ` +
      'expected two or more different tags with commas between.',
    { exitCode: 2 },
  );
}

/** An empty folder may be filled; `--force` may replace a model that panx wrote, but never a folder with anything else in it. */
async function refuseToOverwrite(folder: string, force: boolean): Promise<void> {
  if ((await checkOutFolder(folder, 'model')) === 'empty') return;
  if (!force) {
    throw new PanxError(`${folder} holds a model already.`, {
      hint: 'Choose another --out, or add --force to replace it.',
    });
  }
  const strangers = await strangersIn(folder, modelLayout);
  if (strangers.length === 0) return;
  throw new PanxError(`${folder} holds, beside a model, what panx did not make: ${listed(strangers)}.`, {
    hint: 'Move that away, or choose another --out: --force replaces only what panx made.',
  });
}
