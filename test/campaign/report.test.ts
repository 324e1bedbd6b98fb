import { describe, expect, it } from 'vitest';
import { fail } from './invariants.js';
import { reportText } from './report.js';
import { preamble } from './shell.js';

const campaign = { seed: 7, cases: 10, commands: 12, seconds: 3.4 };

describe('the report of a campaign', () => {
  it('is a line where nothing broke', () => {
    expect(reportText({ ...campaign, groups: [] })).toBe(
      'campaign: seed 7, 10 cases, 12 commands, 3 s: nothing broke\n',
    );
  });

  it('has an entry for each way to fail: what broke, how often, how to have it again, and as shell', () => {
    const failure = fail('nothing damaged is taken', 'verify', 'exit code 0', ['sweep.csv is not as it was']);
    const minimal = { family: 'own', steps: [] };
    const cases = [3, 5].map(index => ({ family: 'own', index }));
    const lines = ['node "$panx" verify sweep', 'echo "exit code $?"'];
    const said = ['exit 1: no\n', `exit 0: \u001b[31mred\n${'x'.repeat(500)}`];
    expect(reportText({ ...campaign, groups: [{ failure, cases, minimal, lines, said }] })).toBe(
      [
        'campaign: seed 7, 10 cases, 12 commands, 3 s: 2 cases failed, in 1 way',
        '',
        'Every script below begins with:',
        ...preamble.split('\n').map(line => `      ${line}`),
        '',
        '1. nothing damaged is taken: panx verify: exit code 0 (sweep.csv is not as it was)',
        '   2 cases, own: 3, 5',
        '   again: npm run test:slow -- campaign --seed 7 --case 3',
        '      node "$panx" verify sweep',
        '      echo "exit code $?"',
        '      > exit 0: ?[31mred',
        `      > ${'x'.repeat(300)}…`,
        '',
      ].join('\n'),
    );
  });
});
