import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attackResume, attackRun, attackSweep, type Campaign, startCampaign } from './campaign.js';

let campaign: Campaign;
beforeAll(async () => {
  campaign = await startCampaign();
});
afterAll(() => campaign.end());

describe('whatever happens to a file', () => {
  it('of a finished run, verify fails and names it', async () => {
    await attackRun(campaign, 1, 80);
  });

  it('of a sweep, verify fails and names it', async () => {
    await attackSweep(campaign, 2, 80);
  });

  it('of an interrupted run, going on gives a sentence, or the bytes of an unbroken run', async () => {
    const { refused, ended } = await attackResume(campaign, 3, 24);
    expect(refused).toBeGreaterThan(5);
    expect(ended).toBeGreaterThan(1);
  });
});
