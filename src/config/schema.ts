import { corpora } from './corpora.js';
import {
  choice,
  edges,
  float32,
  integer,
  language,
  languages,
  number,
  orNull,
  perLanguage,
  type Setting,
  sizes,
  text,
  toggle,
} from './kinds.js';
import { choices, exclusions, grid, languageSets, names, seeds } from './study-kinds.js';

/** How the stages of a study follow from its settings: see experiment/protocols/. */
export const protocolNames = [
  'cumulative',
  'from-source',
  'target-only',
  'joint',
  'target-then-source',
  'zero-shot',
  'mixtures',
] as const;
export type ProtocolName = (typeof protocolNames)[number];

/**
 * Every setting of panx, once: its type, default, range and meaning. The defaults are those of the reference run
 * (Hugging Face Trainer on XLM-R base); the `Config` type, validation, `panx config` and the options' help follow
 * from this object.
 */
export const schema = {
  model: text(
    'FacebookAI/xlm-roberta-base',
    'checkpoint to start from: a folder, or a model id on the Hugging Face hub',
  ),
  data: text('google/xtreme', 'corpus: a folder that holds PAN-X.<lang>/, or a data set id on the Hugging Face hub'),
  corpora: corpora(
    'other corpora by name, with their formats and files; conll=de is the language de of the one named conll',
  ),
  backend: choice(
    ['auto', 'tensorflow', 'wasm'],
    'auto',
    'engine that computes; auto takes tensorflow where it is provisioned, else wasm; panx predict takes wasm for little work too',
  ),
  precision: choice(
    ['auto', 'fp32', 'bf16'],
    'auto',
    'what matrix products compute in; auto takes bf16 where the device has instructions for it, else fp32; weights are float32 always',
  ),
  seed: integer(
    42,
    { min: 0, max: 2 ** 32 - 1 },
    'seeds the order of the rows, dropout, and a classifier that the checkpoint lacks',
  ),
  log: choice(
    ['none', 'tensorboard'],
    'none',
    'what shows a training while it goes on: tensorboard, event files for TensorBoard; no result depends on it, so a config.json that panx leaves says none',
  ),
  tokenization: {
    maxLength: integer(
      512,
      { min: 3 },
      'subwords of a row, specials included; 512 stands for fewer where the model has room for fewer',
    ),
    longRows: choice(
      ['cut', 'split'],
      'cut',
      'what becomes of a longer row: cut, its last subwords are left out; split, it is cut into segments between words, as XTREME does, and scored as one row',
    ),
    emptyWords: choice(
      ['drop', 'unk'],
      'drop',
      'a word that yields no subword: drop leaves it out of loss and scores, unk stands the unknown token in its place',
    ),
    lowerCase: orNull(
      toggle(
        false,
        'whether a vocab.txt is of lower case, for a model beside whose vocab.txt no file says so; all others say it themselves (null), and what they do not do is refused',
      ),
    ),
  },
  training: {
    langs: languages(
      ['en'],
      { min: 1 },
      'languages to train on; the rows of several are concatenated; [all] stands for every language of the data folder',
    ),
    size: orNull(integer(1, { min: 1 }, 'rows taken of each train split; null takes all')),
    sizes: perLanguage(
      integer(250, { min: 1 }, ''),
      'rows taken of the train splits of single languages, in place of size',
    ),
    fractions: perLanguage(
      number(0.5, { above: 0, max: 1 }, ''),
      'share taken of every split of single languages: the first int(share * rows) rows after a shuffle with seed 0; a size is taken of those',
    ),
    subset: choice(
      ['shuffled', 'head'],
      'shuffled',
      'which rows a size takes: shuffled, nested seeded subsets; head, the first as they lie in the file',
    ),
    dataSeed: integer(
      42,
      { min: 0, max: 2 ** 32 - 1 },
      'seeds the shuffle of which a size takes the first rows, and the re-split',
    ),
    temperature: orNull(
      number(
        1,
        { min: 1 },
        'mixes several languages anew in each epoch, with shares in proportion to rows^(1/temperature); null takes each row once',
      ),
    ),
    resplit: toggle(
      false,
      'split the training rows once into fit, which is trained on, and held, a fifth, which is scored after each epoch; the validation splits then serve as test',
    ),
    lengthBins: edges(
      [0, 5, 10, 15, 20, 30, 40, 100],
      'words of a sentence at which the bins end by which a re-split is stratified; a bin holds its upper edge',
    ),
    beyondBins: choice(
      ['bin', 'drop'],
      'bin',
      'rows longer than the last edge of lengthBins: bin, they are one more bin; drop, the re-split leaves them out',
    ),
    epochs: number(
      3,
      { above: 0, max: 1_000_000 },
      'passes over the training rows; the last one may be in part, such as 2.5',
    ),
    batchSize: integer(32, { min: 1 }, 'rows of a batch'),
    learningRate: float32(2e-5, { above: 0, max: 1 }, 'learning rate at its peak'),
    weightDecay: float32(
      0.01,
      { min: 0, max: 1 },
      'decoupled decay of matrices and embeddings; biases and LayerNorm never decay',
    ),
    maxGradNorm: float32(
      1,
      { min: 0 },
      'gradients whose global L2 norm is larger are scaled down to it; 0 scales none',
    ),
    schedule: choice(
      ['linear', 'cosine', 'constant', 'plateau'],
      'linear',
      'how the learning rate goes after the warm-up: linear, in a line to 0 at the last step; cosine, along half a wave to 0; constant; ' +
        'plateau, constant until what is monitored gets no better, then reduced',
    ),
    plateauPatience: integer(
      10,
      { min: 0 },
      'under plateau: epochs in a row that may be no better before the learning rate is reduced',
    ),
    plateauFactor: number(0.1, { above: 0, below: 1 }, 'under plateau: what the learning rate is multiplied with then'),
    warmupSteps: integer(0, { min: 0 }, 'steps in which the learning rate rises linearly from 0 to its peak'),
    warmupRatio: orNull(
      number(0, { min: 0, max: 1 }, 'the same as a share of all steps, rounded up; null goes by warmupSteps'),
    ),
    gradientAccumulationSteps: integer(1, { min: 1 }, 'batches whose gradients make one optimizer step together'),
    accumulation: choice(
      ['mean', 'sum'],
      'mean',
      'what those batches make together: mean, the mean of their mean losses; sum, their sum, as transformers 5.18 computes it for XLM-R',
    ),
    groupByLength: toggle(
      false,
      'put rows of like length into one batch, in the order of Trainer with group_by_length',
    ),
    freeze: choice(
      ['nothing', 'encoder'],
      'nothing',
      'what is not trained: nothing; encoder, all but the classifier, while its dropout stays active',
    ),
    monitor: choice(
      ['loss', 'f1'],
      'loss',
      'score of the validation split that patience, plateau and select: best go by, after each epoch: loss, or micro F1',
    ),
    monitorLangs: languages(
      [],
      { min: 0 },
      'languages whose validation splits they go by, each weighted with its rows; [] takes the training languages',
    ),
    patience: orNull(
      integer(
        1,
        { min: 1 },
        'end after so many epochs in a row that were not better than the best before; null goes on',
      ),
    ),
    select: choice(
      ['last', 'best', 'average'],
      'last',
      'weights that are kept: those of the last epoch; of the best one, by what is monitored; the average of all epochs',
    ),
    newHead: toggle(
      false,
      "draw a new classifier where the checkpoint's has other labels than the data, or is more than a linear map",
    ),
    maxSteps: orNull(
      integer(1, { min: 1 }, 'optimizer steps to train for, whatever epochs says; null trains all epochs'),
    ),
    dropout: orNull(
      float32(0, { min: 0, below: 1 }, "probability of every dropout of the model; null takes the checkpoint's own"),
    ),
  },
  evaluation: {
    enabled: toggle(true, 'score the trained model; false leaves out both this and the scores after each epoch'),
    langs: languages(
      [],
      { min: 0 },
      'languages whose test splits are scored at the end; [] takes the training languages, [all] every language of the data folder',
    ),
    atEnd: toggle(true, 'score the test splits at the end; false leaves them untouched'),
    eachEpoch: toggle(true, 'score the validation splits of the training languages after every epoch'),
    batchSize: integer(
      32,
      { min: 1 },
      'rows of a batch of the evaluation loss, which is a mean of batch means; how rows are computed does not depend on it',
    ),
    limit: orNull(integer(1, { min: 1 }, 'score only the first rows of each split, for a quick look; null scores all')),
  },
  checkpoint: {
    everyMinutes: number(5, { above: 0 }, 'minutes between two training states from which an interrupted run goes on'),
    everySteps: orNull(
      integer(1, { min: 1 }, 'also keep a training state every so many steps; null goes by minutes alone'),
    ),
  },
  study: {
    protocol: choices(
      protocolNames,
      'cumulative',
      `what is trained in which order: ${protocolNames.join(', ')}; of several, what they have in common is trained once`,
    ),
    source: language('en', 'language with many labelled rows'),
    target: language('tr', 'language whose labelled rows are added step by step'),
    sizes: sizes([250, 500, 1000, 2000, 5000, 10000, 20000], 'rows of the target, a stage for each'),
    train: languageSets(
      [],
      'sets of languages to train on, for mixtures and zero-shot, which takes [[source]] for []; in a set, all stands for every language of the data folder',
    ),
    score: languages(
      [],
      { min: 0 },
      'languages whose test splits every stage is scored on; [] takes source and target, or all that are trained on; [all] takes every language of the data folder',
    ),
    seeds: seeds(1, 'seeds of training: so many, from seed on, or a list; a stage starts from the one of its own seed'),
    dataSeeds: seeds(1, 'the same for training.dataSeed; a stage that takes all rows is trained once for all of them'),
    grid: grid({}, 'settings and the values that are tried of each, every combination being a cell of its own'),
    exclude: exclusions(
      [],
      'combinations that are left out: each names a value, or a list of values, of two or more of protocol, train and the settings of the grid',
    ),
    metrics: {
      mode: choice(
        ['default', 'strict'],
        'default',
        "how entities are read from tags: default, as seqeval's default mode; strict, as its strict mode under IOB2",
      ),
      average: choice(['micro', 'macro'], 'micro', 'over all entities, or the mean of the types; tables hold both'),
    },
    keep: names(
      ['all', 'last'],
      'all',
      'stages whose weights panx run keeps when nothing needs them any more: all, the last one, or those of a list of stages',
    ),
  },
};

