import type { Config } from '../config/schema.js';
import { recordPrefix } from '../data/named-files.js';
import type { SplitName } from '../data/splits.js';
import { engineKind } from '../engine/numerics.js';
import { codeOf, PanxError } from '../errors.js';
import type { RunDirectory } from '../run/directory.js';
import { shown } from '../system/checked-json.js';
import { type Checksums, changesText } from '../system/checksums.js';
import { reasonOf } from '../system/files.js';
import { NotTheFile } from '../system/stand-in.js';
import { settingDifferences } from './differences.js';
import { curriculumOf, type Environment } from './environment.js';
import { isCurrent, type OldIdentity, type StageIdentity, startKey, trainId } from './identity.js';
import { splitsOf } from './inputs.js';
import { checkpointChecksums, otherNamesIn, outputChanges, recordChanges } from './outputs.js';
import { lacksWeights, neighbourOf, type Places, recordsOf } from './places.js';
import { otherVersion, readChecksums, readEnvironment, readIdentity, readMetrics, readRunConfig } from './records.js';
import { checkResults, metricOf } from './results.js';
import { lookAtCheckpoint } from './verify-checkpoint.js';
import { countOf, lookAtData, lookAtFiles } from './verify-data.js';

/** One thing about a finished run that was looked at. */
export interface Check {
  /** outputs, results, settings, checkpoint, data, start, rerun; of a sweep: settings, stages, table */
  subject: string;
  holds: boolean;
  found: string;
}

/**
 * Look at a finished run: whether the files that a run makes are there, just those, and as they were; whether they
 * agree with each other; and whether what it was made from is what it was. Nothing is trained. Whoever changes all of
 * them so that they agree again is not found out: checksums.json bears no signature. Only training it again
 * (`repeatRun`) tells.
 */
export async function verifyRun(run: RunDirectory, places: Places): Promise<Check[]> {
  const other = await otherVersion(run);
  const look = (subject: string, work: () => Promise<string>) => check(subject, work, other);
  return [
    await look('outputs', () => lookAtOutputs(run)),
    await look('results', () => lookAtResults(run)),
    await look('settings', () => lookAtSettings(run)),
    await look('checkpoint', async () =>
      (await lacksWeights(run)) ? 'its weights were let go' : await lookAtCheckpoint(run, places),
    ),
    await look('data', () => lookAtData(run, places)),
    await look('start', () => lookAtStart(run, places)),
  ];
}

/** Do a check: it holds where `work` gives what was found, and does not where it throws what was found. */
export async function check(subject: string, work: () => Promise<string>, note: string | null = null): Promise<Check> {
  try {
    return { subject, holds: true, found: await work() };
  } catch (error) {
    if (!(error instanceof PanxError) && !isOfTheSystem(error)) throw error;
    const found = error instanceof PanxError ? foundBy(error) : reasonOf(error);
    return { subject, holds: false, found: note === null || found.includes(note) ? found : `${found} (${note})` };
  }
}

/** What an error says; of something else in the place of a file, also how to get the file. */
function foundBy(error: PanxError): string {
  const message = error.message.replace(/\.$/, '');
  if (!(error instanceof NotTheFile)) return message;
  return `${message}: ${error.hint.replace(/\.$/, '').replace(/^./, first => first.toLowerCase())}`;
}

/** Whether the system says why something cannot be read, and not Node.js that it was called wrongly. */
function isOfTheSystem(error: unknown): boolean {
  return /^E(?!RR_)/.test(codeOf(error) ?? '');
}

async function lookAtOutputs(run: RunDirectory): Promise<string> {
  const isBare = await lacksWeights(run).catch(() => false);
  const changes = changesText(isBare ? await recordChanges(run) : await outputChanges(run));
  if (changes !== null) {
    const unfinished = changes.includes('metrics.json is missing') ? ': the run is not finished' : '';
    throw new PanxError(`${run.root}: ${changes}${unfinished}`);
  }
  const strangers = await otherNamesIn(run);
  const more = strangers.length === 0 ? '' : `; not panx's, and not looked at: ${strangers.join(', ')}`;
  if (isBare) return `its records as the run left them, without its weights, which were let go${more}`;
  return `${countOf(await readChecksums(run))} as the run left them${more}`;
}

async function lookAtResults(run: RunDirectory): Promise<string> {
  const { metrics } = await checkResults(run, await readRunConfig(run));
  const langs = Object.keys(metrics.test);
  const scores = langs.length === 0 ? 'no score' : `the scores of ${langs.join(', ')}`;
  return `metrics.json, events.jsonl and times.jsonl agree in ${metrics.steps} ${metrics.steps === 1 ? 'step' : 'steps'} and ${scores}`;
}

