import { execFileSync } from 'node:child_process';

/** The version of python3 as a number, 311 for 3.11; undefined where there is none. */
export function pythonVersion(): number | undefined {
  try {
    const program = 'import sys; print(sys.version_info.major * 100 + sys.version_info.minor)';
    return Number(execFileSync('python3', ['-c', program], { encoding: 'utf8' }));
  } catch {
    return undefined;
  }
}
