import type { Command } from 'commander';
import { labelsNotice } from '../data/label-names.js';
import { splitAtSpaces, splitWords } from '../data/words.js';
import { backendForWork } from '../engine/little-work.js';
import { openEngine } from '../engine/open.js';
import { PanxError } from '../errors.js';
import { encodeForTagging, type TaggedSentence, tagSentences } from '../evaluation/tag.js';
import { tellUnseen } from '../experiment/unseen-words.js';
import { transferLine } from '../hub/progress.js';
import { resolveModel } from '../hub/resolve.js';
import { checkModelFolder, multiplyAddsPerSubword } from '../model/parameter-specs.js';
import { fittedToModel } from '../model/room.js';
import { loadTrained } from '../model/token-classifier.js';
import { tableWidth } from '../reporting/render/terminal.js';
import { notice, print, terminalWidth } from '../system/console.js';
import { formatJson } from '../system/json.js';
import { loadTokenizer } from '../tokenization/tokenizer.js';
import { addFormat, type FormatOptions, identified, isJson } from './format.js';
import { everyText } from './lists.js';
import { addConfigOptions, configOf } from './options.js';
import { areTyped, sentenceWindows } from './predict/sentences.js';
import { taggedText } from './predict/tagged-text.js';

interface PredictOptions extends FormatOptions {
  text?: string[];
  split: boolean;
}

/** panx predict: tag sentences from the command line, a file or stdin. */
export function define(command: Command): void {
  addConfigOptions(command, { as: 'trained' });
  command
    .argument('[file]', 'text file with one sentence a line; - or nothing reads stdin')
    .option('--text <sentence>', 'a sentence to tag; may be repeated', everyText)
    .option('--no-split', 'the text is tokenized already: split it at white space only');
  addFormat(command)
    .addHelpText('after', engineHelp)
    .action(async (file: string | undefined, options: PredictOptions) => {
      const json = isJson(options);
      const { config } = await configOf(command, { as: 'trained' });
      const split = options.split ? splitWords : splitAtSpaces;
      const windows = windowsOf(file, options);
      const typed = options.text === undefined && areTyped(file);
      const firstOf = async () => {
        const first = await windows.next();
        if (first.done) throw nothingToTag();
        return first.value;
      };
      // An empty input is told before a model is brought; whoever types is told of a model that cannot be had before.
      let texts = typed ? null : await firstOf();
      let ahead = typed ? null : await windows.next();
      const folder = await resolveModel(config.model, { onProgress: transferLine() });
      const modelConfig = await checkModelFolder(folder, 'trained');
      const { tokenization } = fittedToModel(config, modelConfig, folder);
      const tokenizer = await loadTokenizer(folder, tokenization);
      const encode = async (texts: readonly string[]) => {
        const sentences = texts.map(text => ({ text, words: split(text) }));
        return { sentences, encoded: await encodeForTagging(sentences, tokenizer, tokenization) };
      };
      if (typed) notice('Type a sentence and Enter, and its words are tagged. Ctrl-D ends.');
      texts ??= await firstOf();
      let window = await encode(texts);
      if (ahead?.done) tokenizer.close();
      // More than a window is no little work, so what is behind the first does not matter.
      const work = multiplyAddsPerSubword(modelConfig) * window.encoded.inputIds.length;
      const { precision } = await openEngine({ ...config, backend: backendForWork(config, work) });
      const model = await loadTrained(folder, [window.encoded.inputIds], precision);
      if (model.unused !== null) notice(model.unused);
      const understood = labelsNotice(model.config.labels);
      if (understood !== null) notice(understood);
      const line = identified('predict', {});
      const text = json
        ? (tagged: TaggedSentence) => `${formatJson({ ...line, ...tagged })}\n`
        : (tagged: TaggedSentence) => taggedText(tagged, terminalWidth() ?? tableWidth);
      const lost = { rows: 0, truncatedRows: 0, truncatedWords: 0, emptyWords: 0 };
      let before = 0;
      for (;;) {
        const { sentences, encoded } = window;
        await tagSentences(model, sentences, encoded, { before }, tagged => {
          print(text(tagged));
        });
        for (const count of Object.keys(lost) as (keyof typeof lost)[]) lost[count] += encoded[count];
        before += sentences.length;
        const next = ahead ?? (await windows.next());
        ahead = null;
        if (next.done) break;
        window = await encode(next.value);
      }
      tokenizer.close();
      tellUnseen([{ name: 'the text', rows: lost }], ['tags'], config, modelConfig);
    });
}

const engineHelp = `
On a terminal it waits for sentences, and tags each as it is typed.

Each line is a sentence, and each has its answer: one without a word has no words
and no entities. With --format json the nth line of output is an object with the
words and entities of the nth line of the text. Text is UTF-8.

It is split into words as PAN-X's are: punctuation stands apart, 1805–1876, St. and
Ankara'da are one word each, and of Chinese, Japanese and Thai each character is a
word. docs/words.md has the rules. --no-split splits at white space only.

With --backend auto, a few short sentences on a small model are tagged by
WebAssembly, in float32: it starts at once, and TensorFlow takes longer to start
than it would save. Scores agree with those of TensorFlow with --precision fp32
to 6 digits, with those of bf16 to 2 or 3.
`;

/** The sentences asked for, some at a time. */
async function* windowsOf(file: string | undefined, { text }: PredictOptions): AsyncGenerator<string[]> {
  if (text === undefined) yield* sentenceWindows(file);
  else if (file === undefined) yield text;
  else throw new PanxError('--text and a file are both given.', { hint: 'Give one of them.', exitCode: 2 });
}

function nothingToTag(): PanxError {
  return new PanxError('There is no sentence to tag: the input is empty.', {
    hint: 'Give --text "...", a file with one sentence a line, or pipe sentences in.',
    exitCode: 2,
  });
}
