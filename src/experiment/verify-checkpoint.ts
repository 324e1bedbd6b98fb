import { readModelConfig } from '../checkpoint/config.js';
import { configText } from '../checkpoint/folder.js';
import { openTensors } from '../checkpoint/weights.js';
import { someLabels } from '../data/labels.js';
import { PanxError } from '../errors.js';
import type { RunDirectory } from '../run/directory.js';
import { modelFile, tokenizerSources } from '../run/model-files.js';
import { type Checksums, changesSince, sha256 } from '../system/checksums.js';
import { sha256OfFile } from '../system/files.js';
import { convertTokenizer } from '../tokenization/converters/convert.js';
import { type Places, recordsOf } from './places.js';
import { readRunConfig } from './records.js';

/**
 * config.json of the checkpoint is what a run makes of that of its starting model; its labels are those of the
 * classifier beside it.
 */
export async function lookAtCheckpoint(run: RunDirectory, places: Places): Promise<string> {
  const config = await readModelConfig(run.checkpoint);
  const { startFrom, environment } = await recordsOf(run, places);
  const weights = await openTensors(run.checkpoint);
  const shape = weights.tensors.get('classifier.weight')?.shape ?? [];
  await weights.close();
  const expected = [config.labels.length, config.hiddenSize];
  if (JSON.stringify(shape) !== JSON.stringify(expected)) {
    throw new PanxError(
      `${run.checkpoint}: classifier.weight is [${shape.join(', ')}], expected [${expected.join(', ')}], as its config.json says`,
    );
  }
  const tokenizer = await tokenizerOf(startFrom, environment.startFrom.files, run);
  if (tokenizer !== null && (await sha256OfFile(`${run.checkpoint}/tokenizer.json`)) !== tokenizer) {
    throw new PanxError(`${run.checkpoint}/tokenizer.json is not that of the model that it started from`);
  }
  const labels = `${config.labels.length} labels, ${someLabels(config.labels)}`;
  if ((await changesSince(startFrom, pick(environment.startFrom.files, modelFile.config))).size > 0) return labels;
  const made = configText({ ...(await readModelConfig(startFrom)), labels: config.labels });
  if ((await sha256OfFile(`${run.checkpoint}/config.json`)) !== sha256(made)) {
    throw new PanxError(`${run.checkpoint}/config.json is not what a run makes of ${startFrom}/config.json`);
  }
  return `of the model that it started from, with ${labels}`;
}

/** SHA-256 of the tokenizer.json that a run had or made; null where it was made, and what it was made of is not there any more. */
async function tokenizerOf(startFrom: string, files: Checksums, run: RunDirectory): Promise<string | null> {
  if (modelFile.tokenizer in files) return files[modelFile.tokenizer]!;
  const sources = Object.fromEntries(
    Object.entries(files).filter(([name]) => tokenizerSources.some(source => source === name)),
  );
  if ((await changesSince(startFrom, sources)).size > 0) return null;
  const { tokenization } = await readRunConfig(run);
  const made = await convertTokenizer(startFrom, tokenization.lowerCase).catch(() => null);
  return made === null ? null : sha256(made.text);
}

function pick(sums: Checksums, name: string): Checksums {
  return Object.fromEntries(Object.entries(sums).filter(([path]) => path === name));
}
