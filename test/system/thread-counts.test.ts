import { describe, expect, it } from 'vitest';
import { refuseThreadCounts, tensorflowThreads, tokenizerThreads } from '../../src/system/thread-counts.js';

describe.each([...tensorflowThreads, ...tokenizerThreads])('%s', name => {
  it.each(['1', '2', '02', '1024', '', undefined])('may be %o', value => {
    expect(() => refuseThreadCounts([name], { [name]: value })).not.toThrow();
  });

  it.each(['-1', '0', 'x', '1.5', ' 2 ', '1025', '100000', '1e3', '0x10', '9'.repeat(400)])(
    'is refused as %s',
    value => {
      const found = expect.objectContaining({
        message: expect.stringMatching(new RegExp(`^${name} is ".*, expected a whole number from 1 to 1024\\.$`)),
        exitCode: 2,
      });
      expect(() => refuseThreadCounts([name], { [name]: value })).toThrow(found);
    },
  );
});