/** The resolved configuration: the value of every setting. */
export type Config = Values<typeof schema>;

/** The dotted name of a setting, such as `training.learningRate`. */
export type Key = KeysOf<typeof schema>;

/** The value of every setting of a schema, section by section. */
export type Values<S> = { -readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : Values<S[K]> };

/** Every setting with its dotted name, in the order of the schema. */
export const settings: ReadonlyMap<Key, Setting<unknown>> = new Map(walk(schema, ''));

/** What the settings of a section are when nobody sets them. */
export function defaultsOf<S extends object>(section: S): Values<S> {
  const values = Object.entries(section).map(([name, node]: [string, unknown]) => [
    name,
    isSetting(node) ? structuredClone(node.default) : defaultsOf(node as object),
  ]);
  return Object.fromEntries(values) as Values<S>;
}

function isSetting(node: unknown): node is Setting<unknown> {
  return typeof (node as Setting<unknown> | undefined)?.accepts === 'function';
}

type KeysOf<S, Prefix extends string = ''> = {
  [K in keyof S & string]: S[K] extends Setting<unknown> ? `${Prefix}${K}` : KeysOf<S[K], `${Prefix}${K}.`>;
}[keyof S & string];

function walk(section: object, prefix: string): [Key, Setting<unknown>][] {
  return Object.entries(section).flatMap(([name, node]: [string, unknown]) =>
    isSetting(node)
      ? [[`${prefix}${name}` as Key, node] as [Key, Setting<unknown>]]
      : walk(node as object, `${prefix}${name}.`),
  );
}
