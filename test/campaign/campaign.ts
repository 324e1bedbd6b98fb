import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case } from './case.js';
import { dataCase } from './families/data.js';
import { environmentCase } from './families/environment.js';
import { hubCase } from './families/hub.js';
import { killsCase } from './families/kills.js';
import { modelCase } from './families/model.js';
import { outputsCase } from './families/outputs.js';
import { ownFilesCase } from './families/own-files.js';
import { settingsCase } from './families/settings.js';
import { textCase } from './families/text.js';
import { type Fixtures, makeFixtures } from './fixtures.js';
import { fail } from './invariants.js';
import { minimise } from './minimise.js';
import { type Random, randomOf } from './random.js';
import type { CampaignResult, Group } from './report.js';
import { type CaseResult, runCase } from './run-case.js';

export interface CampaignOptions {
  seed: number;
  count: number;
  /** Cases of this family alone. */
  family?: string | undefined;
  /** This case alone. */
  only?: number | undefined;
  /** Cases at once. */
  workers: number;
  onProgress?: (text: string) => void;
}

const families: Readonly<Record<string, (random: Random) => Case>> = {
  outputs: outputsCase,
  own: ownFilesCase,
  model: modelCase,
  data: dataCase,
  settings: settingsCase,
  text: textCase,
  kills: killsCase,
  environment: environmentCase,
  hub: hubCase,
};

/** In which order the families take turns; those that break most, or cost least, come more often. */
const turns = [
  ...['outputs', 'own', 'model', 'data', 'settings', 'text', 'kills', 'environment', 'hub', 'outputs'],
  ...['own', 'model', 'data', 'settings', 'outputs', 'own', 'model', 'environment', 'settings', 'outputs'],
];

/** Case number `index` of a seed: the same however many there are, whatever became of those before. */
export function caseOf(seed: number, index: number): Case {
  const family = turns[index % turns.length]!;
  return { ...families[family]!(randomOf(seed, family, index)), family };
}

/** Attack panx with the cases of a seed. Failures are gathered by their signatures; the first of each is made small. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const startedMs = performance.now();
  const base = mkdtempSync(join(tmpdir(), 'panx-campaign-'));
  try {
    const fixtures = await makeFixtures(join(base, 'fixtures'));
    const groups = new Map<string, Group>();
    const known = new Map<string, string>();
    const totals = { cases: 0, commands: 0 };
    const indices = indicesOf(options)[Symbol.iterator]();
    const work = async (worker: number) => {
      // In a folder of its own, since a case may write beside it.
      const place = { box: join(base, `worker-${worker}`, 'box'), fixtures };
      for (const index of indices) {
        const testCase = caseOf(options.seed, index);
        const { failures, lines, said, commands } = await runCase(testCase, place).catch(brokenCase);
        totals.cases++;
        totals.commands += commands;
        for (const failure of failures) {
          const met = known.get(failure.signature);
          if (met !== undefined) groups.get(met)!.cases.push({ family: testCase.family, index });
          else {
            known.set(failure.signature, failure.signature);
            const group: Group = {
              failure,
              cases: [{ family: testCase.family, index }],
              minimal: testCase,
              lines,
              said,
            };
            groups.set(failure.signature, group);
            await makeSmall(group, place);
            merge(group, failure.signature, groups, known);
          }
        }
        const broken = failures.map(({ detail }) => detail).join('; ');
        options.onProgress?.(`case ${index}, ${testCase.family}: ${broken || 'held'} (${endings(said)})`);
      }
    };
    await Promise.all(Array.from({ length: options.workers }, (_, worker) => work(worker)));
    const seconds = (performance.now() - startedMs) / 1000;
    return { seed: options.seed, ...totals, seconds, groups: [...groups.values()] };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** A mistake of the campaign's own is told as a failure is, and the other cases go on. */
function brokenCase(error: unknown): CaseResult {
  const seen = (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 1500);
  return { failures: [fail('the campaign can run its case', 'itself', seen)], lines: [], said: [], commands: 0 };
}

/** How the commands of a case ended, and the first words of what each said last. */
function endings(said: readonly string[]): string {
  return said
    .map(text => {
      const ending = text.slice(0, text.indexOf(':'));
      const sentence = text.split('\n').findLast(line => line.includes('panx: ')) ?? '';
      return `${ending} ${sentence.slice(sentence.indexOf('panx: ') + 6, 160)}`.trim();
    })
    .join('; ');
}

/** Shared by the workers: each takes the next. */
function* indicesOf({ count, only, family }: CampaignOptions): Generator<number> {
  if (only !== undefined) yield only;
  else for (let i = 0; i < count; i++) if (family === undefined || turns[i % turns.length] === family) yield i;
}

/** As long as it is worth: a failure is told as it is when it cannot be made smaller in that time. */
const minimisingMs = 12_000;

async function makeSmall(group: Group, place: { box: string; fixtures: Fixtures }): Promise<void> {
  const untilMs = performance.now() + minimisingMs;
  const { kind } = group.failure;
  const again = async (smaller: Case) => {
    const { failures, lines, said } = await runCase(smaller, place).catch(brokenCase);
    const failure = failures.find(found => found.kind === kind);
    if (failure === undefined) return false;
    Object.assign(group, { failure, lines, said });
    return true;
  };
  group.minimal = await minimise(group.minimal, again, () => performance.now() > untilMs);
}

/** Made small, it may turn out to be one that was met before. `known` leads from signatures met to those of groups. */
function merge(group: Group, met: string, groups: Map<string, Group>, known: Map<string, string>): void {
  const { signature } = group.failure;
  if (signature === met) return;
  const other = known.get(signature);
  groups.delete(met);
  if (other === undefined) groups.set(signature, group);
  else groups.get(other)!.cases.push(...group.cases);
  known.set(met, other ?? signature);
  known.set(signature, other ?? signature);
}
