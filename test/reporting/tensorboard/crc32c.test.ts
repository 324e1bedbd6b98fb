import { expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../src/reporting/tensorboard/crc32c.js';

const of = (text: string) => Buffer.from(text, 'latin1');

// The check value of the catalogue of CRCs; the others are those of RFC 3720, appendix B.4.
it.each([
  ['123456789', 0xe3069283],
  ['', 0],
  ['\0'.repeat(32), 0x8a9136aa],
  ['\xff'.repeat(32), 0x62a8ab43],
  [String.fromCharCode(...Array(32).keys()), 0x46dd794e],
])('the CRC-32C of %j', (text, expected) => {
  expect(crc32c(of(text)).toString(16)).toBe(expected.toString(16));
});

it('is masked as TFRecord files have it', () => {
  expect(maskedCrc32c(of('123456789')).toString(16)).toBe('c78ab0e5');
  // 0 is rotated to 0; the sum stays below 2^32.
  expect(maskedCrc32c(of(''))).toBe(0xa282ead8);
});
