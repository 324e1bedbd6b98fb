import { type ModelConfig, readModelConfig } from '../checkpoint/config.js';
import { type Config, schema } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { usablePositions } from './inputs.js';

/**
 * A configuration whose `tokenization.maxLength` is one that a model has room for: the default stands for what fits, up to itself. What the
 * tokenizer's files say of it (model_max_length) does not count: many give none, or fewer than the model has positions.
 *
 * @param folder of the model, for sentences
 * @throws PanxError where another length is asked for than the default, and the model has no room for it
 */
export function fittedToModel<C extends Pick<Config, 'tokenization'>>(
  config: C,
  model: ModelConfig,
  folder: string,
): C {
  const { maxLength } = config.tokenization;
  const room = usablePositions(model);
  if (maxLength <= room) return config;
  if (maxLength === schema.tokenization.maxLength.default) {
    return { ...config, tokenization: { ...config.tokenization, maxLength: room } };
  }
  throw new PanxError(
    `tokenization.maxLength is ${maxLength}, and the model in ${folder} has positions for rows of ${room} subwords.`,
    {
      hint:
        `Set it to ${room} or less (--set tokenization.maxLength=${room}), or leave it out. ` +
        'Longer rows are then cut, or, with --set tokenization.longRows=split, split between words.',
    },
  );
}

/** The same, by the config.json of the folder. @throws PanxError as `fittedToModel` and `readModelConfig` do */
export async function fittedToFolder<C extends Pick<Config, 'tokenization'>>(config: C, folder: string): Promise<C> {
  return fittedToModel(config, await readModelConfig(folder), folder);
}

/**
 * The same for a command that reads a tokenizer and no model. A folder may have no config.json then, or that of a network that panx does not train:
 * the length is taken as it is.
 *
 * @throws PanxError as `fittedToModel` does
 */
export async function fittedWhereKnown<C extends Pick<Config, 'tokenization'>>(config: C, folder: string): Promise<C> {
  const model = await readModelConfig(folder).catch(() => null);
  return model === null ? config : fittedToModel(config, model, folder);
}
