// long because every test asks one thing of a whole small run, and all share the study and the data they make.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTensors } from '../../src/checkpoint/weights.js';
import { score } from '../../src/evaluation/score.js';
import type { Environment } from '../../src/experiment/environment.js';
import { planOf } from '../../src/experiment/history.js';
import { keyOf, type StageIdentity } from '../../src/experiment/identity.js';
import { readRunData } from '../../src/experiment/read-rows.js';
import { readResult } from '../../src/experiment/results.js';
import { runStage } from '../../src/experiment/run.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { standingOf } from '../../src/experiment/standing.js';
import { samplePaths } from '../../src/hub/sample.js';
import { loadTokenClassifier } from '../../src/model/token-classifier.js';
import { refuseIfChanged, runDirectory, standOf } from '../../src/run/directory.js';
import { readEvents } from '../../src/run/events.js';
import { takeLock } from '../../src/run/lock.js';
import { readPackage } from '../../src/system/package.js';
import { endProfile, startProfile } from '../../src/system/profile.js';
import { hasTensorflow } from '../kernels/each-backend.js';
import { readTrace } from '../system/trace.js';
import { requestFor, resultsOf } from './short-run.js';
import { stopAfter } from './stop-after.js';

const { dataDir, modelDir } = samplePaths();

