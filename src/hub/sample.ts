import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PanxError } from '../errors.js';

/** Data and models of an embedded sample, as folders. */
export interface SamplePaths {
  dataDir: string;
  /** An encoder that is not fine-tuned. */
  modelDir: string;
  /** The same, fine-tuned on train rows of the samples. */
  taggerDir: string;
}

/**
 * The embedded sample for rows of these languages: the first that has them all. A sample is a small synthetic corpus
 * and a tiny encoder with its own tokenizer, as it is and fine-tuned, in a folder of the package. It shows the shape of a run, not the quality
 * of a model.
 *
 * @param asked those of named corpora (`conll=de`) choose no sample
 * @throws PanxError where no sample has them all, and where the package is installed without it.
 */
export function samplePaths(asked: readonly string[] = [], root: URL = packageRoot): SamplePaths {
  const langs = asked.filter(lang => !lang.includes('='));
  const sample = samples.find(candidate => langs.every(lang => candidate.langs.includes(lang)));
  if (sample === undefined) throw noSuchSample(langs);
  return pathsOf(sample, root);
}

/** Every embedded sample, the smallest list of languages first. @throws PanxError where one is not complete */
export function everySample(root: URL = packageRoot): (SamplePaths & { langs: readonly string[] })[] {
  return samples.map(sample => ({ langs: sample.langs, ...pathsOf(sample, root) }));
}

interface Sample {
  folder: string;
  langs: readonly string[];
}

const samples: readonly Sample[] = [
  { folder: 'sample', langs: ['en', 'tr'] },
  { folder: 'sample/many', langs: ['en', 'tr', 'de', 'fr', 'it', 'af', 'sw', 'hu'] },
];

function pathsOf({ folder, langs }: Sample, root: URL): SamplePaths {
  const dataDir = fileURLToPath(new URL(`${folder}/data`, root));
  const modelDir = fileURLToPath(new URL(`${folder}/model`, root));
  const taggerDir = fileURLToPath(new URL(`${folder}/tagger`, root));
  const configs = [modelDir, taggerDir].map(model => `${model}/config.json`);
  for (const path of [...langs.map(lang => `${dataDir}/PAN-X.${lang}`), ...configs]) {
    if (existsSync(path)) continue;
    throw new PanxError(`The embedded sample is not complete: ${path} does not exist.`, {
      hint: `Install panx anew (a git checkout holds it in ${folder}/), or give --model and --data.`,
    });
  }
  return { dataDir, modelDir, taggerDir };
}

function noSuchSample(langs: readonly string[]): PanxError {
  const known = samples.flatMap(sample => sample.langs);
  const missing = [...new Set(langs)].filter(lang => !known.includes(lang));
  const there = samples.map(sample => `${sample.folder} has ${sample.langs.join(', ')}`).join('; ');
  return new PanxError(`No embedded sample has ${missing.join(', ')}: ${there}.`, {
    hint: 'Choose among these languages, or leave --sample out and give --model and --data.',
    exitCode: 2,
  });
}

/** The package's root: both src/hub and dist/hub lie two folders below it. */
const packageRoot = new URL('../../', import.meta.url);
