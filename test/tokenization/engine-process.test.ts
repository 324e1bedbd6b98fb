import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { sha256 } from '../../src/system/checksums.js';
import { type EngineLimits, startEngineProcess } from '../../src/tokenization/engine-process.js';
import { buildCli, panx, root } from '../built-cli.js';
import { tokenizerFolder } from './fixtures.js';

const text = readFileSync(join(tokenizerFolder('unigram'), 'tokenizer.json'), 'utf8');
const start = (limits: Partial<EngineLimits> = {}) => {
  const engine = startEngineProcess({ memory: 1e9, silence: 30, ...limits });
  onTestFinished(() => engine.end());
  return engine;
};
const changed = (change: (file: Record<string, unknown> & { model: Record<string, unknown> }) => void) => {
  const file = JSON.parse(text) as Parameters<typeof change>[0];
  change(file);
  return JSON.stringify(file);
};
const doubling = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };
const explosive = changed(file => {
  file.normalizer = { type: 'Sequence', normalizers: Array.from({ length: 40 }, () => doubling) };
});

describe('startEngineProcess', () => {
  it('answers what is asked, in any number at once', async () => {
    const engine = start();
    await engine.load(text);
    expect(await engine.ids(['<s>', '<unk>', 'nowhere'])).toEqual([0, 3, null]);
    const [probe, words, tokens] = await Promise.all([
      engine.probe('in'),
      engine.encode(['in', '', 'in']),
      engine.tokens([0, 1e6]),
    ]);
    expect(probe.special).toEqual([1, 0, 1]);
    expect(words).toEqual(Int32Array.of(1, probe.ids[1]!, 0, 1, probe.ids[1]!));
    expect(tokens).toEqual(['<s>', null]);
  });

  it('loads a file by its path, if it is the one that was read', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'panx-test-')), 'tokenizer.json');
    writeFileSync(path, text);
    const engine = start();
    await engine.loadFile(path, sha256(text));
    expect(await engine.ids(['<s>'])).toEqual([0]);
    writeFileSync(path, `${text}\n`);
    await expect(engine.loadFile(path, sha256(text))).rejects.toThrow('it was changed while it was read');
    await expect(engine.loadFile(join(path, 'none'), sha256(text))).rejects.toThrow('ENOTDIR');
  });

  it("gives the engine's own errors, and goes on", async () => {
    const engine = start();
    await expect(engine.load('{}')).rejects.toThrow(/^(?!.*ended).*missing|expected/i);
    await engine.load(text);
    expect(await engine.ids(['<s>'])).toEqual([0]);
  });

  it('outlives an abort of the engine when it loads a file', async () => {
    const engine = start();
    const damaged = changed(file => {
      file.normalizer = { type: 'Precompiled', precompiled_charsmap: 'AAAA' };
    });
    const reason =
      'the tokenizers engine ended with SIGABRT (Precompiled: Error("Cannot parse precompiled_charsmap", line: 0, column: 0))';
    await expect(engine.load(damaged)).rejects.toThrow(reason);
    await expect(engine.encode(['in'])).rejects.toThrow(reason);
  });

  it('outlives an abort of the engine at some words', async () => {
    const engine = start();
    const damaged = changed(file => {
      file.normalizer = { type: 'Replace', pattern: { Regex: '(x+x+)+y' }, content: '' };
    });
    await engine.load(damaged);
    expect(await engine.encode(['in'])).toHaveLength(2);
    const asked = [engine.encode(['x'.repeat(60)]), engine.encode(['in'])];
    const [aborted, waiting] = await Promise.allSettled(asked);
    expect(aborted).toMatchObject({
      status: 'rejected',
      reason: { message: /SIGABRT \(.*retry-limit-in-match over\)$/ },
    });
    if (waiting!.status === 'rejected') expect(waiting!.reason).toBe((aborted as PromiseRejectedResult).reason);
  });

  it('ends an engine that gives no answer', async () => {
    const engine = start({ silence: 2 });
    const slow = changed(file => {
      const vocab = { '[UNK]': 0, x: 1, '##x': 2 };
      file.model = { type: 'WordPiece', vocab, unk_token: '[UNK]', continuing_subword_prefix: '##' };
      Object.assign(file.model, { max_input_chars_per_word: 1e9 });
      file.added_tokens = [];
      file.normalizer = null;
      file.pre_tokenizer = null;
      file.post_processor = null;
    });
    await engine.load(slow);
    await expect(engine.encode(['x'.repeat(100_000)])).rejects.toThrow(
      'the tokenizers engine gave no answer for 2 seconds',
    );
  });

  it('ends an engine that takes too much memory, whether it encodes or loads', async () => {
    const encoding = start({ memory: 300e6 });
    await encoding.load(explosive);
    await expect(encoding.encode(['a'])).rejects.toThrow('the tokenizers engine took more than 300 MB of memory');
    const token = { id: 342, content: 'aa', single_word: false, lstrip: false, rstrip: false, normalized: true };
    const atOnce = JSON.stringify({ ...JSON.parse(explosive), added_tokens: [{ ...token, special: false }] });
    await expect(start({ memory: 300e6 }).load(atOnce)).rejects.toThrow('took more than 300 MB of memory');
  });

  it('says so where it has been let go', async () => {
    const engine = start();
    const loading = engine.load(text);
    engine.end();
    await expect(loading).rejects.toThrow('the tokenizers engine has been let go');
    await expect(engine.encode(['in'])).rejects.toThrow('the tokenizers engine has been let go');
  });

  it('blames no file where the process ends before it has begun, as where memory or threads are few', async () => {
    const { execPath } = process;
    onTestFinished(() => {
      process.execPath = execPath;
    });
    process.execPath = '/bin/false';
    await expect(start().load(text)).rejects.toMatchObject({
      name: 'PanxError',
      message: 'The process of the tokenizers engine cannot be started: the tokenizers engine ended with exit code 1.',
      hint: expect.stringContaining('`ulimit -v`'),
    });
  });
});

