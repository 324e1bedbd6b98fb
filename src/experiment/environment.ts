import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Engine } from '../backend/engine.js';
import { readHardware } from '../backend/hardware.js';
import type { SourceFile } from '../data/corpus.js';
import type { StageRequest } from './stage.js';

/** What a run was made with, for its environment.json: versions, device, command, and the hashes of what it read. */
export async function environmentOf(
  engine: Engine,
  request: StageRequest,
  files: readonly SourceFile[],
): Promise<Record<string, unknown>> {
  const { cpu, cores, features, gpu, memoryBytes } = await readHardware();
  return {
    panx: packageVersion(),
    node: process.version,
    engine: { name: engine.name, version: engine.version, device: engine.device },
    machine: { cpu, cores, features, gpu, memoryBytes },
    command: process.argv.slice(2),
    startedAt: new Date().toISOString(),
    startFrom: request.startFrom,
    dataDir: request.dataDir,
    files: Object.fromEntries(files.map(({ path, sha256 }) => [relative(request.dataDir, path), sha256])),
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
