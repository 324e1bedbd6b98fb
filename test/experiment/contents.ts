import { createHash } from 'node:crypto';
import type { Config } from '../../src/config/schema.js';
import { panxLabels } from '../../src/data/formats/panx.js';
import { resolveEngine } from '../../src/engine/open.js';
import { arithmeticOf, type Contents } from '../../src/experiment/identity.js';
import { readCorpus, type SplitContents, splitsOf } from '../../src/experiment/inputs.js';
import { checkpointFiles } from '../../src/experiment/start-files.js';

/** What a run is made from, as `panx train` finds it out. */
export async function contentsOf(config: Config, dataDir: string, modelDir: string): Promise<Contents> {
  return {
    checkpoint: await checkpointFiles(modelDir),
    contentOf: await readCorpus(dataDir, splitsOf(config), config.corpora),
    arithmetic: arithmeticOf(await resolveEngine(config)),
  };
}

/**
 * Contents that lie on no disk. Row r has r % 12 + 1 words.
 *
 * @param trainRows rows of the train split by language; the other splits have 5
 * @param changed splits, such as `tr/train`, whose rows and files are others than those of the same contents without it
 */
export function fakeContents(trainRows: Record<string, number>, changed: readonly string[] = []): Contents {
  const made = new Map<string, SplitContents>();
  const make = (lang: string, split: string): SplitContents => {
    const rows = split === 'train' ? trainRows[lang]! : 5;
    const salt = `${lang}/${split}${changed.includes(`${lang}/${split}`) ? ' changed' : ''}`;
    const sha = (text: string) => createHash('sha256').update(text).digest();
    const digests = new Uint8Array(Buffer.concat(Array.from({ length: rows }, (_, row) => sha(`${salt} ${row}`))));
    const files = { [`PAN-X.${lang}/${split}-0.parquet`]: sha(salt).toString('hex') };
    const lengths = Int32Array.from({ length: rows }, (_, row) => (row % 12) + 1);
    return { index: { rows, labelNames: panxLabels, digests, lengths }, files };
  };
  const contentOf = (lang: string, split: string): SplitContents => {
    const name = `${lang}/${split}`;
    if (!made.has(name)) made.set(name, make(lang, split));
    return made.get(name)!;
  };
  const checkpoint = { 'model.safetensors': 'c'.repeat(64) };
  return { checkpoint, contentOf, arithmetic: { kind: 'wasm', precision: 'fp32', revision: 1 } };
}
