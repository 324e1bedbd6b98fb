import { describe, expect, it, vi } from 'vitest';
import { transferLine, transferText } from '../../src/hub/progress.js';

const transfer = { repo: 'org/model', path: 'model.safetensors', bytes: 1_100_000_000, received: 275_000_000 } as const;

describe('the line of a transfer', () => {
  it('tells share, size, rate and time left', () => {
    expect(transferText({ ...transfer, state: 'transferring' }, 50e6)).toBe(
      'org/model: model.safetensors: 25% of 1.1 GB, 50.0 MB/s, 17 s left',
    );
    expect(transferText({ ...transfer, state: 'transferring' }, 0)).toBe('org/model: model.safetensors: 25% of 1.1 GB');
    expect(transferText({ ...transfer, received: 1_100_000_000, state: 'done' }, 1)).toBe(
      'org/model: model.safetensors: 1.1 GB, checked',
    );
    expect(transferText({ ...transfer, received: 0, state: 'waiting' }, 0)).toBe(
      'org/model: model.safetensors: another process brings it; waiting',
    );
  });

  it.each([
    [{ bytes: 0, received: 0 }, 10, '100% of 0 B, 10 B/s, 0.0 s left'],
    [{ bytes: 1000, received: 1001 }, 10, '100% of 1.0 kB, 10 B/s, 0.0 s left'],
    [{ bytes: 1000, received: 10 }, 28.4912, '1% of 1.0 kB, 28.5 B/s, 35 s left'],
    [{ bytes: 1e12, received: 0 }, 0.001, '0% of 1.0 TB, 0.0 B/s, more than a month left'],
    [{ bytes: 1e12, received: 0 }, 1e6, '0% of 1.0 TB, 1.0 MB/s, 11 d 13 h left'],
    [{ bytes: 1000, received: 10 }, Number.NaN, '1% of 1.0 kB'],
    [{ bytes: 1000, received: 10 }, Number.POSITIVE_INFINITY, '1% of 1.0 kB'],
    [{ bytes: 1000, received: 10 }, -5, '1% of 1.0 kB'],
  ])('has words for %j at %d B/s', (sizes, rate, text) => {
    const told = transferText({ ...transfer, ...sizes, state: 'transferring' }, rate);
    expect(told).toBe(`org/model: model.safetensors: ${text}`);
  });

  it('does not count what an earlier try brought into the rate', () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    let nowMs = 1000;
    const line = transferLine(() => nowMs);
    line({ ...transfer, state: 'transferring' });
    nowMs = 3000;
    line({ ...transfer, received: 375_000_000, state: 'transferring' });
    line({ ...transfer, received: 1_100_000_000, state: 'done' });
    const text = written.mock.calls.map(([chunk]) => String(chunk)).join('');
    written.mockRestore();
    expect(text).toContain('model.safetensors: 1.1 GB, checked\n');
    if (process.stderr.isTTY) expect(text).toContain('50.0 MB/s');
  });
});
