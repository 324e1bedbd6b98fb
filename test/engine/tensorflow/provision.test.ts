import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findEngine } from '../../../src/engine/tensorflow/installed-engine.js';
import { bringEngine } from '../../../src/engine/tensorflow/provision.js';
import { makeFakePrograms, tinyTensorflow } from './fake-programs.js';

// The real thing takes 20 s and 270 MB; here pip and the compiler are programs that only do what they are asked for.
const supported = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

describe.skipIf(!supported)('bringEngine', () => {
  const wish = { device: 'cpu', force: false } as const;
  const key = `tensorflow-2.21.0-cpu-linux-${process.arch}`;
  let folder: string;
  let engineHome: string;
  let messages: string;

  /** What the compiler was called with for panx's own operations; `install` gives the other calls. */
  let fusedCalls: () => string[];
  const isFused = (call: string) => call.includes('-march=');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'panx-provision-'));
    engineHome = join(folder, 'cache', 'engine');
    vi.stubEnv('PANX_CACHE', join(folder, 'cache'));
    vi.stubEnv('PANX_LIBTENSORFLOW', '');
    vi.stubEnv('CXX', undefined);
    messages = '';
    vi.spyOn(process.stderr, 'write').mockImplementation(text => {
      messages += text;
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  function install(wheel?: Buffer): () => string[] {
    const { bin, calls } = makeFakePrograms(folder, wheel);
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env.PATH}`);
    fusedCalls = () => calls().filter(isFused);
    return () => calls().filter(call => !isFused(call));
  }

  it('downloads, unpacks, compiles, removes the wheel, and does nothing the second time', async () => {
    const calls = install();
    expect(await findEngine()).toMatchObject({ missing: { why: 'TensorFlow is not set up', broken: false } });
    const engine = await bringEngine(wish);
    expect(calls().map(call => call.split(' ').slice(0, 3).join(' '))).toEqual([
      '-m pip download',
      '-O2 -std=c++17 -shared',
      '-O2 -std=c++17 -shared',
    ]);
    expect(readdirSync(engineHome)).toEqual([key]);
    expect(readdirSync(join(engineHome, key, 'tensorflow'), { recursive: true })).toEqual(
      expect.arrayContaining(['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/c_api.h']),
    );
    expect(existsSync(join(engineHome, key, 'tensorflow', '__init__.py'))).toBe(false);
    expect(await findEngine()).toEqual({ engine });
    expect(messages).toContain('Setting up TensorFlow 2.21.0 (cpu) in ');
    // Both levels of panx's own operations, which are written for x86-64.
    expect(fusedCalls()).toHaveLength(process.arch === 'x64' ? 2 : 0);

    messages = '';
    expect(await bringEngine(wish)).toEqual(engine);
    expect(calls()).toHaveLength(3);
    expect(fusedCalls()).toHaveLength(process.arch === 'x64' ? 2 : 0);
    expect(messages).toBe('');
  });

  it('works once where two ask at the same time', async () => {
    const calls = install();
    const [first, second] = await Promise.all([bringEngine(wish), bringEngine(wish)]);
    expect(second).toEqual(first);
    expect(calls().filter(call => call.includes('pip download'))).toHaveLength(1);
    expect(calls()).toHaveLength(3);
    expect(messages).toContain('Another process is setting up the engine; waiting for it.');
  });

  it('goes on after a run that was killed, and cleans up after it', async () => {
    const calls = install();
    const { pid } = spawnSync('true');
    mkdirSync(join(engineHome, `${key}.123-abc.tmp`, 'tensorflow'), { recursive: true });
    mkdirSync(join(engineHome, `${key}.wheels`, 'incoming'), { recursive: true });
    writeFileSync(join(engineHome, `${key}.wheels`, 'incoming', 'half.whl'), 'half a wheel');
    writeFileSync(join(engineHome, `${key}.lock`), `${pid} ${hostname()} abc\n`);
    const engine = await bringEngine(wish);
    expect(calls()).toHaveLength(3);
    expect(readdirSync(engineHome)).toEqual([key]);
    expect(await findEngine()).toEqual({ engine });
  });

  it('does not download again what had arrived before it was killed', async () => {
    const calls = install();
    const wheels = join(engineHome, `${key}.wheels`);
    mkdirSync(wheels, { recursive: true });
    cpSync(
      join(folder, 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl'),
      join(wheels, 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl'),
    );
    await bringEngine(wish);
    expect(calls().filter(call => call.includes('pip download'))).toHaveLength(process.arch === 'x64' ? 0 : 1);
  });

  it('takes a folder without its marker for unfinished', async () => {
    const calls = install();
    await bringEngine(wish);
    rmSync(join(engineHome, key, 'engine.json'));
    expect(await findEngine()).toMatchObject({ missing: { why: 'TensorFlow is not set up' } });
    await bringEngine(wish);
    expect(calls().filter(call => call.includes('pip download'))).toHaveLength(2);
  });

  it('brings a library anew that was cut short, or changed without changing its size', async () => {
    const calls = install();
    await bringEngine(wish);
    const library = join(engineHome, key, 'tensorflow', 'libtensorflow_cc.so.2');
    truncateSync(library, 100);
    expect(await findEngine()).toMatchObject({ missing: { why: 'TensorFlow is not set up' } });
    await bringEngine(wish);
    expect(calls().filter(call => call.includes('pip download'))).toHaveLength(2);
    writeFileSync(library, 'l1brary '.repeat(1000));
    await bringEngine(wish);
    expect(calls().filter(call => call.includes('pip download'))).toHaveLength(3);
  });

  it('accepts a cache whose files were copied: other times, same content', async () => {
    const calls = install();
    await bringEngine(wish);
    writeFileSync(join(engineHome, key, 'tensorflow', 'libtensorflow_cc.so.2'), 'library '.repeat(1000));
    await bringEngine(wish);
    expect(calls()).toHaveLength(3);
  });

  it('leaves nothing that could be taken for an engine where a file is damaged', async () => {
    install(tinyTensorflow({ lie: 'tensorflow/libtensorflow_framework.so.2' }));
    await expect(bringEngine(wish)).rejects.toThrow(
      /is damaged: tensorflow\/libtensorflow_framework\.so\.2 has SHA-256/,
    );
    expect(readdirSync(engineHome)).toEqual([`${key}.wheels`]);
    expect(readdirSync(join(engineHome, `${key}.wheels`))).toEqual([]);
    expect(await findEngine()).toMatchObject({ missing: { why: 'TensorFlow is not set up' } });
  });

  it('says which part of PANX_LIBTENSORFLOW is missing', async () => {
    vi.stubEnv('PANX_LIBTENSORFLOW', folder);
    await expect(bringEngine(wish)).rejects.toThrow(
      `PANX_LIBTENSORFLOW is ${folder}, and there is no libtensorflow_cc.so.2 or libtensorflow.so (in it or in its lib), no libtensorflow_framework.so.2, no include/tensorflow/c/c_api.h in it.`,
    );
    expect(await findEngine()).toMatchObject({ missing: { broken: true } });
  });

  it('compiles against the TensorFlow of PANX_LIBTENSORFLOW, whichever of its two layouts that has', async () => {
    const calls = install();
    const archive = join(folder, 'archive');
    mkdirSync(join(archive, 'lib'), { recursive: true });
    mkdirSync(join(archive, 'include', 'tensorflow', 'c'), { recursive: true });
    writeFileSync(join(archive, 'lib', 'libtensorflow.so.2'), '');
    writeFileSync(join(archive, 'lib', 'libtensorflow_framework.so.2'), '');
    writeFileSync(join(archive, 'include', 'tensorflow', 'c', 'c_api.h'), '');
    vi.stubEnv('PANX_LIBTENSORFLOW', archive);
    const engine = await bringEngine(wish);
    expect(engine.variant).toBe('external');
    expect(calls()).toHaveLength(2);
    expect(calls()[1]).toContain(`${archive}/lib/libtensorflow.so.2`);
    expect(calls()[1]).toContain(`-Wl,-rpath,${archive}/lib`);
    expect(await findEngine()).toEqual({ engine });
  });

  it('says that Python is missing', async () => {
    vi.stubEnv('PATH', join(folder, 'nothing'));
    await expect(bringEngine(wish)).rejects.toThrow('Python 3 is not installed, and its pip brings TensorFlow.');
  });

  it('says that a compiler is missing, and keeps the libraries', async () => {
    const calls = install();
    vi.stubEnv('CXX', join(folder, 'no-such-compiler'));
    await expect(bringEngine(wish)).rejects.toThrow(
      /^No C\+\+ compiler is installed \(looked for .*no-such-compiler\)/,
    );
    vi.stubEnv('CXX', undefined);
    await bringEngine(wish);
    expect(calls().filter(call => call.includes('pip download'))).toHaveLength(1);
  });

  it.each(['tensorflow folder', 'wheels'])(
    'replaces no %s with something in it that panx does not make',
    async which => {
      install();
      const place = join(engineHome, which === 'wheels' ? `${key}.wheels` : key);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, 'thesis.tex'), 'three years');
      await expect(bringEngine({ ...wish, force: true })).rejects.toThrow(
        `${place} is not replaced: it holds thesis.tex, which panx did not make.`,
      );
      expect(readFileSync(join(place, 'thesis.tex'), 'utf8')).toBe('three years');
    },
  );

  it.each(['', '.wheels'])('follows no link in the place of its folder%s', async suffix => {
    install();
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(join(elsewhere, 'incoming'), { recursive: true });
    mkdirSync(engineHome, { recursive: true });
    symlinkSync(elsewhere, join(engineHome, `${key}${suffix}`));
    await expect(bringEngine({ ...wish, force: true })).rejects.toThrow('is a link; expected one that panx made.');
    expect(readdirSync(elsewhere)).toEqual(['incoming']);
  });

  it('keeps what lies beside its folders in a cache that is used for other things too', async () => {
    install();
    mkdirSync(join(engineHome, 'v8'), { recursive: true });
    writeFileSync(join(engineHome, `${key}.notes.tmp`), 'mine');
    await bringEngine({ ...wish, force: true });
    await bringEngine({ ...wish, force: true });
    expect(readdirSync(engineHome).sort()).toEqual([key, `${key}.notes.tmp`, 'v8'].sort());
  });

  it.each([
    [
      'a folder where its lock goes',
      (path: string) => mkdirSync(path),
      /lock is a folder, expected a lock file or nothing\.$/,
    ],
    [
      'a link to nowhere as its lock',
      (path: string) => symlinkSync('nowhere', path),
      /lock is no file, expected a lock file or nothing\.$/,
    ],
    [
      'a lock that is linked to itself',
      (path: string) => symlinkSync(path, path),
      /lock is no file, expected a lock file or nothing\.$/,
    ],
  ])('says in one sentence that there is %s', async (_, make, sentence) => {
    install();
    mkdirSync(engineHome, { recursive: true });
    make(join(engineHome, `${key}.lock`));
    await expect(bringEngine({ ...wish, force: true })).rejects.toThrow(sentence);
    await expect(bringEngine(wish)).rejects.toMatchObject({ name: 'PanxError', exitCode: 1 });
  });

  it.each([
    'null',
    '{}',
    '{"files": 5}',
    '{"files": [null]}',
    '{"files": [{"path": 5, "size": 1, "sha256": ""}]}',
    '['.repeat(9999),
  ])('takes an engine.json of %s for none', async text => {
    install();
    await bringEngine(wish);
    writeFileSync(join(engineHome, key, 'engine.json'), text);
    expect(await findEngine()).toMatchObject({ missing: { why: 'TensorFlow is not set up' } });
  });

  it('says that the cache cannot be written', async () => {
    writeFileSync(join(folder, 'cache'), 'a file');
    await expect(bringEngine(wish)).rejects.toThrow(/cache\/engine cannot be written: a part of the path is a file/);
  });
});