describe('a run', () => {
  let folder: string;
  let unbroken: Awaited<ReturnType<typeof resultsOf>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'panx-run-'));
    await runStage(await requestFor(join(folder, 'unbroken')));
    unbroken = await resultsOf(join(folder, 'unbroken'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('leaves config, environment, events, metrics and a checkpoint, and nothing else', async () => {
    expect((await readdir(join(folder, 'unbroken'))).sort()).toEqual([
      'checkpoint',
      'checksums.json',
      'config.json',
      'environment.json',
      'events.jsonl',
      'identity.json',
      'metrics.json',
      'panx.json',
      'times.jsonl',
    ]);
    expect((await readdir(join(folder, 'unbroken', 'checkpoint'))).sort()).toEqual(
      expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']),
    );
  });

  it('logs a line for every step and every evaluation, in order', async () => {
    const told = (await readEvents(join(folder, 'unbroken', 'events.jsonl'))).map(event =>
      event.event === 'step' ? `step ${event.step}` : `${event.lang} ${event.split} at ${event.step}`,
    );
    const steps = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `step ${from + i}`);
    expect(told).toEqual([
      ...steps(1, 5),
      'en validation at 5',
      ...steps(6, 10),
      'en validation at 10',
      'en test at 10',
      'tr test at 10',
    ]);
    const { metrics, durationMs } = await readResult(runDirectory(join(folder, 'unbroken')));
    expect(metrics).toMatchObject({ rows: 70, steps: 10 });
    expect(Object.keys(metrics.test)).toEqual(['en', 'tr']);
    expect(metrics.test.en!.rows).toBe(40);
    expect(durationMs).toBeGreaterThan(0);
  });

  it('the same request gives the same bytes', async () => {
    await runStage(await requestFor(join(folder, 'again')));
    expect(await resultsOf(join(folder, 'again'))).toEqual(unbroken);
  });

  it('begun for some scores at the end goes on for others, wherever it was stopped', async () => {
    for (const lines of [3, 12, 13]) {
      const out = join(folder, `begun-${lines}`);
      await stopAfter(await requestFor(out, ['evaluation.langs=[tr, en]']), lines);
      await runStage({ ...(await requestFor(out)), resume: true });
      expect(await resultsOf(out), `stopped after ${lines} lines`).toEqual(unbroken);
    }
  });

  it('goes on for other scores after a kill at the moment when those before are given up', async () => {
    const out = join(folder, 'half-given-up');
    const run = runDirectory(out);
    await stopAfter(await requestFor(out, ['evaluation.langs=[tr, en]']), 13);
    const [before, now] = [await readFile(run.checksums), await requestFor(out)];
    await standingOf(run, planOf(now.config, 70), now.identity);
    expect(await readFile(run.checksums)).not.toEqual(before);
    await runStage({ ...now, resume: true });
    expect(await resultsOf(out)).toEqual(unbroken);
  });

  it('with a frozen encoder changes no byte of it, and ends so wherever it was stopped', async () => {
    const settings = [
      ...['training.freeze=encoder', 'training.weightDecay=0.5', 'evaluation.enabled=false', 'training.epochs=40'],
    ];
    const [whole, stopped] = [join(folder, 'frozen'), join(folder, 'frozen-stopped')];
    await runStage(await requestFor(whole, settings));
    await stopAfter(await requestFor(stopped, settings), 4);
    await runStage({ ...(await requestFor(stopped, settings)), resume: true });
    expect(await resultsOf(stopped)).toEqual(await resultsOf(whole));
    const [start, trained] = [await openTensors(modelDir), await openTensors(join(whole, 'checkpoint'))];
    let compared = 0;
    for (const name of start.tensors.keys()) {
      if (!trained.tensors.has(name) || name.startsWith('classifier.')) continue;
      expect(
        Buffer.from((await trained.read(name)).buffer).equals(Buffer.from((await start.read(name)).buffer)),
        name,
      ).toBe(true);
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
    await start.close();
    await trained.close();
  });

  it('trains the same whatever it is scored on, and scores as its checkpoint does', async () => {
    const weights = async (name: string, assignments: string[]) => {
      await runStage(await requestFor(join(folder, name), assignments));
      return (await readFile(join(folder, name, 'checkpoint', 'model.safetensors'))).toString('base64');
    };
    expect(await weights('on-en', ['evaluation.langs=[en]'])).toBe(unbroken['checkpoint/model.safetensors']);
    expect(await weights('on-nothing', ['evaluation.enabled=false'])).toBe(unbroken['checkpoint/model.safetensors']);
    // What the run scored with rows of its start and their decay is what the checkpoint holds.
    const checkpoint = join(folder, 'unbroken', 'checkpoint');
    const { config } = await requestFor(join(folder, 'none'));
    const data = await readRunData(config, checkpoint, dataDir, 'test');
    const inputIds = data.test.map(({ rows }) => rows.inputIds);
    const environment = await readFile(join(folder, 'unbroken', 'environment.json'), 'utf8');
    const { precision } = (JSON.parse(environment) as Environment).engine;
    const options = { inputIds, newHead: { labels: [], seed: 0 }, precision };
    const model = await loadTokenClassifier(checkpoint, options);
    const { metrics } = await readResult(runDirectory(join(folder, 'unbroken')));
    for (const { lang, rows } of data.test) {
      expect((await score(model, rows, { batchSize: 16 })).scores).toEqual(metrics.test[lang]);
    }
    model.dispose();
  });

  it('with a profile: the same bytes, and a trace that the checksums do not cover; without one again it is gone', async () => {
    const out = join(folder, 'profiled');
    const profile = startProfile({ tracedRounds: 3, mostEvents: 100_000 });
    try {
      await runStage({ ...(await requestFor(out)), profile });
    } finally {
      endProfile(profile);
    }
    expect(await resultsOf(out)).toEqual(unbroken);
    const { paths } = readTrace(join(out, 'trace.json'));
    const times = (path: string) => paths.filter(one => one === path).length;
    expect(times('training/step')).toBe(10);
    for (const phase of ['weights', 'forward', 'loss', 'backward', 'read loss', 'optimizer']) {
      expect(times(`training/step/${phase}`), phase).toBe(10);
    }
    expect(times('training/scoring')).toBe(2);
    expect(times('scoring')).toBe(2);
    expect(times('scoring/batch/read logits')).toBe(2);
    expect(times('save checkpoint')).toBe(1);
    const training = profile.whole.phases.get('training')!;
    expect([...training.phases].map(([name, { calls }]) => [name, calls])).toEqual([
      ['first step', 1],
      ['step', 9],
      ['scoring', 2],
    ]);
    const forward = training.phases.get('step')!.phases.get('forward')!;
    expect([...forward.operations.values()].some(({ flops }) => flops > 0)).toBe(true);
    // Three steps have their operations in the trace.
    const stepsWithOperations = paths.filter(path => /^training\/step\/optimizer\/\w*Adam\w*$/.test(path));
    if (hasTensorflow) expect(stepsWithOperations.length).toBeGreaterThanOrEqual(3);
    expect(stepsWithOperations.length % 3).toBe(0);

    await runStage(await requestFor(out));
    expect(await readdir(out)).not.toContain('trace.json');
    expect(await resultsOf(out)).toEqual(unbroken);
  });

  it('asked for before another process finished here is refused under the lock, and changes nothing', async () => {
    const out = join(folder, 'raced');
    const request = await requestFor(out);
    const run = runDirectory(out);
    const seen = await standOf(run);
    await runStage(await requestFor(out, ['seed=7']));
    const made = await resultsOf(out);
    const late = runStage({ ...request, check: () => refuseIfChanged(run, seen) });
    await expect(late).rejects.toThrow(`${out} was changed by another process while this one was starting.`);
    expect(await resultsOf(out)).toEqual(made);
    expect(existsSync(run.lock)).toBe(false);
  });

  it('stopped while a profile is recorded leaves its trace', async () => {
    const out = join(folder, 'profiled-stopped');
    const profile = startProfile();
    try {
      const request = { ...(await requestFor(out)), signal: abortedAfterSteps(out, 2), profile };
      await expect(runStage(request)).rejects.toMatchObject({ exitCode: 130 });
    } finally {
      endProfile(profile);
    }
    const { paths } = readTrace(join(out, 'trace.json'));
    expect(paths.filter(path => path === 'training/step').length).toBeGreaterThanOrEqual(2);
    expect(paths).toContain('training/save state');
    expect(profile.traceFile).toBe(join(out, 'trace.json'));
  });

  it('stopped by its signal between any two steps, or while it scores, and resumed: the same bytes', async () => {
    // It is looked at after every step, before every scoring and after every batch of one: some 20 times.
    for (const look of [1, 4, 5, 6, 7, 8, 12, 13, 14, 15, 17]) {
      const out = join(folder, `stopped-${look}`);
      const request = await requestFor(out);
      const error = await runStage({ ...request, signal: abortedAtLook(look) }).catch((thrown: unknown) => thrown);
      expect(error, `stopped at look ${look}`).toMatchObject({ name: 'PanxError', exitCode: 130 });
      expect(existsSync(join(out, 'metrics.json'))).toBe(false);
      await runStage({ ...request, resume: true });
      expect(await resultsOf(out)).toEqual(unbroken);
      const { sessions } = JSON.parse(await readFile(join(out, 'environment.json'), 'utf8')) as Environment;
      expect(sessions).toHaveLength(2);
    }
  });

  it.skipIf(!hasTensorflow)(
    'in bf16 it is another run than in fp32, and stopped and resumed ends with the same bytes too',
    async () => {
      const losses: number[] = [];
      for (const precision of ['fp32', 'bf16']) {
        const [whole, stopped] = [join(folder, precision), join(folder, `stopped-${precision}`)];
        const { metrics } = await runStage(await requestFor(whole, [`precision=${precision}`]));
        losses.push(metrics.trainLoss!);
        const { engine } = JSON.parse(await readFile(join(whole, 'environment.json'), 'utf8')) as Environment;
        expect(engine.precision).toBe(precision);

        const request = await requestFor(stopped, [`precision=${precision}`]);
        const signal = abortedAfterSteps(stopped, 6);
        await expect(runStage({ ...request, signal })).rejects.toMatchObject({ exitCode: 130 });
        await runStage({ ...request, resume: true });
        expect(await resultsOf(stopped)).toEqual(await resultsOf(whole));
      }
      expect(losses[1]).not.toBe(losses[0]);
      expect(losses[1]).toBeCloseTo(losses[0]!, 2);
    },
  );

  it('a run whose training was over is only scored when it goes on', async () => {
    const out = join(folder, 'scored');
    const request = await requestFor(out);
    await runStage(request);
    await rm(join(out, 'metrics.json'));
    await runStage({ ...request, resume: true });
    expect(await resultsOf(out)).toEqual(unbroken);
  });

  describe('goes on only with what it was begun with', () => {
    let out: string;
    let request: StageRequest;
    beforeEach(async () => {
      out = await mkdtemp(join(folder, 'begun-'));
      request = await requestFor(out, ['checkpoint.everySteps=3', 'evaluation.enabled=false']);
      const signal = abortedAfterSteps(out, 4);
      await expect(runStage({ ...request, signal })).rejects.toMatchObject({ exitCode: 130 });
    });

    it('and names the settings that were changed', async () => {
      const changed = await requestFor(out, ['evaluation.enabled=false', 'training.learningRate=2e-3', 'seed=1']);
      await expect(runStage({ ...changed, resume: true })).rejects.toMatchObject({
        message: `${out} was begun otherwise: seed was 42 and is 1 now; training.learningRate was 0.001 and is 0.002 now.`,
        exitCode: 2,
      });
    });

    it('and refuses a training state of which a byte has changed', async () => {
      const [step] = await readdir(join(out, 'state'));
      for (const name of ['model.safetensors', 'state.json']) {
        const path = join(out, 'state', step!, name);
        const bytes = await readFile(path);
        const flipped = Buffer.from(bytes);
        flipped[flipped.length >> 1]! ^= 1;
        await writeFile(path, flipped);
        await expect(runStage({ ...request, resume: true })).rejects.toThrow(`The training state is damaged: ${path}`);
        await writeFile(path, bytes);
      }
      await runStage({ ...request, resume: true });
    });

    it.each<[name: string, change: (text: string) => string | null, sentence: string]>([
      ['events.jsonl', text => text.replace(/.*\n/, ''), 'events.jsonl, line 1 is step 2, expected step 1.'],
      ['events.jsonl', text => text.replace(/(.*\n)/, '$1$1'), 'events.jsonl, line 2 is step 1, expected step 2.'],
      ['events.jsonl', text => text.replace(/"loss":\d/, '"loss":7'), 'events.jsonl: its lines 1 to '],
      ['events.jsonl', text => text.slice(0, 100), 'events.jsonl, line 1 is not whole: the file ends in it.'],
      ['events.jsonl', () => null, 'events.jsonl cannot be read: no such file or folder.'],
      ['times.jsonl', text => text.replace(/.*\n/, ''), 'times.jsonl, line 1 has step 2, expected 1.'],
      ['times.jsonl', () => '', 'times.jsonl ends after line 0; expected step 1 next.'],
      ['environment.json', () => 'null', 'environment.json holds null, expected an object.'],
      ['environment.json', () => null, 'environment.json cannot be read: no such file or folder.'],
      ['identity.json', () => '{}', 'identity.json: id is missing, expected the name of a stage.'],
      ['identity.json', () => '['.repeat(200_000), 'identity.json nests arrays or objects more than 100 levels deep'],
      ['identity.json', text => text.replace('"seed": 42', '"seed": 1'), 'identity.json: key is '],
    ])('and refuses a changed %s, and changes nothing: %#', async (name, change, sentence) => {
      const path = join(out, name);
      const changed = change(await readFile(path, 'utf8'));
      if (changed === null) await rm(path);
      else await writeFile(path, changed);
      const before = await everyFileOf(out);
      await expect(runStage({ ...request, resume: true })).rejects.toMatchObject({
        name: 'PanxError',
        message: expect.stringContaining(sentence),
        hint: 'Copy the file again from a backup, or start the run anew (panx train: with --force).',
      });
      expect(await everyFileOf(out)).toEqual(before);
    });

    it('and says which version of panx began it, where that was another', async () => {
      const [identity, environment] = [join(out, 'identity.json'), join(out, 'environment.json')];
      const { settings, ...rest } = JSON.parse(await readFile(identity, 'utf8')) as StageIdentity;
      const { seed: _, ...fewer } = settings;
      const other = { ...rest, settings: { ...fewer, 'training.mood': 'good' } as StageIdentity['settings'] };
      await writeFile(identity, JSON.stringify({ ...other, key: keyOf(other) }));
      const differences =
        'training.mood was "good", and there is no such setting now; seed is 42 now, and there was no such setting then.';
      await expect(runStage({ ...request, resume: true })).rejects.toThrow(
        `${out} was begun otherwise: ${differences}`,
      );
      await writeFile(
        environment,
        (await readFile(environment, 'utf8')).replace(/"version": "0[^"]+"/, '"version": "0.0.9"'),
      );
      await expect(runStage({ ...request, resume: true })).rejects.toMatchObject({
        message: `${out} was made by panx 0.0.9, and this is panx ${readPackage().version}; only the version that began a run goes on with it.`,
        hint: 'Use the panx that made it, or train it anew with this one (panx train: with --force, or another folder with --out).',
      });
    });

    it('and refuses another engine, another precision and other numerics', async () => {
      const { identity } = request;
      const { kind, precision, revision } = identity.arithmetic;
      const was = `it was computed by ${kind} in ${precision} and would be by`;
      const changed = [
        { kind: kind === 'wasm' ? 'tensorflow-plain' : 'wasm', precision, revision },
        { kind, precision: precision === 'bf16' ? 'fp32' : 'bf16', revision },
        { kind, precision, revision: revision + 1 },
      ] as const;
      for (const arithmetic of changed) {
        const other = { ...identity, arithmetic };
        const asked = { ...request, resume: true, identity: { ...other, key: keyOf(other) } };
        await expect(runStage(asked)).rejects.toThrow(`${out} was begun otherwise: ${was}`);
      }
    });
  });

  it('does not score a checkpoint of which a byte has changed', async () => {
    const out = join(folder, 'flipped');
    const request = await requestFor(out);
    await runStage(request);
    await rm(join(out, 'metrics.json'));
    const path = join(out, 'checkpoint', 'model.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    await expect(runStage({ ...request, resume: true })).rejects.toThrow('model.safetensors has changed.');
  });

  it('refuses a folder that another process works in', async () => {
    const out = join(folder, 'locked');
    const unlock = await takeLock(join(out, 'lock'));
    await expect(runStage(await requestFor(out))).rejects.toThrow(/is in use by process \d+/);
    await unlock();
  });

  it('without evaluation, nothing is scored', async () => {
    const out = join(folder, 'unscored');
    const { metrics } = await runStage(await requestFor(out, ['evaluation.enabled=false', 'training.maxSteps=2']));
    expect(metrics.test).toEqual({});
    expect((await readEvents(join(out, 'events.jsonl'))).map(({ event }) => event)).toEqual(['step', 'step']);
  });
});

/** What each file of a run directory holds, but for the lock. */
async function everyFileOf(out: string): Promise<Record<string, string>> {
  const names = (await readdir(out, { recursive: true })).filter(name => !name.startsWith('lock'));
  const files = names.filter(name => statSync(join(out, name)).isFile());
  return Object.fromEntries(
    await Promise.all(files.map(async name => [name, (await readFile(join(out, name))).toString('base64')] as const)),
  );
}

/** A signal that is aborted once the log holds so many steps. */
function abortedAfterSteps(out: string, steps: number): AbortSignal {
  const log = join(out, 'events.jsonl');
  const logged = () => (existsSync(log) ? readFileSync(log, 'utf8').split('"event":"step"').length - 1 : 0);
  return signalThatIs(() => logged() >= steps);
}

/** A signal that is aborted from the n-th time on that somebody looks. */
function abortedAtLook(n: number): AbortSignal {
  let looks = 0;
  return signalThatIs(() => ++looks >= n);
}

function signalThatIs(aborted: () => boolean): AbortSignal {
  return Object.defineProperty({}, 'aborted', { get: aborted }) as AbortSignal;
}
