import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePaths } from '../src/hub/sample.js';
import { displayWidth } from '../src/system/display-width.js';
import { unsafe } from '../src/system/visible.js';
import { buildCli, panx, root } from './built-cli.js';
import { tags, words, writeParquet } from './data/formats/parquet-fixture.js';

/** Clears the screen, in two ways; rings; goes to the line's start; turns the line around; ends it; hides "A". */
const hostile = '\u001b[2J\u009b2J\u0007\r\u202e\u2066\u200f\u061c\u2028\u{e0041}';
/** Of the same, what may stand in an argument, a file's name and a header. */
const name = `x${hostile}`;

const folder = mkdtempSync(join(tmpdir(), 'panx-terminal-'));
const at = (file: string) => join(folder, file);
const env = { PANX_STORE: at('store'), HF_HOME: at('hub'), HF_HUB_OFFLINE: '1' };
const { taggerDir, dataDir } = samplePaths();

beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, content: string | Buffer): string {
  writeFileSync(at(file), content);
  return at(file);
}

/** The fine-tuned model of the sample, with another config.json. */
function modelWith(file: string, change: (config: Record<string, unknown>) => unknown): string {
  cpSync(taggerDir, at(file), { recursive: true });
  const config = JSON.parse(readFileSync(join(taggerDir, 'config.json'), 'utf8')) as Record<string, unknown>;
  const changed = change(config);
  writeFileSync(join(at(file), 'config.json'), typeof changed === 'string' ? changed : JSON.stringify(changed));
  return at(file);
}

/** Commands that read a corpus of a file, and the data of a folder. */
const statsOf = (format: string, file: string) => [
  ...['data', 'stats', '--set', `corpora.c={format: ${format}, files: {train: ${file}}}`],
  ...['--langs', 'c', '--splits', 'train'],
];
const statsIn = (data: string) => ['data', 'stats', '--data', data, '--langs', 'en', '--splits', 'test'];

/** Rows of one language in a folder, with what a test changes. */
function dataWith(file: string, { lang = 'en', column = 'ner_tags', huggingface = '' }): string {
  mkdirSync(join(at(file), `PAN-X.${lang}`), { recursive: true });
  const columns = { tokens: words([['Ada', hostile, 'x']]), [column]: tags([[1n, 2n, 0n]]) };
  const path = join(at(file), `PAN-X.${lang}`, 'test-00000-of-00001.parquet');
  writeParquet(path, columns, huggingface === '' ? {} : { huggingface });
  return at(file);
}

const labels = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', `B-${hostile}`, `I-${hostile}`];
const features = (names: readonly string[]) =>
  JSON.stringify({ info: { features: { ner_tags: { feature: { names } } } } });
const sentence = ['--text', 'Helen Murphy lived in Vienna.'];