async function lookAtSettings(run: RunDirectory): Promise<string> {
  const [identity, environment] = [await readIdentity(run), await readEnvironment(run)];
  const config = await readRunConfig(run);
  const different = [
    ...settingDifferences(identity, config),
    ...startDifferences(identity, environment, await recordsOfNeighbour(run, identity)),
    ...environmentDifferences(
      run.root,
      identity,
      environment,
      config,
      (await readMetrics(run)).metric ?? metricOf(config),
    ),
  ];
  if (different.length > 0) throw new PanxError(different.join('; '));
  return 'config.json and environment.json are what identity.json says';
}

/** What the run whose checkpoint a stage starts from says of itself. */
async function recordsOfNeighbour(
  run: RunDirectory,
  identity: OldIdentity,
): Promise<{ key: string; files: Checksums } | null> {
  const neighbour = await neighbourOf(run, identity);
  if (neighbour === null) return null;
  return { key: (await readIdentity(neighbour)).key, files: await checkpointChecksums(neighbour) };
}

function startDifferences(
  { start }: OldIdentity,
  { startFrom }: Environment,
  neighbour: { key: string; files: Checksums } | null,
): string[] {
  if (!('stage' in start)) {
    return startKey(startFrom.files) === start.checkpoint
      ? []
      : ['environment.json names other files of the starting model than identity.json'];
  }
  const phrases = [];
  if (neighbour!.key !== start.key) phrases.push(`${start.stage}, which it starts from, is not the same`);
  if (!sameEntries(startFrom.files, neighbour!.files)) {
    phrases.push(`environment.json names other files of ${start.stage} than its checksums.json`);
  }
  return phrases;
}

/** What environment.json says that follows from the other records; the rest of it nobody can check. */
function environmentDifferences(
  folder: string,
  identity: StageIdentity | OldIdentity,
  environment: Environment,
  config: Config,
  metric: string,
): string[] {
  const { id, start, data, settings } = identity;
  const of = (lang: string, split: SplitName) =>
    Object.entries(data).filter(([path]) => path.startsWith(recordPrefix(lang, split)));
  const read = splitsOf(config);
  const phrases = read
    .filter(([lang, split]) => of(lang, split).length === 0)
    .map(([lang, split]) => `identity.json names no file of ${lang} ${split}`);
  const files = Object.fromEntries(read.flatMap(([lang, split]) => of(lang, split)));
  if (!sameEntries(environment.data.files, files)) {
    phrases.push('environment.json names other data files than identity.json');
  }
  if ((id === trainId || isCurrent(identity)) && !sameEntries(data, files))
    phrases.push('identity.json names data that config.json does not ask for');
  const expect = (what: string, found: unknown, expected: unknown) => {
    if (found !== expected) phrases.push(`environment.json: ${what} is ${shown(found)}, expected ${shown(expected)}`);
  };
  const { protocol, engine, sessions } = environment;
  expect('protocol.stage', protocol.stage, 'stage' in start ? `${id}, from ${start.stage}` : id);
  expect('protocol.curriculum', protocol.curriculum, curriculumOf(folder, identity, config));
  expect('protocol.metric', protocol.metric, metric);
  if (settings.precision !== 'auto') expect('engine.precision', engine.precision, settings.precision);
  if (settings.backend !== 'auto') expect('engine.name', engine.name, settings.backend);
  if (isCurrent(identity)) {
    expect('engine', engineKind(engine), identity.arithmetic.kind);
    expect('engine.precision', engine.precision, identity.arithmetic.precision);
  }
  expect('sessions[0].fromStep', sessions[0]?.fromStep ?? null, 0);
  const back = sessions.findIndex(({ fromStep }, i) => i > 0 && fromStep < sessions[i - 1]!.fromStep);
  if (back > 0) phrases.push(`environment.json: sessions[${back}] begins before the one before it`);
  return phrases;
}

async function lookAtStart(run: RunDirectory, places: Places): Promise<string> {
  const neighbour = await neighbourOf(run, await readIdentity(run));
  if (neighbour !== null && (await lacksWeights(neighbour))) {
    return `${neighbour.root}, whose weights were let go; its records name those that this one started from`;
  }
  const { startFrom, environment } = await recordsOf(run, places);
  return await lookAtFiles(startFrom, environment.startFrom.files);
}

function sameEntries(a: Checksums, b: Checksums): boolean {
  const text = (sums: Checksums) => JSON.stringify(Object.entries(sums).sort());
  return text(a) === text(b);
}
