import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Compile src to dist, unless dist is of these sources already: tests of the program run what a user runs. */
export function buildCli(): void {
  const build = ['scripts/build.mjs', '--no-install'];
  const { status, stdout, stderr } = spawnSync(process.execPath, build, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`scripts/build.mjs failed:\n${stdout}${stderr}`);
}

/** Run panx as a user does, in the repository's folder, with these variables on top of the environment. */
export function panx(
  args: readonly string[],
  env: Record<string, string> = {},
): { code: number | null; stdout: string; stderr: string; durationMs: number } {
  const startedMs = performance.now();
  const result = spawnSync(process.execPath, ['dist/cli.js', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  return {
    code: result.status,
    stdout: result.stdout,
    stderr: result.stderr,
    durationMs: performance.now() - startedMs,
  };
}