/** Everything that a user's text can come from; each command prints some of it. */
const sources: Record<string, () => string[]> = {
  'a word': () => ['predict', '--sample', '--no-split', '--text', `Ada ${hostile} x`],
  'a word that is split': () => ['predict', '--sample', '--text', `Ada ${hostile} x`],
  'a line of a file': () => ['predict', '--sample', write('lines.txt', `Ada ${hostile} x\n`)],
  'a file that is not there': () => ['predict', '--sample', at(name)],
  'labels of a model': () => [
    'predict',
    '--model',
    modelWith('labels', config => ({ ...config, id2label: labels })),
    ...sentence,
  ],
  'labels of a model that is scored': () => {
    const model = modelWith('scored', config => ({ ...config, id2label: labels }));
    return ['evaluate', '--model', model, '--data', dataDir, '--langs', 'en', '--set', 'evaluation.limit=5'];
  },
  'the name of a model': () => [
    'predict',
    '--model',
    modelWith(name, config => ({ ...config, hidden_size: 'wide' })),
    ...sentence,
  ],
  'a model that is not there': () => ['predict', '--model', at(`no-${name}`), ...sentence],
  'a hub id': () => ['predict', '--model', `org/${name}`, ...sentence],
  'a value in config.json': () => [
    'predict',
    '--model',
    modelWith('value', config => ({ ...config, hidden_act: hostile })),
    ...sentence,
  ],
  'config.json that is no JSON': () => ['predict', '--model', modelWith('json', () => `{"a": ${hostile}`), ...sentence],
  'a tokenizer': () => {
    const model = modelWith('tokenizer', config => config);
    writeFileSync(join(model, 'tokenizer.json'), JSON.stringify({ model: { type: hostile, vocab: {} } }));
    return ['predict', '--model', model, ...sentence];
  },
  'the name of a tensor': () => {
    const model = modelWith('tensor', config => config);
    const header = Buffer.from(JSON.stringify({ [hostile]: { dtype: hostile, shape: [1], data_offsets: [0, 4] } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(join(model, 'model.safetensors'), Buffer.concat([length, header, Buffer.alloc(4)]));
    return ['predict', '--model', model, ...sentence];
  },
  'a language': () => ['evaluate', '--sample', '--langs', name],
  'a language to train on': () => ['train', '--sample', '--lang', name],
  'a folder of a language': () => ['data', 'stats', '--data', dataWith('folder', { lang: name }), '--langs', 'en'],
  'words and labels of a parquet file': () => {
    return [
      'data',
      'show',
      '--data',
      dataWith('rows', { huggingface: features(labels) }),
      '--lang',
      'en',
      '--split',
      'test',
      '--row',
      '0',
    ];
  },
  'words of a parquet file, counted': () => statsIn(dataWith('stats', {})),
  'a column of a parquet file': () => statsIn(dataWith('column', { column: name })),
  'a parquet file that is none': () => {
    const data = dataWith('damaged', {});
    writeFileSync(join(data, 'PAN-X.en', `test-${hostile}.parquet`), hostile);
    return statsIn(data);
  },
  'a tag of a CoNLL file': () => {
    const file = write(
      'rows.conll',
      `Ada B-PER\n${hostile.replace(/[\r\u2028]/g, '')} ${hostile.replace(/[\r\u2028]/g, '')}\n`,
    );
    return statsOf('conll', file);
  },
  'a line of JSON lines': () => {
    const file = write('rows.jsonl', `{"tokens": ["a"], "tags": ["${hostile.slice(6)}"], ${hostile}}\n`);
    return statsOf('jsonl', file);
  },
  'a key of JSON lines': () => {
    const file = write('keys.jsonl', `${JSON.stringify({ [hostile]: 1 })}\n`);
    return statsOf('jsonl', file);
  },
  'the name of a corpus': () => [
    'data',
    'stats',
    '--set',
    `corpora.${name}={format: conll, files: {train: x}}`,
    '--langs',
    'c',
  ],
  'the path of a corpus': () => [
    'data',
    'stats',
    '--set',
    `corpora.c={format: conll, files: {train: ${JSON.stringify(at(name))}}}`,
    '--langs',
    'c',
    '--splits',
    'train',
  ],
  'a key of a configuration': () => ['config', '--config', write('key.yaml', `${JSON.stringify(hostile)}: 1\n`)],
  'a value of a configuration': () => ['config', '--config', write('value.yaml', `seed: ${JSON.stringify(hostile)}\n`)],
  'a value that is taken': () => ['config', '--config', write('taken.yaml', `model: ${JSON.stringify(hostile)}\n`)],
  'a value that is taken, in a list': () => ['config', '--set', `training.langs=[${JSON.stringify(hostile)}]`],
  'a configuration that is no YAML': () => [
    'config',
    '--config',
    write('broken.yaml', 'a: [\u202e\u2066\u200f\u061c\u2028: "}\nb: x]'),
  ],
  'a configuration with what YAML does not allow': () => [
    'config',
    '--config',
    write('strange.yaml', `a: ${hostile}\n`),
  ],
  'the name of a configuration': () => ['config', '--config', at(`${name}.yaml`)],
  'a setting that is typed': () => ['config', '--set', `${name}=1`],
  'a setting without a value': () => ['config', '--set', name],
  'an option': () => ['config', `--${name}`],
  'an option of panx': () => [`--${name}`],
  'a command': () => [name],
  'a command of a command': () => ['data', name],
  'an argument too many': () => ['config', 'yaml', name],
  'a choice': () => ['predict', '--format', name],
  'a split': () => ['evaluate', '--sample', '--langs', 'en', '--split', name],
  'a number': () => ['train', '--sample', '--epochs', name],
  'a run': () => ['verify', at(name)],
  'a study': () => ['status', at(name)],
  'a study to run': () => ['run', at(name)],
  'a condition': () => ['check', at(name), '--min', `${name}=0.5`],
  'a table': () => ['tables', at(name), '--tables', name],
  'a system': () => ['compare', at(name), at(`${name}2`)],
  'a folder to write': () => ['init', '--size', 'tiny', '--sample', '--out', at(`out-${name}`)],
  'a size': () => ['init', '--size', name, '--out', at('out')],
  'subwords of a sentence': () => ['tokenizers', '--sample', '--text', `Ada ${hostile} x`],
};

/** What the command need not say anything of: it counts, or says where the fault is. */
const untold = new Set([
  'a tokenizer',
  'words of a parquet file, counted',
  'a line of JSON lines',
  'a configuration that is no YAML',
  'a configuration with what YAML does not allow',
  'an argument too many',
]);

/** What of a text would act on a terminal; a line's end, which commands print, aside. */
const acting = (text: string) => (text.match(unsafe) ?? []).filter(character => character !== '\n');

describe('text that would act on a terminal is shown by its code points:', () => {
  it.each(Object.keys(sources))('%s', source => {
    const args = sources[source]!();
    const { code, stdout, stderr } = panx(args, env);
    expect(code).not.toBe(70);
    expect([acting(stdout), acting(stderr)]).toEqual([[], []]);
    if (untold.has(source)) return;
    expect(stdout + stderr).toMatch(/<U\+001B>|\\u001b|\\u\{1b\}|\\x1b|\\e\[/i);
  });

  it.each(['PANX_STORE', 'PANX_CACHE', 'HF_HOME', 'HF_ENDPOINT', 'HF_TOKEN', 'PANX_LIBTENSORFLOW', 'COLUMNS'])(
    '%s',
    variable => {
      for (const args of [['doctor'], ['list'], ['fetch', '--langs', 'en']]) {
        const { stdout, stderr } = panx(args, { ...env, [variable]: variable.startsWith('PANX') ? at(name) : name });
        expect([args, acting(stdout), acting(stderr)]).toEqual([args, [], []]);
      }
    },
  );
});

describe('what a hub answers', () => {
  const answers: Record<string, (response: ServerResponse) => void> = {
    'a reason in JSON': response =>
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: hostile })),
    'a reason in a header': response => {
      response.writeHead(403, { 'x-error-message': '\u009b2J', 'x-error-code': '\u009b2J' }).end();
    },
    'a page': response => response.writeHead(500, { 'content-type': 'text/html' }).end(`<h1>${hostile}</h1>`),
    'names of files': response => {
      const siblings = [{ rfilename: `en/${hostile}` }];
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ id: hostile, sha: hostile, siblings }));
    },
    'what is no JSON': response => response.writeHead(200, { 'content-type': 'application/json' }).end(`{${hostile}`),
    'another place': response => response.writeHead(302, { location: 'http://127.0.0.1:1/\u009b2J' }).end(),
  };

  it.each(Object.entries(answers))('%s, does nothing to a terminal', async (_, answer) => {
    const server = createServer((_, response) => answer(response));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = { ...env, HF_ENDPOINT: endpoint, HF_HUB_OFFLINE: '0', HF_HUB_DOWNLOAD_TIMEOUT: '2' };
    const child = spawn(process.execPath, ['dist/cli.js', 'fetch', '--model', 'org/name', '--langs', 'en'], {
      cwd: root,
      env: { ...process.env, ...settings },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    const code = await new Promise<number | null>(resolve => child.on('close', resolve));
    server.close();
    expect(code).toBe(1);
    expect(said).toMatch(/^panx: /m);
    expect(acting(said)).toEqual([]);
  });
});

