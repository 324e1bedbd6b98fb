import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

/** The bytes of a wheel (a ZIP archive) with these files and a RECORD of them; `lie` replaces the digest of a file. */
export function makeWheel(
  name: string,
  files: Record<string, string | Buffer>,
  options: { lie?: string; metadata?: string; executable?: string } = {},
): Buffer {
  const digest = (content: Buffer) => createHash('sha256').update(content).digest('base64url');
  const contents: Record<string, Buffer> = {};
  for (const [path, content] of Object.entries(files)) contents[path] = Buffer.from(content);
  contents[`${name}.dist-info/METADATA`] = Buffer.from(options.metadata ?? 'Metadata-Version: 2.1\n');
  const record = Object.entries(contents).map(([path, content]) => {
    const quoted = path.includes(',') ? `"${path}"` : path;
    return `${quoted},sha256=${digest(path === options.lie ? Buffer.from('something else') : content)},${content.length}`;
  });
  contents[`${name}.dist-info/RECORD`] = Buffer.from(`${record.join('\n')}\n${name}.dist-info/RECORD,,\n`);
  return zip(contents, options.executable);
}

/** A ZIP archive: files of more than 100 bytes deflated, the others stored (PKWARE APPNOTE 4.3). */
function zip(files: Record<string, Buffer>, executable: string | undefined): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const method = content.length > 100 ? 8 : 0;
    const data = method === 8 ? deflateRawSync(content) : content;
    const name = Buffer.from(path);
    const common = Buffer.alloc(26); // version needed, flags, method, time, date, crc, sizes, name length, extra length
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, data]);
    const central = Buffer.alloc(14); // comment length, disk, attributes, offset
    central.writeUInt32LE(((path === executable ? 0o100755 : 0o100644) << 16) >>> 0, 6);
    central.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, central, name]));
    bodies.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, list, Buffer.from('PK\x05\x06'), end]);
}

/** Node.js has `crc32` since 20.15; panx's reader does not look at it, since RECORD's SHA-256 says more. */
function crc(content: Buffer): number {
  return typeof crc32 === 'function' ? crc32(content) : 0;
}
