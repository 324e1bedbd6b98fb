import { expect, it } from 'vitest';
import { renderTerminal } from '../../../src/reporting/render/terminal.js';
import { column, plainTable } from '../../../src/reporting/table.js';
import { everyKind } from './every-kind.js';

it('writes each kind of number in its manner', () => {
  expect(renderTerminal(everyKind(), { width: 120 })).toBe(
    [
      'Every_kind & more',
      'F1 is 100 % micro',
      'a <b>fact</b>',
      '',
      'system       rows               F1   change  epochs   share        time    size                F1 of all',
      'one | a_b  20,000  0.8300 ± 0.0123  +0.0123     2.5   12.3%  1 min 15 s  1.5 kB  0.8000 [0.7000, 0.9000]',
      '=two       2 of 3           0.5000  -0.5000       3  100.0%      failed    10 B                        –',
      '三              –                –   0.0000       –       –           –       –                   0.2500',
      '',
      'A *note*.',
      'F1|seeds:3',
      '',
    ].join('\n'),
  );
});

it('is at most 100 columns wide where nothing is said', () => {
  const lines = renderTerminal(everyKind()).split('\n').slice(4, 12);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(lines).toContain('system                   F1 of all');
});

it('is the table alone where there is not a word around it', () => {
  expect(renderTerminal(plainTable([column('a'), column('b', 'number', { digits: 3 })], [['x', 1234.5]]))).toBe(
    'a          b\nx  1,234.500\n',
  );
});

it('lets no text act on the terminal', () => {
  const harm = '\u001b[2J';
  const table = { title: harm, facts: [harm], columns: [column(harm)], rows: [[harm]], notes: [harm], signature: harm };
  expect(renderTerminal(table)).toBe(
    `${'<U+001B>[2J\n'.repeat(2)}\n${'<U+001B>[2J\n'.repeat(2)}\n${'<U+001B>[2J\n'.repeat(2)}`,
  );
});

it('gives the deviation of a difference no sign', () => {
  const table = plainTable([column('d', 'difference')], [[{ n: 2, mean: 0.5, sd: 0.25 }]]);
  expect(renderTerminal(table)).toContain('\n+0.5000 ± 0.2500\n');
});
