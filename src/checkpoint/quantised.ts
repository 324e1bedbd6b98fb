import { excerpt } from '../errors.js';
import { NotSupported } from './config-values.js';

/** What can be done where weights are of a type that panx does not read: what was lost in narrowing them is not in the file. */
export const takeTheWhole = 'Take the model that it was made of, in F32, F16, BF16 or F64.';

/** The error for a config.json that says so. */
export function quantisedBy(path: string): NotSupported {
  return new NotSupported(
    `${path} has a quantization_config: weights of a few bits, or to be narrowed to them; expected a model in F32, F16, BF16 or F64.`,
    { hint: 'Take the model that it was made of, or, if its weights are whole, remove that key.' },
  );
}

/**
 * The error for weights that were narrowed to a few bits; null where no name is of what is saved with such.
 *
 * Source: bitsandbytes (`SCB`, `absmax`, `quant_state`), GPTQ and AWQ (`qweight`, `qzeros`), compressed-tensors (`weight_packed`, `weight_scale`),
 * torch's own (`_packed_params`) and quanto (`weight._data`).
 */
export function quantisedAmong(names: Iterable<string>, folder: string): NotSupported | null {
  for (const name of names) {
    if (!ofQuantised.test(name)) continue;
    return new NotSupported(
      `The weights in ${folder} are quantised, to a few bits each (${excerpt(name)}); expected a model in F32, F16, BF16 or F64.`,
      { hint: takeTheWhole },
    );
  }
  return null;
}

const ofQuantised =
  /(^|\.)(SCB|qweight|qzeros|_packed_params|weight_packed|weight_scale(_inv)?|weight_zero_point|weight\.(absmax|quant_map|nested_absmax|quant_state|_data|qdata))(\.|$)/;
