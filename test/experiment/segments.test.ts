import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { readCorpus } from '../../src/experiment/inputs.js';
import { trainRowsOf } from '../../src/experiment/plan.js';
import { readRunData, rowsVisited } from '../../src/experiment/read-rows.js';
import { countSegments } from '../../src/experiment/segments.js';
import { planStudy, splitsOfStudy } from '../../src/experiment/study-plan.js';
import { samplePaths } from '../../src/hub/sample.js';

const { dataDir, modelDir } = samplePaths();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-segments-'));
  vi.stubEnv('PANX_CACHE', folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function counted(...assignments: string[]) {
  const { config } = await loadConfig({ assignments: [`model=${modelDir}`, ...assignments] });
  const contentOf = await readCorpus(dataDir, splitsOfStudy(config));
  const { stages } = planStudy(config, trainRowsOf(config, contentOf));
  const lines: string[] = [];
  const models = new Map([[modelDir, { folder: modelDir }]]);
  const places = { models, dataDir, contentOf, onProgress: (line: string) => void lines.push(line) };
  return { stages, segments: await countSegments(stages, places), lines };
}

it.each([
  ['data seeds', ['study.sizes=[40, 90]', 'study.dataSeeds=2', 'tokenization.maxLength=8']],
  ['lengths', ['study.sizes=[40]', 'study.grid={tokenization.maxLength: [5, 12, 512]}']],
  [
    'rows cut and split',
    ['study.sizes=[9]', 'study.grid={tokenization.longRows: [cut, split]}', 'tokenization.maxLength=9'],
  ],
  ['words that give no subword', ['study.sizes=[40]', 'tokenization.emptyWords=unk', 'tokenization.maxLength=7']],
  ['fractions', ['study.sizes=[10]', 'training.fractions={en: 0.1, tr: 0.05}', 'tokenization.maxLength=9']],
  ['sets', ['study.protocol=mixtures', 'study.train=[[en], [tr, en]]', 'study.score=[tr]', 'tokenization.maxLength=9']],
  [
    'a re-split',
    [
      ...['study.protocol=mixtures', 'study.train=[[tr], [tr, en]]', 'study.score=[tr]', 'tokenization.maxLength=9'],
      ...['training.resplit=true', 'training.dataSeed=3'],
    ],
  ],
])('counts as many segments as a training visits: %s', async (_, assignments) => {
  const { stages, segments } = await counted('tokenization.longRows=split', ...assignments);
  const without = { enabled: false, eachEpoch: false, atEnd: false };
  for (const { id, config, samples } of stages) {
    const alone = { ...config, evaluation: { ...config.evaluation, ...without } };
    const data = await readRunData(alone, modelDir, dataDir, id);
    expect([id, segments[id] ?? samples]).toEqual([id, rowsVisited(data)]);
    expect(id in segments).toBe(data.train.segments !== undefined);
  }
  expect(Object.keys(segments).length).toBeGreaterThan(0);
});

it('reads nothing where rows are cut, or no model is known; and each language once for stages that read it alike', async () => {
  expect(await counted('study.sizes=[40]', 'tokenization.maxLength=8')).toMatchObject({ segments: {}, lines: [] });
  const unknown = await counted('study.grid={model: [other]}', 'study.sizes=[40]', 'tokenization.longRows=split');
  expect(unknown).toMatchObject({ segments: {}, lines: [] });
  const two = ['study.sizes=[40, 50]', 'study.seeds=3', 'tokenization.longRows=split', 'tokenization.maxLength=10'];
  const { lines } = await counted(...two);
  expect(lines).toEqual(['tr', 'en'].map(lang => `tokenize ${lang} train: 1,200 of 1,200 rows`));
  expect((await counted(...two)).lines).toEqual([]);
});

it('refuses a length that the model has no room for', async () => {
  await expect(counted('study.sizes=[9]', 'tokenization.longRows=split', 'tokenization.maxLength=129')).rejects.toThrow(
    `tokenization.maxLength is 129, and the model in ${modelDir} has positions for rows of 128 subwords.`,
  );
});
