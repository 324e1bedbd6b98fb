import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Content, Preparation } from './case.js';
import { applyDamage } from './damage.js';
import { copyFixture, type Fixtures, layOut } from './fixtures.js';
import { oddParquets } from './odd-parquet.js';
import { preparationLines } from './shell.js';

/** Make a sandbox anew. The tokens of the sample are in its cache, which saves every command half a second. */
export function freshBox(box: string, fixtures: Fixtures): void {
  if (existsSync(box)) execFileSync('chmod', ['-R', 'u+rwX', box], { stdio: 'ignore' });
  rmSync(box, { recursive: true, force: true });
  mkdirSync(box, { recursive: true });
  layOut(box);
  cpSync(join(fixtures.folder, 'cache', 'tokens'), join(box, 'cache', 'tokens'), { recursive: true });
}

/** A text with {box} in it, for a sandbox. */
export function fill(text: string, box: string): string {
  return text.replaceAll('{box}', box);
}

/**
 * Do a preparation. What is no longer possible, because an earlier step was left out, does nothing.
 *
 * @returns its lines of shell; null where nothing has changed.
 */
export function prepare(step: Preparation, box: string, fixtures: Fixtures): string[] | null {
  const at = (path: string) => join(box, path);
  try {
    switch (step.do) {
      case 'fixture':
        copyFixture(fixtures, step.name, box, step.to);
        break;
      case 'folder':
        mkdirSync(at(step.path), { recursive: true });
        break;
      case 'write':
        mkdirSync(dirname(at(step.path)), { recursive: true });
        writeFileSync(at(step.path), Buffer.concat([...contentPieces(step.content, box)]));
        break;
      case 'link':
        mkdirSync(dirname(at(step.path)), { recursive: true });
        symlinkSync(fill(step.to, box), at(step.path));
        break;
      case 'pipe':
        execFileSync('mkfifo', [at(step.path)], { stdio: 'ignore' });
        break;
      case 'device':
        // Root may, and others get no device.
        execFileSync('mknod', ['-m', '666', at(step.path), 'c', '1', step.endless ? '5' : '3'], { stdio: 'ignore' });
        break;
      case 'copy':
        cpSync(at(step.from), at(step.to), { recursive: true, verbatimSymlinks: true });
        break;
      case 'move':
        renameSync(at(step.from), at(step.to));
        break;
      case 'remove':
        if (!existsSync(at(step.path))) return null;
        rmSync(at(step.path), { recursive: true });
        break;
      case 'mode':
        chmodSync(at(step.path), step.mode);
        break;
      case 'lock':
        mkdirSync(at(step.path), { recursive: true });
        writeFileSync(join(at(step.path), 'holder.json'), holder(step.holder));
        break;
      case 'parquet':
        oddParquets.find(({ name }) => name === step.name)!.write(at(step.path));
        break;
      case 'hub':
        break;
      case 'damage': {
        const path = found(step.path, box);
        const before = readFileSync(at(path));
        const after = applyDamage(before, step.how);
        if (after.equals(before)) return null;
        writeFileSync(at(path), after);
        return preparationLines({ ...step, path }, { before, after });
      }
    }
  } catch {
    return null;
  }
  return preparationLines(step);
}

/** The first name that stands where a path has a `*`: of a state, say, whose step one cannot know. */
function found(path: string, box: string): string {
  const [before, after] = path.split('*');
  if (after === undefined) return path;
  return `${before}${readdirSync(join(box, before!)).sort()[0]}${after}`;
}

/** Pieces of a content, none larger than a megabyte: some contents are larger than what one wants in memory. */
export function* contentPieces(content: Content, box: string): Iterable<Buffer> {
  if (typeof content === 'string') yield Buffer.from(fill(content, box));
  else if ('hex' in content) yield Buffer.from(content.hex, 'hex');
  else {
    const once = Buffer.from(content.repeat);
    const together = Math.max(1, Math.min(content.times, Math.floor(2 ** 20 / once.length)));
    const piece = Buffer.alloc(once.length * together, once);
    let left = content.times;
    for (; left >= together; left -= together) yield piece;
    if (left > 0) yield piece.subarray(0, once.length * left);
  }
}

/** What a lock says of who holds it. */
function holder(who: 'dead' | 'living' | 'elsewhere'): string {
  const pid = who === 'dead' ? 2 ** 22 + 1 : process.pid; // Larger than any number of a process.
  const host = who === 'elsewhere' ? 'another-host' : hostname();
  return `${JSON.stringify({ pid, host, started: null, since: '2024-01-01T00:00:00.000Z' })}\n`;
}
