import { inline, settingIn } from '../../config/describe.js';
import { type Config, type Key, settings } from '../../config/schema.js';
import { shortModelName } from '../model-name.js';
import type { Hparams } from './event.js';

/**
 * What the HParams plugin shows of a run: its model, data and precision, and the settings of tokenization and training under their own names.
 * The seeds are left out, since runs of one group differ in them; so are settings without a value.
 */
export function hparamsOf(config: Config): Record<string, Hparams[string]> {
  const shown = [...settings.keys()].filter(
    key =>
      key === 'precision' || (/^(tokenization|training)\./.test(key) && key !== ('training.dataSeed' satisfies Key)),
  );
  const values = shown.flatMap(key => {
    const value = hparamOf(settingIn(config, key));
    return value === null ? [] : [[key, value] as const];
  });
  return { model: shortModelName(config.model), data: shortModelName(config.data), ...Object.fromEntries(values) };
}

function hparamOf(value: unknown): Hparams[string] | null {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value === null || Object.keys(value as object).length === 0) return null;
  return inline(value);
}
