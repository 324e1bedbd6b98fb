import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Temporary files of all tests, and of the programs they start, lie in one folder, which goes when the last has ended. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'panx-tests-'));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
