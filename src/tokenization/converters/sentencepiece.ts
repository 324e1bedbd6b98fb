import { PanxError } from '../../errors.js';
import { addTokens, idAround, paddingOf, type SpecialDefaults, specialsOf, template } from './added-tokens.js';
import { type FolderSettings, plainToken, toggleOf } from './folder-settings.js';
import { saveHint } from './kind.js';
import type { Made } from './made.js';
import { type Piece, pieceType, readSentencePieceModel, type SentencePieceModel } from './sentencepiece-model.js';

const fairseq: SpecialDefaults = {
  bos_token: '<s>',
  eos_token: '</s>',
  unk_token: '<unk>',
  sep_token: '</s>',
  pad_token: '<pad>',
  cls_token: '<s>',
  mask_token: { ...plainToken('<mask>'), lstrip: true },
};

const deberta: SpecialDefaults = {
  bos_token: '[CLS]',
  eos_token: '[SEP]',
  unk_token: { ...plainToken('[UNK]'), normalized: true },
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

type Kind = 'xlm-roberta' | 'camembert' | 'deberta-v2';

/**
 * The tokenizer of a SentencePiece model of the type Unigram (Kudo 2018). transformers' SpmConverter and what XLM-R, CamemBERT and DeBERTa v2
 * change of it.
 *
 * That a model was trained with byte_fallback does not count, as for transformers' fast tokenizers: a character that it lacks is unknown.
 */
export function sentencePiece(bytes: Uint8Array, path: string, settings: FolderSettings, kind: Kind): Made {
  const model = readSentencePieceModel(bytes, path);
  if (model.modelType !== 1) {
    const type = ['', '', 'BPE', 'WORD', 'CHAR'][model.modelType] ?? `type ${model.modelType}`;
    throw new PanxError(
      `${path} is a SentencePiece model of the type ${type}; expected UNIGRAM, which panx converts.`,
      {
        hint: saveHint,
      },
    );
  }
  if (model.charsMap.length > longestCharsMap) {
    throw new PanxError(
      `${path} has a map of characters of ${model.charsMap.length} bytes; expected at most ${longestCharsMap}.`,
    );
  }
  const { vocab, unkId } = vocabOf(model, kind);
  const vocabulary = new Map(vocab.map(([token], id) => [token, id]));
  const specials = specialsOf(
    settings,
    kind === 'deberta-v2' ? deberta : fairseq,
    kind === 'camembert' ? ['<s>NOTUSED', '</s>NOTUSED', '<unk>NOTUSED'] : [],
  );
  const ofModel = model.pieces
    .filter(({ type }) => type === pieceType.control || type === pieceType.userDefined)
    .map(({ piece, type }) => ({ ...plainToken(piece), special: type === pieceType.control }));
  const added = addTokens(vocabulary, ofModel, settings, specials);
  const around = idAround(settings, vocabulary, added);
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: paddingOf(specials, vocabulary, added),
    added_tokens: added,
    normalizer: { type: 'Sequence', normalizers: normalizersOf(model, settings, kind) },
    pre_tokenizer: preTokenizerOf(settings, kind),
    post_processor:
      kind === 'deberta-v2'
        ? template('[CLS]', '[SEP]', 'A sep B, of two types', around)
        : template('<s>', '</s>', 'A sep sep B', around),
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: unkId, vocab, byte_fallback: false },
  };
  return { tokenizer, specials, forPython: forPython(kind) };
}

/**
 * transformers 5 makes the classes of SentencePiece models anew without the model's map, whatever tokenizer.json says. This class of both 4 and 5
 * takes it as it is.
 */
function forPython(kind: Kind): Record<string, unknown> {
  const types = kind === 'deberta-v2' ? ['token_type_ids'] : [];
  return { tokenizer_class: 'PreTrainedTokenizerFast', model_input_names: ['input_ids', ...types, 'attention_mask'] };
}

/** XLM-R's has 0.3 MB. */
const longestCharsMap = 5_000_000;

const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };

/** The vocabulary in the order of ids: fairseq's begins with tokens of its own, and ends with the mask. */
function vocabOf({ pieces, unkId }: SentencePieceModel, kind: Kind): { vocab: [string, number][]; unkId: number } {
  const scored = (list: readonly Piece[]): [string, number][] => list.map(({ piece, score }) => [piece, score]);
  switch (kind) {
    case 'xlm-roberta':
      // In place of <unk>, <s> and </s>, with which the model begins.
      return {
        vocab: [['<s>', 0], ['<pad>', 0], ['</s>', 0], ['<unk>', 0], ...scored(pieces.slice(3)), ['<mask>', 0]],
        unkId: 3,
      };
    case 'camembert':
      return {
        vocab: [
          ...(
            [
              ['<s>NOTUSED', 0],
              ['<pad>', 0],
              ['</s>NOTUSED', 0],
              ['<unk>', 0],
              ['<unk>NOTUSED', -100],
            ] as const
          ).map(([token, score]): [string, number] => [token, score]),
          ...scored(pieces.slice(1)),
          ['<mask>', 0],
        ],
        unkId: 3,
      };
    case 'deberta-v2':
      return { vocab: scored(pieces), unkId };
  }
}

function normalizersOf({ charsMap }: SentencePieceModel, settings: FolderSettings, kind: Kind): unknown[] {
  const precompiled =
    charsMap.length === 0
      ? []
      : [{ type: 'Precompiled', precompiled_charsmap: Buffer.from(charsMap).toString('base64') }];
  const spaces = (content: string) => ({ type: 'Replace', pattern: { Regex: ' {2,}' }, content });
  if (kind !== 'deberta-v2')
    return [...precompiled, { type: 'Strip', strip_left: false, strip_right: true }, spaces('▁')];
  const lowercase = toggleOf(settings, 'do_lower_case', false) ? [{ type: 'Lowercase' }] : [];
  return [...lowercase, { type: 'Strip', strip_left: true, strip_right: true }, ...precompiled, spaces(' ')];
}

function preTokenizerOf(settings: FolderSettings, kind: Kind): unknown {
  if (kind !== 'deberta-v2') return metaspace;
  const punctuation = toggleOf(settings, 'split_by_punct', false)
    ? [{ type: 'Punctuation', behavior: 'Isolated' }]
    : [];
  return { type: 'Sequence', pretokenizers: [...punctuation, metaspace] };
}