describe('JSON is the exact text all the same', () => {
  it('in a pipe', () => {
    const text = `Ada ${hostile} x`;
    const { stdout } = panx(['predict', '--sample', '--no-split', '--text', text, '--json'], env);
    expect(acting(stdout)).toEqual([]);
    expect(JSON.parse(stdout)).toMatchObject({ text });
    const configured = panx(['config', '--set', `training.langs=[${JSON.stringify(hostile)}]`, '--json'], env);
    expect(configured.stdout + configured.stderr).toContain('001b');
  });

  it('as YAML that is read again', () => {
    const yaml = panx(['config', '--set', `model=${JSON.stringify(`a${hostile}b`)}`], env).stdout;
    expect(acting(yaml)).toEqual([]);
    const again = panx(['config', '--config', write('again.yaml', yaml), '--json'], env).stdout;
    const { settings } = JSON.parse(again) as { settings: { key: string; value: unknown }[] };
    expect(settings.find(({ key }) => key === 'model')!.value).toBe(`a${hostile}b`);
  });
});

describe.skipIf(spawnSync('script', ['--version']).status !== 0)('on a terminal itself', () => {
  /** panx's own: the start of a line that is rewritten, and the colours of `panx doctor`. */
  const own = ['\r\u001b[K', '\r\n', ...[0, 1, 2, 31, 32, 33].map(code => `\u001b[${code}m`)];

  it.each([
    [
      'a progress line',
      ['evaluate', '--model', taggerDir, '--data', dataWith('progress', { lang: 'xx' }), '--langs', 'xx'],
      '',
    ],
    ['colours', ['doctor'], '\u001b[32m'],
    ['an error', ['config', `--${name}`], '<U+001B>'],
    ['words', ['predict', '--sample', '--no-split', '--text', `Ada ${hostile} x`], '<U+202E>'],
    ['JSON', ['predict', '--sample', '--no-split', '--json', '--text', `Ada ${hostile} x`], '\\u202e'],
  ])('nothing acts but what is of panx: %s', (_, args, shown) => {
    const command = ['node', 'dist/cli.js', ...args].map(arg => `'${arg.replaceAll("'", "'\\''")}'`).join(' ');
    const { NO_COLOR: _color, ...colored } = process.env;
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...colored, ...env, PANX_CACHE: at(name) },
    });
    expect(stdout).toContain(shown);
    expect(acting(own.reduce((left, one) => left.replaceAll(one, ''), stdout))).toEqual([]);
  });

  const shownAt = (columns: number, command: string) => {
    const script = `stty cols ${columns}; node dist/cli.js ${command}`;
    const { stdout, status } = spawnSync('script', ['-qec', script, '/dev/null'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    expect(status).toBe(0);
    return stdout.replaceAll('\r\n', '\n');
  };

  it('one of 0 columns is one of unknown width', () => {
    const lines = shownAt(0, 'evaluate --help').split('\n');
    expect(Math.max(...lines.slice(0, 20).map(line => line.length))).toBeLessThanOrEqual(80);
    expect(lines.length).toBeGreaterThan(30);
    expect(shownAt(0, 'data show --sample --row 0 --lang en')).toBe(
      panx(['data', 'show', '--sample', '--row', '0', '--lang', 'en']).stdout,
    );
  });

  it.each([1, 10, 30])('a line of progress stays inside %i columns', columns => {
    const shown = shownAt(columns, 'evaluate --sample --langs tr --backend wasm --set evaluation.limit=20');
    const lines = shown
      .split('\r\u001b[K')
      .slice(1)
      .map(text => text.split('\n', 1)[0]!);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(displayWidth(line)).toBeLessThan(columns);
    expect(shown).toContain('tr test, seqeval default mode, by type');
  });
});
