import { extname } from 'node:path';
import { crc32 } from '../checkpoint/zip.js';
import { beginningOf, type FileKind } from '../system/place.js';

/** What a picture is called that an option names. */
export type PictureFormat = 'svg' | 'png';

/** The format that a file's name asks for; undefined for another. */
export function pictureFormat(path: string): PictureFormat | undefined {
  const extension = extname(path).toLowerCase();
  return extension === '.svg' ? 'svg' : extension === '.png' ? 'png' : undefined;
}

/** A picture as the content of a file, which says at its beginning that panx made it: so it may be written again. */
export async function pictureFile(svg: string, format: PictureFormat): Promise<string | Buffer> {
  if (format === 'svg') return svg.replace(/^(<svg[^>]*>)/, `$1${svgMark}`);
  const { renderPng } = await import('./chart.js');
  const png = renderPng(svg);
  // Behind the signature and the header chunk, which every PNG begins with.
  return Buffer.concat([png.subarray(0, headerEnd), textChunk('Software', 'panx'), png.subarray(headerEnd)]);
}

/** A picture that `pictureFile` made. */
export const pictureKind: FileKind = {
  what: 'a picture that panx made',
  async isOf(path) {
    const beginning = await beginningOf(path, 600);
    return (beginning.startsWith('<svg') && beginning.includes(svgMark)) || beginning.includes('tEXtSoftware\0panx');
  },
};

const svgMark = '<!-- made by panx -->';
const headerEnd = 8 + 25;

/** A chunk of text in a PNG (Portable Network Graphics 1.2, section 4.2.3). */
function textChunk(keyword: string, text: string): Buffer {
  const content = Buffer.from(`tEXt${keyword}\0${text}`, 'latin1');
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length - 4);
  sum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, sum]);
}
