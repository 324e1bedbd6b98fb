import { join } from 'node:path';
import { PanxError } from '../errors.js';
import { markName } from '../run/layouts.js';
import type { StudyDirectory } from '../run/store-directory.js';
import { readPackage } from '../system/package.js';
import { trainingDifferences } from './differences.js';
import { differenceFrom } from './file-difference.js';
import { isCurrent } from './identity.js';
import { checkMark, isWrittenAs, notByPanx } from './outputs.js';
import type { Places } from './places.js';
import { isConfigAsWritten, readIdentity } from './records.js';
import { expectRows } from './results.js';
import { readStudy } from './study-folder.js';
import { runOf, stagesOf, tableOf } from './study-on-disk.js';
import type { SweepTable } from './table.js';
import { type Check, check } from './verify.js';
import { lookAtRows, lookAtScorings } from './verify-scorings.js';

/**
 * Look at a study: whether its settings are those of its stages, whether all of these are trained and scored, whether the scores are those
 * that the predictions make, whether the data still have the rows that were scored, and whether the tables and figures are those that the
 * scores make. The stages themselves are looked at by `verifyRun`.
 *
 * @param places where the data lies now, if it was moved
 * @param draw what wrote the tables and figures
 */
export async function verifyStudy(
  folder: StudyDirectory,
  places: Places,
  draw: (table: SweepTable) => Promise<ReadonlyMap<string, string | Uint8Array>>,
): Promise<Check[]> {
  return [
    await check('settings', () => lookAtSettings(folder)),
    await check('stages', () => lookAtStages(folder)),
    await check('scorings', () => lookAtScorings(folder)),
    await check('rows', () => lookAtRows(folder, places)),
    await check('table', () => lookAtTable(folder, draw)),
  ];
}

async function lookAtSettings(folder: StudyDirectory): Promise<string> {
  await checkMark(join(folder.root, markName), 'study', readPackage().version);
  const record = await readStudy(folder);
  if (!(await isWrittenAs(folder.stages, record))) throw new PanxError(`${folder.stages} ${notByPanx}`);
  if (!(await isConfigAsWritten(folder.config))) throw new PanxError(`${folder.config} ${notByPanx}`);
  const stages = await stagesOf(folder, record);
  const asked = stages.map(({ id, startStage, samples, steps }) => `${id} ${startStage} ${samples} ${steps}`);
  const told = Object.entries(record.stages).map(
    ([id, { startsFrom, rows, steps }]) => `${id} ${startsFrom} ${rows} ${steps}`,
  );
  if (asked.join('\n') !== told.join('\n')) {
    throw new PanxError(`${folder.stages} does not name the stages that config.json asks for`);
  }
  for (const { id, config } of stages) {
    const run = await runOf(folder, record, record.stages[id]!);
    const identity = run === null ? null : await readIdentity(run);
    const different = identity !== null && isCurrent(identity) ? trainingDifferences(identity, config) : [];
    if (different.length > 0)
      throw new PanxError(`${folder.config} is not what ${id} was trained with: ${different.join('; ')}`);
  }
  return 'config.json asks for the stages that stages.json names, and for what they were trained with';
}

async function lookAtStages(folder: StudyDirectory): Promise<string> {
  const record = await readStudy(folder);
  const open: string[] = [];
  for (const [name, stage] of Object.entries(record.stages)) {
    const run = await runOf(folder, record, stage);
    if (run === null) open.push(name);
    else if ((await readIdentity(run)).key !== stage.key) throw new PanxError(`${run.root} is not ${name}`);
    else await expectRows(run, name, stage.rows, stage.segments);
  }
  if (open.length === 0) return `all ${Object.keys(record.stages).length} are trained`;
  throw new PanxError(`the study is not finished: ${open.join(', ')} ${open.length === 1 ? 'is' : 'are'} not done`);
}

/** The tables and figures, drawn again from the scores in the store, are the files that are there. */
async function lookAtTable(
  folder: StudyDirectory,
  draw: (table: SweepTable) => Promise<ReadonlyMap<string, string | Uint8Array>>,
): Promise<string> {
  const files = await draw(await tableOf(folder));
  const wrong: string[] = [];
  for (const [name, content] of files) {
    const what = await differenceFrom(join(folder.root, name), Buffer.from(content as string));
    if (what !== null) wrong.push(`${name} ${what}`);
  }
  if (wrong.length > 0) throw new PanxError(`drawn again from the scores in the store: ${wrong.join('; ')}`);
  return `${[...files.keys()].join(', ')} come out the same when they are drawn again from the scores in the store`;
}
