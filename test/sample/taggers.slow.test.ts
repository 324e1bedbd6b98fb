import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everySample } from '../../src/hub/sample.js';
import { checkModelFolder } from '../../src/model/parameter-specs.js';
import { buildCli, panx, root } from '../built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-taggers-'));
const store = { PANX_STORE: join(folder, 'store') };

beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(everySample())('the fine-tuned model of $langs', ({ langs, dataDir, modelDir, taggerDir }) => {
  it('is a whole checkpoint with the tokenizer of the encoder', async () => {
    await checkModelFolder(taggerDir, 'trained');
    const tokenizers = [modelDir, taggerDir].map(model => readFileSync(join(model, 'tokenizer.json'), 'utf8'));
    expect(tokenizers[1]).toBe(tokenizers[0]);
  });

  it('has the F1 that its README gives', () => {
    const args = [
      'evaluate',
      '--sample',
      '--langs',
      langs.join(','),
      '--precision',
      'fp32',
      '--backend',
      'wasm',
      '--json',
    ];
    const { code, stdout } = panx(args, store);
    expect(code).toBe(0);
    const { model, scores } = JSON.parse(stdout) as { model: string; scores: Record<string, { f1: number }> };
    expect(join(root, model)).toBe(taggerDir);
    const stated = /^\| (?:F1, )?float32 \| (.*) \|$/m.exec(
      readFileSync(join(dirname(dataDir), 'README.md'), 'utf8'),
    )![1]!;
    expect(langs.map(lang => scores[lang]!.f1.toFixed(3))).toEqual(stated.split(' | '));
  });
});

describe('--sample', () => {
  const [first, many] = everySample();
  const modelOf = (...args: string[]) => {
    const { code, stdout, stderr } = panx([...args, '--backend', 'wasm', '--json'], store);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('panx:')]);
    return JSON.parse(stdout) as { model: string };
  };

  it('takes the fine-tuned model of the sample that has the languages, where one scores', () => {
    const limited = ['--set', 'evaluation.limit=5'];
    expect(join(root, modelOf('evaluate', '--sample', '--langs', 'tr', ...limited).model)).toBe(first!.taggerDir);
    expect(join(root, modelOf('evaluate', '--sample', '--langs', 'de', ...limited).model)).toBe(many!.taggerDir);
  });

  it('takes the encoder where one trains', () => {
    const out = join(folder, 'run');
    const { code } = panx(
      ['train', '--sample', '--lang', 'en', '--max-steps', '1', '--no-eval', '--backend', 'wasm', '--out', out],
      store,
    );
    expect(code).toBe(0);
    const { model } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as { model: string };
    expect(join(root, model)).toBe(first!.modelDir);
  });

  it.each([
    ['Helen Murphy lived in Vienna.', ['PER Helen Murphy', 'LOC Vienna']],
    ["Ayşe Demir İstanbul'da yaşıyor.", ['PER Ayşe Demir', "LOC İstanbul'da"]],
    ['She studied at the University of Oxford.', ['ORG University of Oxford']],
  ])('tags %s', (text, expected) => {
    const { stdout } = panx(['predict', '--sample', '--text', text, '--json']);
    const { entities } = JSON.parse(stdout) as { entities: { type: string; text: string }[] };
    expect(entities.map(({ type, text }) => `${type} ${text}`)).toEqual(expected);
  });

  it('prints what the README shows, with every engine and precision', ({ skip }) => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const [, command, printed] = /^node dist\/cli\.js (predict --sample .*)\n```\n\n```\n([\s\S]*?)```/m.exec(readme)!;
    const args = [...command!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    expect(panx(args).stdout).toBe(`${printed}\n`);
    for (const how of [['wasm'], ['tensorflow', '--precision', 'fp32'], ['tensorflow', '--precision', 'bf16']]) {
      const { code, stdout, stderr } = panx([...args, '--backend', ...how]);
      if (code !== 0 && /cannot be used|bf16/.test(stderr)) return skip(stderr);
      expect([how, stdout]).toEqual([how, `${printed}\n`]);
    }
  });

  it.each([['predict', '--text', 'x'], ['predict'], ['evaluate', '--langs', 'en']])(
    'is named where no model is: %s %s',
    (...args) => {
      expect(panx(args.filter(arg => arg !== undefined))).toEqual(
        expect.objectContaining({
          code: 2,
          stdout: '',
          stderr:
            'panx: There is no model to score or tag with: expected --model with a fine-tuned checkpoint.\n' +
            '  Give --model RUN/checkpoint, which panx train makes, or try the small one that comes with panx: --sample.\n',
        }),
      );
    },
  );

  it('comes with the package', () => {
    const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
    for (const { taggerDir } of everySample())
      expect(files.some(file => taggerDir.startsWith(join(root, file)))).toBe(true);
  });
});
