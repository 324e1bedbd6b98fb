import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeAll, expect, it } from 'vitest';
import { everyCommand } from '../../src/commands/completion.js';
import { inline } from '../../src/config/describe.js';
import { type Key, settings } from '../../src/config/schema.js';
import { type SettingsUser, usedSettings, usesSetting } from '../../src/config/used-settings.js';
import { splitWords } from '../../src/data/words.js';
import type { TaggedSentence } from '../../src/evaluation/tag.js';
import { buildCli, panx } from '../built-cli.js';
import { writeEncoder } from '../encoder-folders.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-used-settings-'));
const study = join(folder, 'study.yaml');
const model = join(folder, 'model');

beforeAll(async () => {
  buildCli();
  writeFileSync(study, 'study: {protocol: cumulative}\n');
  await writeEncoder(model, 'xlm-roberta');
});

/** What is typed beside the setting. */
const typed: Record<SettingsUser, readonly string[]> = {
  train: ['train', '--out', join(folder, 'run')],
  sweep: ['sweep', '--dry-run', '--out', join(folder, 'sweep')],
  run: ['run', study, '--dry-run', '--out', join(folder, 'study')],
  evaluate: ['evaluate', '--langs', 'en'],
  'evaluate --ci': ['evaluate', '--langs', 'en', '--ci'],
  predict: ['predict', '--text', 'Ada'],
  tokenizers: ['tokenizers', '--langs', 'en'],
  'tokenizers --text': ['tokenizers', '--text', 'Ada'],
  'data stats': ['data', 'stats', '--langs', 'en'],
  'data stats --model': ['data', 'stats', '--langs', 'en', '--model', model],
  'data show': ['data', 'show', '--lang', 'en', '--row', '0'],
  'data show --tokens': ['data', 'show', '--lang', 'en', '--row', '0', '--tokens'],
  'data convert': ['data', 'convert', '--langs', 'en', '--to', 'conll', '--out', join(folder, 'corpus')],
};

it('every command that takes a setting is known', async () => {
  const taking = (command: Command, path: string): string[] => {
    const own = command.options.some(({ long }) => long === '--set') ? [path] : [];
    return [...own, ...command.commands.flatMap(inner => taking(inner, `${path} ${inner.name()}`.trim()))];
  };
  const known = new Set(Object.keys(usedSettings).map(user => user.replace(/ --.*/, '')));
  expect(new Set(taking(await everyCommand(), ''))).toEqual(new Set([...known, 'config']));
});

it.each(Object.entries(typed))('panx %s takes no setting that it does not use', async (user, args) => {
  const unused = ([...settings.keys()] as Key[]).filter(key => !usesSetting(user as SettingsUser, key));
  expect(unused.length).toBeGreaterThan(0);
  const program = (await everyCommand()).exitOverride();
  for (const key of unused) {
    const assignment = `${key}=${inline(settings.get(key)!.default)}`;
    await expect(program.parseAsync([...args, '--set', assignment], { from: 'user' })).rejects.toThrow(
      ` does not use ${key}, from --set ${key}=`,
    );
  }
});

it('options of settings that panx predict does not use are refused, and not in its help', async () => {
  const help = panx(['predict', '--help']).stdout;
  expect(help).not.toMatch(/--data|--seed/);
  expect(help).toContain('--model');
  expect(help).toContain('such as tokenization.maxLength=128');
  expect(panx(['evaluate', '--help']).stdout).toContain('such as evaluation.limit=100');
  expect(panx(['predict', '--text', 'a', '--seed', '7'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr:
      'panx: panx predict does not use seed, from --seed; expected a setting that it uses.\n' +
      '  Leave it out: it is a setting of panx train, panx sweep, panx run and panx evaluate. A file of settings (--config) may hold it.\n',
  });
});

const sentence = 'Ada Lovelace lived in London.';

it('panx predict uses its settings', () => {
  const predict = (...args: string[]) => panx(['predict', '--text', sentence, '--format', 'json', ...args]);
  const usual = predict('--model', model, '--set', 'backend=wasm');
  const { words } = JSON.parse(usual.stdout) as TaggedSentence;
  expect(words).toHaveLength(splitWords(sentence).length);
  const shared = join(folder, 'shared.yaml');
  writeFileSync(shared, `model: ${model}\nbackend: wasm\ntraining: {epochs: 7}\nstudy: {seeds: 3}\n`);
  // A file of settings may hold those of other commands.
  expect(predict('--config', shared)).toMatchObject({ code: 0, stderr: '', stdout: usual.stdout });
  expect(predict('--set', `model=${join(folder, 'none')}`).stderr).toContain(
    `${join(folder, 'none')}: there is no such folder.`,
  );
  const cut = predict('--config', shared, '--set', 'tokenization.maxLength=5');
  expect((JSON.parse(cut.stdout) as TaggedSentence).words.at(-1)!.tag).toBeNull();
});

it('panx evaluate uses its settings: evaluation.limit scores the first rows of each split', () => {
  const evaluate = (...args: string[]) => {
    const asked = ['evaluate', '--sample', '--model', model, '--langs', 'en,tr', '--format', 'json'];
    const { code, stdout, stderr } = panx([...asked, '--set', 'backend=wasm', ...args]);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return (JSON.parse(stdout) as Scored).scores;
  };
  const [all, some] = [evaluate(), evaluate('--set', 'evaluation.limit=60')];
  expect([some.en.rows, some.tr.rows]).toEqual([60, 60]);
  expect(some.en.loss).not.toBe(all.en.loss);
  const few = (...args: string[]) => evaluate('--set', 'evaluation.limit=20', ...args).en;
  expect(few('--set', 'evaluation.batchSize=7').loss).not.toBe(few().loss);
  expect(few('--set', 'tokenization.maxLength=6').accuracy).not.toBe(few().accuracy);
  const intervals = (...args: string[]) => few('--ci', '--ci-samples', '100', ...args).entities;
  expect(intervals('--seed', '1')).not.toEqual(intervals('--seed', '2'));
});

interface Scored {
  scores: Record<'en' | 'tr', { rows: number; loss: number; accuracy: number; entities: unknown }>;
}
