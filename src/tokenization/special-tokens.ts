import { PanxError } from '../errors.js';
import { isObject } from '../system/json.js';
import { isId, shown, type Vocabulary } from './vocabulary.js';

/**
 * The ids of the unknown and the padding token: those that the file names, else those of the usual tokens.
 *
 * @throws PanxError naming the file where it names ids and tokens that are not of the vocabulary or contradict each other, or has no such token
 */
export function specialIds(
  file: Record<string, unknown>,
  vocabulary: Vocabulary,
  path: string,
  hint: string,
): { unkId: number; padId: number } {
  const refuse = (found: string): never => {
    throw new PanxError(`${path} ${found}`, { hint });
  };
  const special = (role: string, named: number | undefined, usual: string[]): number => {
    const id = named ?? usual.map(token => vocabulary.idOf(token)).find(found => found !== undefined);
    return id ?? refuse(`has no ${role} token; expected one of ${usual.join(', ')}.`);
  };
  const tokenNamed = (where: string, token: unknown): number | undefined => {
    if (token === undefined || token === null || token === '') return undefined;
    const id = typeof token === 'string' ? vocabulary.idOf(token) : undefined;
    return id ?? refuse(`has ${shown(token)} as ${where}; expected a token of its vocabulary.`);
  };
  const idNamed = (where: string, id: unknown): number | undefined => {
    if (id === undefined || id === null) return undefined;
    if (isId(id) && id < vocabulary.size) return id;
    return refuse(`has ${shown(id)} as ${where}; expected an id below ${vocabulary.size}.`);
  };
  const model = file.model as Record<string, unknown>;
  const unk = tokenNamed('model.unk_token', model.unk_token);
  const unkId = special('unknown', idNamed('model.unk_id', model.unk_id) ?? unk, ['<unk>', '[UNK]']);

  const { padding } = file;
  if (padding !== undefined && padding !== null && !isObject(padding)) {
    refuse(`has ${shown(padding)} as padding; expected null or an object.`);
  }
  const { pad_id, pad_token } = isObject(padding) ? padding : {};
  const pad = tokenNamed('padding.pad_token', pad_token);
  const padId = special('padding', idNamed('padding.pad_id', pad_id) ?? pad, ['<pad>', '[PAD]']);
  if (pad !== undefined && pad !== padId) {
    refuse(`gives ${shown(pad_token)} the id ${padId} in padding, but ${pad} in its vocabulary.`);
  }
  checkPostProcessor(file.post_processor, vocabulary, refuse);
  return { unkId, padId };
}

/**
 * The tokens that a post-processor names have the ids that it gives them, and its template takes the text once: twice, the engine gives even
 * a word alone twice, so that no word shows it. What is of another shape is the engine's to refuse.
 */
function checkPostProcessor(processor: unknown, vocabulary: Vocabulary, refuse: (found: string) => never): void {
  if (!isObject(processor)) return;
  const check = (token: unknown, id: unknown) => {
    const known = typeof token === 'string' ? vocabulary.idOf(token) : undefined;
    if (known !== undefined && known === id) return;
    refuse(
      `gives ${shown(token)} the id ${shown(id)} in its post_processor, ` +
        `${known === undefined ? 'and has no such token' : `but ${known} in its vocabulary`}.`,
    );
  };
  if (Array.isArray(processor.processors)) {
    for (const one of processor.processors) checkPostProcessor(one, vocabulary, refuse);
  }
  for (const pair of [processor.cls, processor.sep]) if (Array.isArray(pair)) check(pair[0], pair[1]);
  if (Array.isArray(processor.single)) {
    const texts = processor.single.filter(piece => isObject(piece) && 'Sequence' in piece).length;
    if (texts !== 1) refuse(`takes the text ${texts} times in the template of its post_processor; expected it once.`);
  }
  if (!isObject(processor.special_tokens)) return;
  for (const named of Object.values(processor.special_tokens)) {
    const { ids, tokens } = isObject(named) ? named : {};
    if (!Array.isArray(ids) || !Array.isArray(tokens) || ids.length !== tokens.length) {
      refuse(`has ${shown(named)} among the special_tokens of its post_processor; expected as many ids as tokens.`);
    }
    for (const [i, token] of (tokens as unknown[]).entries()) check(token, (ids as unknown[])[i]);
  }
}
