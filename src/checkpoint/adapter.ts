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
  const { base_model_name_or_path, model_name } = isObject(content) ? content : {};
  const base = base_model_name_or_path ?? model_name;
  const what =
    typeof base === 'string'
      ? `weights to be added to those of ${excerpt(base)}`
      : 'weights to be added to those of another model';
  return new NotSupported(`${folder} is an adapter: ${what}; expected a whole model.`, { hint: hintFor(content) });
}

/** How what the description of an adapter tells of is merged. AdapterHub's does not name a kind of PEFT. */
function hintFor(content: unknown): string {
  if (!isObject(content)) return mergeOfPeft;
  const { peft_type: kind, config } = content;
  if (kind === undefined && isObject(config)) {
    // What (IA)3 multiplies is merged without the biases: other numbers come out.
    const isLora = config.architecture === 'lora' && config.composition_mode !== 'scale';
    return isLora ? mergeOfAdapterHub : notToBeMerged;
  }
  return typeof kind === 'string' && /(_TUNING|^ADAPTION_PROMPT)$/.test(kind) ? notToBeMerged : mergeOfPeft;
}

/** The error for weights that were saved with an adapter among them; null where no name is that of one. */
export function adapterAmong(names: Iterable<string>, folder: string): NotSupported | null {
  const all = [...names];
  // AdapterHub has the parts of LoRA, and of (IA)3 the second alone, under names that PEFT has too.
  const isLora = all.some(name => /\.loras\.[^.]+\.lora_A\b/.test(name));
  for (const name of all) {
    const ofHub = /\.(adapters|prefix_tunings?|loras)\.[^.]+\./.exec(name)?.[1];
    if (ofHub === undefined && !ofPeft.test(name)) continue;
    return new NotSupported(
      `The weights in ${folder} have an adapter among them (${excerpt(name)}); expected a whole model.`,
      { hint: ofHub === undefined ? mergeHere : ofHub === 'loras' && isLora ? mergeHereByName : notToBeMerged },
    );
  }
  return null;
}

const ofPeft = /\.(lora_(A|B|embedding_A|embedding_B|magnitude_vector)|ia3_l|base_layer|modules_to_save)\b/;

const wholeModel = 'AutoModelForTokenClassification.from_pretrained(BASE, id2label={0: "O", 1: "B-PER", ...})';

const mergeOfPeft = `Merge it first, in Python: PeftModel.from_pretrained(${wholeModel}, "DIR").merge_and_unload().save_pretrained("DIR2"), and the tokenizer too: AutoTokenizer.from_pretrained(BASE).save_pretrained("DIR2").`;

const mergeOfAdapterHub = `Merge it first, in Python: model = ${wholeModel}; adapters.init(model); name = model.load_adapter("DIR"); ${mergedByName('name')}: AutoTokenizer.from_pretrained(BASE).save_pretrained("DIR2").`;

const mergeHere =
  'Merge it where it was trained, in Python: model.merge_and_unload().save_pretrained("DIR2"), and the tokenizer too.';

const mergeHereByName = `Merge it where it was trained, in Python: ${mergedByName('NAME')}.`;

/** What is merged stays among the weights until it is deleted. */
function mergedByName(name: string): string {
  return `model.merge_adapter(${name}); model.delete_adapter(${name}); model.save_pretrained("DIR2"), and the tokenizer too`;
}

/** Layers of their own, or prompts, which no weight of the model can take in. */
const notToBeMerged =
  'An adapter of this kind cannot be merged into the weights, or not with the same results. Train the model that it was made for, or take one that was fine-tuned whole.';