describe('panx', () => {
  beforeAll(buildCli);
  const folderOf = (content: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
    writeFileSync(join(folder, 'tokenizer.json'), content);
    return folder;
  };
  const init = (folder: string) => ['init', '--size', 'tiny', '--tokenizer', folder, '--out', `${folder}-model`];

  it('ends in one sentence where the engine aborts', () => {
    const folder = folderOf(
      changed(file => {
        file.normalizer = { type: 'Precompiled', precompiled_charsmap: 'AAAA' };
      }),
    );
    const { code, stdout, stderr } = panx(init(folder));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `panx: ${join(folder, 'tokenizer.json')} is not a tokenizer that can be loaded: the tokenizers engine ended with SIGABRT ` +
        '(Precompiled: Error("Cannot parse precompiled_charsmap", line: 0, column: 0)).\n' +
        '  Save it again with a current version of transformers, or fetch it again.\n',
    );
  });

  /** A mount namespace of its own, where the system lets a process have one, in which nothing is at /bin/sh that could be started. */
  const withoutShell = (command: string) =>
    spawnSync('unshare', ['-rm', 'sh', '-c', `mount --bind /dev/null /bin/sh && exec ${command}`], {
      cwd: root,
      encoding: 'utf8',
    });

  it.skipIf(withoutShell('true').status !== 0)('needs no shell, which some containers lack', () => {
    const truncated = changed(file => {
      file.truncation = { direction: 'Right', max_length: 9, strategy: 'LongestFirst', stride: 0 };
    });
    const command = `node dist/cli.js tokenizers --model '${folderOf(truncated)}' --text in`;
    expect(withoutShell('/bin/sh -c true').status).not.toBe(0);
    expect(withoutShell(command)).toMatchObject({ status: 0, stdout: expect.stringMatching(/ of 1 word /) });
  });

  it.skipIf(process.platform !== 'linux')('leaves no engine behind where it is killed', async () => {
    const busy = JSON.parse(explosive) as Record<string, unknown>;
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false };
    busy.added_tokens = [...(busy.added_tokens as unknown[]), { id: 342, content: 'aa', ...flags }];
    const program = spawn(process.execPath, ['dist/cli.js', ...init(folderOf(JSON.stringify(busy)))], { cwd: root });
    const ended = new Promise(resolve => program.once('exit', resolve));
    const engine = await vi.waitFor(
      () => {
        const children = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8').trim();
        // Once it has the name that it gives itself, it watches over its end.
        expect(readFileSync(`/proc/${children}/cmdline`, 'utf8')).toContain('panx tokenizer');
        return children;
      },
      { timeout: 30_000, interval: 20 },
    );
    program.kill('SIGKILL');
    await ended;
    // A zombie has ended too; it waits for whoever took it over.
    const isRunning = () =>
      existsSync(`/proc/${engine}`) && !/\) Z /.test(readFileSync(`/proc/${engine}/stat`, 'utf8'));
    await vi.waitFor(() => expect(isRunning()).toBe(false), { timeout: 1000, interval: 20 });
  });
});
