import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The rooms of src in the order in which data flows through them: each imports only from rooms before it. */
const rooms = [
  'errors.ts',
  'system',
  'config',
  'run',
  'hub',
  'data',
  'tokenization',
  'batching',
  'checkpoint',
  'engine',
  'kernels',
  'model',
  'training',
  'evaluation',
  'experiment',
  'launch',
  'reporting',
  'commands',
  'cli.ts',
];

/** Where TensorFlow.js may be imported: everything else runs in milliseconds without it. */
const tensorRooms = ['engine', 'kernels', 'model', 'training'];
const tensorFiles = ['evaluation/predict.ts'];

/**
 * Packages that no file may import at its top: each takes 10 to 90 ms, of which a command that does not use it should not know.
 * They are imported where they are used, or required: Node.js reads a CommonJS file twice for an `import` (TensorFlow.js's core: 75 ms
 * against 25).
 */
const heavyPackages = /^(yaml|apache-arrow|parquet-wasm|tokenizers|@tensorflow\/.*|@huggingface\/hub)$/;

const src = fileURLToPath(new URL('../src', import.meta.url));

interface Import {
  /** Path of the importing file in src. */
  from: string;
  /** A path in src, or a package. */
  to: string;
  /** True for `import type`, which leaves nothing behind in the program. */
  typeOnly: boolean;
  /** True for `import ... from`, false for `import()` and `require()`. */
  atTop: boolean;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => name.split(sep).join('/'))
  .sort();
const imports = files.flatMap(file => importsOf(file, readFileSync(join(src, file), 'utf8')));

describe('the rooms of src', () => {
  it('are those of the design', () => {
    expect([...new Set(files.map(roomOf))].filter(room => !rooms.includes(room))).toEqual([]);
  });

  it('import only from rooms before them', () => {
    expect(backEdges(imports)).toEqual([]);
  });

  it('import TensorFlow.js only in engine, kernels, model, training and evaluation/predict.ts', () => {
    expect(tensorLeaks(imports)).toEqual([]);
  });

  it('import heavy packages only where they are used', () => {
    expect(heavyImports(imports)).toEqual([]);
  });

  it('know of TensorFlow itself only in engine/, and in the commands that set it up', () => {
    expect(tensorflowLeaks(imports)).toEqual([]);
  });

  it('read values from the device asynchronously: an engine on a GPU has no other way', () => {
    const synchronous = files.filter(file => /\.(dataSync|arraySync)\b/.test(readFileSync(join(src, file), 'utf8')));
    expect(synchronous).toEqual([]);
  });

  it('write to the terminal in system/console.ts alone, which lets nothing act on it', () => {
    const direct = files.filter(file => writesDirectly(readFileSync(join(src, file), 'utf8')));
    // `rm` asks a question that holds no name; the process that `run --jobs` begins is a panx.
    expect(direct).toEqual(['commands/rm.ts', 'launch/processes.ts', 'system/console.ts']);
  });

  it('have no file over 400 lines without a reason', () => {
    const long = files.filter(file => {
      const text = readFileSync(join(src, file), 'utf8');
      return text.split('\n').length > 400 && !/^ *(\*|\/\/) .*\blong because\b/m.test(text);
    });
    expect(long).toEqual([]);
  });

  it('have no file but a command that imports more than 20 others', () => {
    const counted = files.filter(file => !file.startsWith('commands/') && file !== 'cli.ts');
    const many = counted.filter(
      file => new Set(imports.filter(({ from }) => from === file).map(({ to }) => to)).size > 20,
    );
    expect(many).toEqual([]);
  });

  it('name no file utils and have no barrel', () => {
    expect(files.filter(file => /(^|\/)(utils?|helpers?|index|common)\.ts$/.test(file))).toEqual([]);
  });
});

