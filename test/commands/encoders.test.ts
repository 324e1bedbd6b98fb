import { expect, it } from 'vitest';
import { buildCli, panx } from '../built-cli.js';

it('lists encoders with their parameters, as JSON too', () => {
  buildCli();
  const { code, stdout } = panx(['encoders']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^google-bert\/bert-base-multilingual-cased +bert +12 +768 +119,547 +177,268,231$/m);
  const listed = JSON.parse(panx(['encoders', '--json']).stdout) as { encoder: string; parameters: number }[];
  expect(listed.find(({ encoder }) => encoder === 'FacebookAI/xlm-roberta-base')!.parameters).toBe(277_458_439);
});
