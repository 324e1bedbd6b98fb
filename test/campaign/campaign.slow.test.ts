import { expect, it } from 'vitest';
import { buildCli } from '../built-cli.js';
import { runCampaign } from './campaign.js';
import { reportText } from './report.js';

const seed = numberOf('PANX_CAMPAIGN_SEED') ?? 1;
const count = numberOf('PANX_CAMPAIGN_COUNT') ?? 200;
const only = numberOf('PANX_CAMPAIGN_CASE');
const family = process.env.PANX_CAMPAIGN_FAMILY;
const what = only === undefined ? `${count} cases` : `case ${only}`;
const workers = numberOf('PANX_CAMPAIGN_WORKERS') ?? 2;

it(
  `a campaign of hostile commands and damaged files breaks nothing (seed ${seed}, ${what})`,
  async () => {
    buildCli();
    const onProgress = (text: string) => {
      if (process.env.PANX_CAMPAIGN_VERBOSE) process.stderr.write(`${text}\n`);
    };
    const result = await runCampaign({ seed, count, only, family, workers, onProgress });
    const text = reportText(result);
    process.stderr.write(`\n${text}`);
    expect(result.cases).toBeGreaterThan(0);
    expect(result.groups.map(({ failure }) => failure.detail)).toEqual([]);
  },
  24 * 3600_000,
);

function numberOf(name: string): number | undefined {
  const text = process.env[name];
  return text === undefined || text === '' ? undefined : Number(text);
}