// A test that cannot fail proves nothing: the rules, applied to imports that break them.
describe('the rules', () => {
  it('see what writes to the terminal past the console', () => {
    for (const line of [
      'process.stdout.write(text);',
      "process.stderr.write('x');",
      'const { stdout } = process;',
      'const stream = process.stderr;',
      'console.error(text);',
      'fs.writeSync(2, text);',
      "spawn(program, { stdio: 'inherit' });",
    ]) {
      expect([line, writesDirectly(line)]).toEqual([line, true]);
    }
    for (const line of ['process.stdout.isTTY', 'console.warn = silent;', "process.stdout.on('error', f);"]) {
      expect([line, writesDirectly(line)]).toEqual([line, false]);
    }
  });

  it('see an import against the flow, dynamic ones and types too', () => {
    const found = importsOf(
      'data/corpus.ts',
      `import { a } from '../model/a.js';\nimport type { B } from '../training/b.js';\nconst c = await import('../commands/c.js');\nexport { d } from '../hub/d.js';\nimport { e } from './e.js';`,
    );
    expect(backEdges(found)).toEqual([
      'data/corpus.ts imports model/a.ts',
      'data/corpus.ts imports training/b.ts',
      'data/corpus.ts imports commands/c.ts',
    ]);
  });

  it('see TensorFlow.js where it may not be, in every form of import', () => {
    const lines = [
      `import * as tf from '@tensorflow/tfjs-core';`,
      `import '@tensorflow/tfjs-backend-wasm';`,
      `const tf = await import("@tensorflow/tfjs-core");`,
      `require('@tensorflow/tfjs-node-gpu');`,
      `import {\n  tensor,\n} from '@tensorflow/tfjs-core';`,
    ];
    for (const line of lines) {
      expect(tensorLeaks(importsOf('commands/doctor.ts', line))).toHaveLength(1);
      expect(tensorLeaks(importsOf('evaluation/score.ts', line))).toHaveLength(1);
      expect(tensorLeaks(importsOf('evaluation/predict.ts', line))).toHaveLength(0);
      expect(tensorLeaks(importsOf('model/xlm-roberta.ts', line))).toHaveLength(0);
    }
  });

  it('see a heavy package that is imported before it is used', () => {
    const lines = [`import { parse } from 'yaml';`, `import * as tf from '@tensorflow/tfjs-core';`];
    for (const line of lines) expect(heavyImports(importsOf('model/a.ts', line))).toHaveLength(1);
    const allowed = [
      `import tf = require('@tensorflow/tfjs-core');`,
      `const { Tokenizer } = await import('tokenizers');`,
      `import type { Table } from 'apache-arrow';`,
    ];
    for (const line of allowed) expect(heavyImports(importsOf('model/a.ts', line))).toEqual([]);
  });

  it('see a kernel that calls TensorFlow instead of asking for what the engine has', () => {
    const line = `import { rawOperations } from '../engine/tensorflow/raw-operations.js';`;
    expect(tensorflowLeaks(importsOf('kernels/a.ts', line))).toEqual([
      'kernels/a.ts imports engine/tensorflow/raw-operations.ts',
    ]);
    expect(tensorflowLeaks(importsOf('engine/a.ts', line.replace('../engine/', './')))).toEqual([]);
  });

  it('allow the type of a tensor in a signature, which leaves nothing in the program', () => {
    expect(
      tensorLeaks(importsOf('evaluation/score.ts', `import type { Tensor } from '@tensorflow/tfjs-core';`)),
    ).toEqual([]);
  });
});

function importsOf(from: string, text: string): Import[] {
  const forms = [
    /^\s*(?:import|export)\s(type\s)?[^'";]*?from\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s()['"]([^'"]+)['"]/gm,
    /\b(?:import|require)\(()\s*['"]([^'"]+)['"]\s*\)/gm,
  ];
  return forms.flatMap((form, index) =>
    [...text.matchAll(form)].map(([, type, specifier]) => ({
      from,
      to: specifier!.startsWith('.')
        ? relative('/', resolve('/', dirname(from), specifier!))
            .split(sep)
            .join('/')
            .replace(/\.js$/, '.ts')
        : specifier!,
      typeOnly: Boolean(type),
      atTop: index < 2,
    })),
  );
}

/** Whether a file writes to stdout or stderr, or hands them on, other than by the functions of system/console.ts. */
function writesDirectly(text: string): boolean {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return /\bprocess\.(stdout|stderr)\b(?!\.(isTTY|columns|on)\b)|= process;|\bconsole\.\w+\(|\bwriteSync\([12]\b|'inherit'/.test(
    code,
  );
}

function roomOf(file: string): string {
  return file.split('/')[0]!;
}

function backEdges(of: readonly Import[]): string[] {
  return of
    .filter(({ from, to }) => rooms.includes(roomOf(to)) && rooms.indexOf(roomOf(to)) > rooms.indexOf(roomOf(from)))
    .map(({ from, to }) => `${from} imports ${to}`);
}

function heavyImports(of: readonly Import[]): string[] {
  return of
    .filter(({ to, typeOnly, atTop }) => atTop && !typeOnly && heavyPackages.test(to))
    .map(({ from, to }) => `${from} imports ${to}`);
}

function tensorflowLeaks(of: readonly Import[]): string[] {
  return of
    .filter(({ from, to }) => to.startsWith('engine/tensorflow/') && !['engine', 'commands'].includes(roomOf(from)))
    .map(({ from, to }) => `${from} imports ${to}`);
}

function tensorLeaks(of: readonly Import[]): string[] {
  return of
    .filter(({ to, typeOnly }) => to.startsWith('@tensorflow/') && !typeOnly)
    .filter(({ from }) => !tensorRooms.includes(roomOf(from)) && !tensorFiles.includes(from))
    .map(({ from, to }) => `${from} imports ${to}`);
}
