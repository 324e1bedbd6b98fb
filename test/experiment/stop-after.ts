import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { runStage } from '../../src/experiment/run.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { runDirectory } from '../../src/run/directory.js';

/** Stop a run when its log has so many lines. */
export async function stopAfter(request: StageRequest, lines: number): Promise<void> {
  const controller = new AbortController();
  const path = runDirectory(request.out).events;
  const watch = async () => {
    while (!controller.signal.aborted) {
      if ((await readFile(path, 'utf8').catch(() => '')).split('\n').length > lines) controller.abort();
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  const watching = watch();
  try {
    await expect(runStage({ ...request, signal: controller.signal })).rejects.toMatchObject({ exitCode: 130 });
  } finally {
    controller.abort(); // A run that ended otherwise is watched no more.
    await watching;
  }
}
