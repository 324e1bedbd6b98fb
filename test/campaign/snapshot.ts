import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below a folder: what is at each path, as one text. */
export type Snapshot = Map<string, string>;

/** Look at a folder. `file HASH`, `folder`, `link TARGET`, or another kind. Links are not followed. */
export function takeSnapshot(folder: string): Snapshot {
  const snapshot: Snapshot = new Map();
  const walk = (inside: string) => {
    let names: string[];
    try {
      names = readdirSync(join(folder, inside)).sort();
    } catch {
      return; // Gone meanwhile, or not to be read.
    }
    for (const name of names) {
      const path = inside === '' ? name : `${inside}/${name}`;
      const entry = describe(join(folder, path));
      if (entry === null) continue;
      snapshot.set(path, entry);
      if (entry === 'folder') walk(path);
    }
  };
  walk('');
  return snapshot;
}

function describe(path: string): string | null {
  try {
    const stat = lstatSync(path, { bigint: true });
    if (stat.isSymbolicLink()) return `link ${readlinkSync(path)}`;
    if (stat.isDirectory()) return 'folder';
    if (!stat.isFile()) return 'neither file nor folder';
    // A file's change time moves with every write, so that what was hashed once need not be again.
    const key = `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
    const known = hashes.get(key);
    if (known !== undefined) return known;
    const hash = `file ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
    hashes.set(key, hash);
    return hash;
  } catch {
    return null;
  }
}

const hashes = new Map<string, string>();

/** How two snapshots differ. */
export interface Differences {
  removed: string[];
  changed: string[];
  added: string[];
}

export function compare(before: Snapshot, after: Snapshot): Differences {
  return {
    removed: [...before.keys()].filter(path => !after.has(path)),
    changed: [...before].filter(([path, entry]) => after.has(path) && after.get(path) !== entry).map(([path]) => path),
    added: [...after.keys()].filter(path => !before.has(path)),
  };
}
