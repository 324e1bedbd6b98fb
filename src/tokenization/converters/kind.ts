import { excerpt, PanxError } from '../../errors.js';
import { modelFile, vocabularyFile } from '../../run/model-files.js';

/** The tokenizers that panx makes of other files than tokenizer.json. BERT's is ELECTRA's and DistilBERT's too. */
export type TokenizerKind = 'bert' | 'roberta' | 'deberta' | 'deberta-v2' | 'xlm-roberta' | 'camembert';

/** The classes of transformers that panx converts, as tokenizer_config.json names them. */
const classes = [
  'BertTokenizer',
  'ElectraTokenizer',
  'DistilBertTokenizer',
  'RobertaTokenizer',
  'DebertaTokenizer',
  'DebertaV2Tokenizer',
  'XLMRobertaTokenizer',
  'CamembertTokenizer',
] as const;
export type TokenizerClass = (typeof classes)[number];

export function kindOf(name: TokenizerClass): TokenizerKind {
  switch (name) {
    case 'BertTokenizer':
    case 'ElectraTokenizer':
    case 'DistilBertTokenizer':
      return 'bert';
    case 'RobertaTokenizer':
      return 'roberta';
    case 'DebertaTokenizer':
      return 'deberta';
    case 'DebertaV2Tokenizer':
      return 'deberta-v2';
    case 'XLMRobertaTokenizer':
      return 'xlm-roberta';
    case 'CamembertTokenizer':
      return 'camembert';
  }
}

/** The files with the vocabulary of a kind. */
export function vocabularyOf(kind: TokenizerKind): readonly string[] {
  switch (kind) {
    case 'bert':
      return [vocabularyFile.wordPiece];
    case 'roberta':
    case 'deberta':
      return [vocabularyFile.byteLevel, vocabularyFile.merges];
    case 'xlm-roberta':
    case 'camembert':
      return [vocabularyFile.sentencePiece];
    case 'deberta-v2':
      return [vocabularyFile.spm];
  }
}

/**
 * The class of a folder's tokenizer, as transformers' AutoTokenizer finds it: by tokenizer_class of tokenizer_config.json, else of config.json,
 * else by model_type of config.json. Where neither says, a vocab.txt is BERT's.
 *
 * @param config config.json
 * @param tokenizerConfig tokenizer_config.json
 * @param names of the folder's files
 * @throws PanxError where the class or model type is none that panx converts, or nothing says which it is
 */
export function classIn(
  folder: string,
  config: Record<string, unknown>,
  tokenizerConfig: Record<string, unknown>,
  names: readonly string[],
): TokenizerClass {
  for (const [file, { tokenizer_class }] of [
    [modelFile.tokenizerConfig, tokenizerConfig],
    [modelFile.config, config],
  ] as const) {
    if (tokenizer_class === undefined || tokenizer_class === null) continue;
    const found = classes.find(name => tokenizer_class === name || tokenizer_class === `${name}Fast`);
    const isFromFile = tokenizer_class === 'PreTrainedTokenizerFast' || tokenizer_class === 'TokenizersBackend';
    const hint = isFromFile ? 'Copy or download tokenizer.json too: this class is made of nothing else.' : saveHint;
    return found ?? refuse(folder, `${file} names the tokenizer class ${excerpt(tokenizer_class)}`, hint);
  }
  const { model_type } = config;
  if (model_type === undefined && names.includes(vocabularyFile.wordPiece)) return 'BertTokenizer';
  if (model_type === undefined) return refuse(folder, 'nothing in it says of which kind its tokenizer is');
  return classOfModel(model_type) ?? refuse(folder, `${modelFile.config} has model_type ${excerpt(model_type)}`);
}

function classOfModel(type: unknown): TokenizerClass | undefined {
  switch (type) {
    case 'bert':
      return 'BertTokenizer';
    case 'electra':
      return 'ElectraTokenizer';
    case 'distilbert':
      return 'DistilBertTokenizer';
    case 'roberta':
      return 'RobertaTokenizer';
    case 'deberta':
      return 'DebertaTokenizer';
    case 'deberta-v2':
      return 'DebertaV2Tokenizer';
    case 'xlm-roberta':
      return 'XLMRobertaTokenizer';
    case 'camembert':
      return 'CamembertTokenizer';
    default:
      return undefined;
  }
}

function refuse(folder: string, found: string, hint = saveHint): never {
  throw new PanxError(
    `${folder} has no tokenizer.json, and ${found}; expected one of ${classes.join(', ')}, which panx converts.`,
    { hint },
  );
}

/** What makes a tokenizer.json of any tokenizer that has one. */
export const saveHint =
  "Make a tokenizer.json with transformers: AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER').";
