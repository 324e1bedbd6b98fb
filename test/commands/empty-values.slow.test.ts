import { beforeAll, expect, it } from 'vitest';
import { buildCli, panx } from '../built-cli.js';

beforeAll(buildCli);

it.each([
  [['train', '--sample', '--size', ''], '--size'],
  [['train', '--sample', '--size', '5', '--size', ' \t'], '--size'],
  [['train', '--sample', '--max-steps', ''], '--max-steps'],
  [['train', '--sample', '--out', ''], '--out'],
  [['train', '--sample', '--lang', ''], '--lang'],
  [['train', '--config='], '--config'],
  [['train', '--set', ''], '--set'],
  [['sweep', '--sample', '--tr-sizes', ''], '--sizes'],
  [['sweep', '--sample', '--tr-sizes='], '--sizes'],
  [['evaluate', '--sample', '--langs', 'en', '--ci', ''], '--ci'],
  [['evaluate', '--sample', '--langs', 'en', '--ci', '--ci-samples', ''], '--ci-samples'],
  [['evaluate', '--sample', '--langs', 'en', '--profile', ' '], '--profile'],
  [['predict', '--sample', ''], 'The argument <file>'],
  [['verify', ''], 'The argument <run>'],
  [['verify', 'results', '--data', ''], '--data'],
  [['data', 'stats', '--sample', '--splits', '\n'], '--splits'],
  [['data', 'show', '--sample', '--row', ''], '--row'],
  [['init', '--size', 'tiny', '--out', 'm', '--labels', '\u00a0'], '--labels'],
  [['config', '--seed', ''], '--seed'],
  [['fetch', '--model', ''], '--model'],
])('%j is refused before any work', (args, subject) => {
  expect(panx(args)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: `panx: ${subject} is empty; expected a value.\n  Give it a value, or leave it out. Where a shell variable was to give the value, it is not set.\n`,
  });
});

it.each([
  [['train', '--sample', '--out', 'o\ufffd'], '--out'],
  [['train', '--config', '\ufffd.yaml'], '--config'],
  [['init', '--size', 'tiny', '--sample', '--out', 'a/\ufffd/b'], '--out'],
  [['evaluate', '--sample', '--langs', 'en', '--profile', '\ufffd'], '--profile'],
  [['data', 'stats', '--data', '\ufffd'], '--data'],
  [['predict', '--sample', '\ufffd'], 'The argument <file>'],
  [['verify', '\ufffd'], 'The argument <run>'],
])('%j, of bytes that are not UTF-8, is refused before any work', (args, subject) => {
  const { code, stdout, stderr } = panx(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^panx: ${subject} is .*, with bytes that are not UTF-8`));
});
