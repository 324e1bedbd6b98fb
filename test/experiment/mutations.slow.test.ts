import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attackResume, attackRun, attackSweep, type Campaign, startCampaign } from './campaign.js';

// PANX_SEED and PANX_COUNT choose another campaign, or a longer one.
const seed = Number(process.env.PANX_SEED ?? 20261129);
const count = Number(process.env.PANX_COUNT ?? 600);

let campaign: Campaign;
beforeAll(async () => {
  campaign = await startCampaign();
});
afterAll(() => campaign.end());

describe(`whatever happens to a file (${count} times, from seed ${seed})`, () => {
  it('of a finished run, verify fails and names it', () => attackRun(campaign, seed, count));

  it('of a sweep, verify fails and names it', () => attackSweep(campaign, seed + 1, count));

  it('of an interrupted run, going on gives a sentence, or the bytes of an unbroken run', async () => {
    const { refused, ended } = await attackResume(campaign, seed + 2, count);
    expect(refused).toBeGreaterThan(count / 4);
    expect(ended).toBeGreaterThan(count / 20);
  });
});
