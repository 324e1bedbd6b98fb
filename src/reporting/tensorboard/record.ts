import { maskedCrc32c } from './crc32c.js';

/**
 * A record of a TFRecord file: the length of its content (uint64), the masked CRC-32C of those 8 bytes, the content, and its masked CRC-32C;
 * all numbers are little-endian (tensorflow.org/tutorials/load_data/tfrecord).
 */
export function record(content: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(content.length));
  head.writeUInt32LE(maskedCrc32c(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedCrc32c(content));
  return Buffer.concat([head, content, tail]);
}
