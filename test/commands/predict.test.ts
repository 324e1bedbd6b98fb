import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TaggedSentence } from '../../src/evaluation/tag.js';
import { buildCli, panx, root } from '../built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-predict-'));
const checkpoint = join(folder, 'run', 'checkpoint');
/** A machine on which TensorFlow is not set up. */
const without = { PANX_CACHE: join(folder, 'cache'), PANX_LIBTENSORFLOW: '' };
const sentence = 'Ada Lovelace lived in London.';

beforeAll(() => {
  buildCli();
  const quick = ['--size', '64', '--max-steps', '8', '--learning-rate', '0.003', '--no-eval'];
  const { code, stderr } = panx(['train', '--sample', '--lang', 'en', ...quick, '--out', join(folder, 'run')]);
  expect(stderr).not.toContain('panx:');
  expect(code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const predict = (args: readonly string[], env = {}) =>
  panx(['predict', '--model', checkpoint, '--format', 'json', ...args], env);

it('tags one sentence with WebAssembly, which says nothing, whatever is provisioned', () => {
  const asked = predict(['--text', sentence]);
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(predict(['--text', sentence, '--backend', 'wasm']).stdout).toBe(asked.stdout);
  expect(predict(['--text', sentence], without)).toMatchObject({ code: 0, stderr: '', stdout: asked.stdout });
});

it('tags many sentences with TensorFlow, and says why where it cannot', () => {
  const { code, stderr, stdout } = predict(Array.from({ length: 60 }, () => ['--text', sentence]).flat(), without);
  expect(code).toBe(0);
  expect(stderr).toBe('TensorFlow is not set up. Run `panx setup` to bring it.\n');
  expect(stdout.trim().split('\n')).toHaveLength(60);
});

it('agrees with the engine that is asked for by name', ({ skip }) => {
  const scores = (args: readonly string[]) => {
    const { code, stdout, stderr } = predict(['--text', sentence, ...args]);
    if (code !== 0 && stderr.includes('The tensorflow backend cannot be used')) return skip(stderr);
    return (JSON.parse(stdout) as TaggedSentence).words.map(({ score }) => score!);
  };
  const tensorflow = scores(['--backend', 'tensorflow', '--precision', 'fp32']);
  // Two layers of float32 products, added up in another order.
  for (const [i, score] of scores([]).entries()) expect(score).toBeCloseTo(tensorflow[i]!, 5);
});

/** The checkpoint with these bits in place of a weight at the end of its file: of the classifier's. */
function withLastWeight(bits: number): string {
  const broken = join(folder, `broken-${bits.toString(16)}`);
  cpSync(checkpoint, broken, { recursive: true });
  const path = join(broken, 'model.safetensors');
  const bytes = readFileSync(path);
  for (let at = bytes.length - 4; at > bytes.length - 400; at -= 4) bytes.writeUInt32LE(bits, at);
  writeFileSync(path, bytes);
  return broken;
}

it.for(['wasm', 'tensorflow'])(
  'refuses weights that are not finite, and logits that are not, with %s',
  (name, { skip }) => {
    const backend = ['--backend', name];
    const nan = panx(['predict', '--model', withLastWeight(0x7fc00000), '--text', sentence, ...backend]);
    if (nan.stderr.includes('The tensorflow backend cannot be used')) return skip(nan.stderr);
    expect(nan).toMatchObject({ code: 1, stdout: '' });
    expect(nan.stderr).toMatch(
      /^panx: \S+model\.safetensors: classifier\.\w+\[\d+(, \d+)?\] is NaN; expected a finite number\.\n {2}/,
    );
    const large = panx(['predict', '--model', withLastWeight(0x7f7fffff), '--text', sentence, ...backend]);
    expect(large).toMatchObject({ code: 1, stdout: '' });
    expect(large.stderr).toContain(`: the logits of sentence 1, "${sentence}", are not finite: that of `);
  },
);

it('shows what a word would do to the terminal, and gives it exactly as JSON', () => {
  const text = 'Ada \u001b[2J in \u009b2J\u202e London';
  const table = panx(['predict', '--model', checkpoint, '--no-split', '--text', text]);
  expect(table.stdout).toContain('<U+001B>[2J');
  expect(table.stdout).toContain('<U+009B>2J<U+202E>');
  const { stdout } = predict(['--no-split', '--text', text]);
  for (const printed of [table.stdout, stdout]) expect(printed).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
  expect((JSON.parse(stdout) as TaggedSentence).text).toBe(text);
});

it('streams: more sentences than are held at a time are tagged as each of them is by itself', () => {
  const lines = Array.from({ length: 2100 }, (_, i) => (i % 3 === 0 ? sentence : `Ankara ${i} is large.`));
  const file = join(folder, 'many.txt');
  writeFileSync(file, lines.join('\n'));
  const { code, stdout } = predict([file, '--backend', 'wasm']);
  expect(code).toBe(0);
  const tagged = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as TaggedSentence);
  expect(tagged.map(({ text }) => text)).toEqual(lines);
  const alone = JSON.parse(predict(['--text', sentence, '--backend', 'wasm']).stdout) as TaggedSentence;
  for (const at of [0, 2046, 2049, 2097]) {
    expect(tagged[at]!.words.map(({ tag }) => tag)).toEqual(alone.words.map(({ tag }) => tag));
    for (const [i, { score }] of tagged[at]!.words.entries()) expect(score).toBeCloseTo(alone.words[i]!.score!, 5);
  }
});

it('answers each line, those without a word too, and reads text in UTF-8 alone', () => {
  const read = (text: string | Buffer, ...args: string[]) => {
    const given = ['dist/cli.js', 'predict', '--model', checkpoint, '--backend', 'wasm', ...args];
    const { status, stdout, stderr } = spawnSync('node', given, { cwd: root, input: text, encoding: 'utf8' });
    return { code: status, stdout, stderr };
  };
  const texts = (stdout: string) => {
    const lines = stdout.trimEnd().split('\n');
    return lines.map(line => JSON.parse(line) as TaggedSentence).map(({ text, words }) => [text, words.length]);
  };
  const some = read('\ufeffa\r\n\n b\n  \nc', '--format', 'json');
  expect(texts(some.stdout)).toEqual([
    ['a', 1],
    ['', 0],
    [' b', 1],
    ['  ', 0],
    ['c', 1],
  ]);
  expect(texts(read('\n\n', '--format', 'json').stdout)).toEqual([
    ['', 0],
    ['', 0],
  ]);
  expect(read('\n').stdout).toBe('  no words\n\n');
  const asked = predict(['--text', '', '--text', 'a', '--text', ' ']);
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(texts(asked.stdout)).toEqual([
    ['', 0],
    ['a', 1],
    [' ', 0],
  ]);
  expect(read('')).toMatchObject({ code: 2, stderr: expect.stringContaining('the input is empty') });
  expect(read(Buffer.from('a\nb', 'utf16le'))).toEqual({
    ...{ code: 1, stdout: '' },
    stderr:
      'panx: stdin looks like UTF-16LE without a mark; expected text in UTF-8.\n  Convert it: iconv -f UTF-16LE -t UTF-8 OLD > NEW\n',
  });
});

it('takes a checkpoint and settings whose files begin with the mark of UTF-8, and no other encoding', () => {
  const marked = join(folder, 'marked');
  cpSync(checkpoint, marked, { recursive: true });
  const config = join(folder, 'marked.yaml');
  writeFileSync(config, `\ufeffmodel: ${marked}\ntokenization: {maxLength: 100}\n`);
  const files = readdirSync(marked).filter(name => name.endsWith('.json'));
  expect(files).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json', 'tokenizer_config.json']));
  for (const file of files) writeFileSync(join(marked, file), `\ufeff${readFileSync(join(marked, file), 'utf8')}`);
  const { stdout } = predict(['--text', sentence]);
  const asked = ['predict', '--config', config, '--format', 'json', '--text', sentence];
  expect(panx(asked)).toMatchObject({ code: 0, stderr: '', stdout });
  for (const file of ['config.json', 'tokenizer.json']) {
    const [path, text] = [join(marked, file), readFileSync(join(marked, file), 'utf8')];
    writeFileSync(path, Buffer.from(text, 'utf16le'));
    expect(panx(asked).stderr).toMatch(`panx: ${path} begins with the mark of UTF-16; expected text in UTF-8.\n`);
    writeFileSync(path, text);
  }
  writeFileSync(config, Buffer.from('\ufeffseed: 1', 'utf16le'));
  expect(panx(asked)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`The configuration file ${config} begins with the mark of UTF-16`),
  });
});

it('says which line of a file it cannot tag, and ends with the reader of its output', () => {
  const file = join(folder, 'long.txt');
  writeFileSync(file, `${sentence}\n${'x'.repeat(300_000)}\n`);
  expect(predict([file])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `panx: ${file}, line 2: found more than 262,144 bytes; expected a sentence.\n  Write one sentence a line.\n`,
  });
  const script = `yes "${sentence}" | node dist/cli.js predict --model "${checkpoint}" | head -1; echo "\${PIPESTATUS[1]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: root, encoding: 'utf8', timeout: 50_000 });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^Ada +Lovelace .*\n141\n$/);
});
