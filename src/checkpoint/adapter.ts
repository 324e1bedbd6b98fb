import { join } from 'node:path';
import { excerpt } from '../errors.js';
import { adapterConfig } from '../run/model-files.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { isAbsent } from '../system/files.js';
import { isObject } from '../system/json.js';
import { NotSupported } from './config-values.js';

/** Bytes of it: PEFT's has some 1,000. */
const longestConfig = 4 << 20;

/** The error for a folder with an adapter in place of a model; null where there is none. */
export async function adapterIn(folder: string): Promise<NotSupported | null> {
  const path = join(folder, adapterConfig);
  if (await isAbsent(path)) return null;
  const content = await readBoundedJson(path, longestConfig).catch(() => null);
  const { base_model_name_or_path, model_name, peft_type } = isObject(content) ? content : {};
  const base = base_model_name_or_path ?? model_name;
  const what =
    typeof base === 'string'
      ? `weights to be added to those of ${excerpt(base)}`
      : 'weights to be added to those of another model';
  // AdapterHub's file does not name a kind of PEFT.
  const isHub = isObject(content) && peft_type === undefined && isObject(content.config);
  return new NotSupported(`${folder} is an adapter: ${what}; expected a whole model.`, {
    hint: isHub ? mergeOfAdapterHub : mergeOfPeft,
  });
}

/** The error for weights that were saved with an adapter among them; null where no name is that of one. */
export function adapterAmong(names: Iterable<string>, folder: string): NotSupported | null {
  for (const name of names) {
    const isPeft = /\.(lora_(A|B|embedding_A|embedding_B|magnitude_vector)|ia3_l|base_layer|modules_to_save)\b/.test(
      name,
    );
    const isHub = /\.(adapters|loras|prefix_tuning)\.[^.]+\./.test(name);
    if (!isPeft && !isHub) continue;
    return new NotSupported(
      `The weights in ${folder} have an adapter among them (${excerpt(name)}); expected a whole model.`,
      {
        hint: isPeft ? mergeOfPeft : mergeOfAdapterHub,
      },
    );
  }
  return null;
}

const mergeOfPeft =
  'Merge it first, in Python: PeftModel.from_pretrained(AutoModelForTokenClassification.from_pretrained(BASE, id2label=LABELS), "DIR").merge_and_unload().save_pretrained("DIR2"), and the tokenizer too.';

/** Bottleneck adapters are layers of their own, which no weight of the model can take in. */
const mergeOfAdapterHub =
  'Merge it first, in Python: model.load_adapter("DIR"), model.merge_adapter(NAME), model.save_pretrained("DIR2"), and the tokenizer too. Only LoRA and (IA)3 can be merged; of others take the model that they were made for.';
