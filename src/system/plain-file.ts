import { stat } from 'node:fs/promises';

/**
 * Look that there is a file at a path before it is read: opening a pipe waits for ever, and a device may never end.
 * Links are followed.
 *
 * @throws an error like the system's where there is nothing, a folder, or anything else that is no file
 */
export async function expectFile(path: string): Promise<void> {
  const there = await stat(path);
  if (there.isFile()) return;
  if (there.isDirectory()) throw systemError('EISDIR', 'it is a folder, not a file');
  throw systemError('ENOTFILE', 'it is a pipe, a socket or a device, not a file');
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
