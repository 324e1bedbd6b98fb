import { expect, it } from 'vitest';
import { HttpFailure, pauseAfter } from '../../src/hub/requests.js';
import { hubSettings } from '../../src/hub/settings.js';

it.each([undefined, 0, -5000])('pauses longer each time, whatever less Retry-After says: %s ms', async retryAfterMs => {
  const settings = { ...hubSettings(), retryDelayMs: 20 };
  const error = new HttpFailure('busy', 429, undefined, retryAfterMs);
  const pauses: number[] = [];
  for (const failures of [1, 3]) {
    const before = performance.now();
    await pauseAfter(settings, error, failures);
    pauses.push(performance.now() - before);
  }
  expect(pauses[0]).toBeGreaterThan(18);
  expect(pauses[1]).toBeGreaterThan(78);
});

it('pauses as long as the hub asks for where that is more', async () => {
  const before = performance.now();
  await pauseAfter({ ...hubSettings(), retryDelayMs: 1 }, new HttpFailure('busy', 429, undefined, 60), 1);
  expect(performance.now() - before).toBeGreaterThan(58);
});
