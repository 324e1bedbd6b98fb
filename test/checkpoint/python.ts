import { execFileSync } from 'node:child_process';

/**
 * The Python that has transformers, torch and safetensors: PANX_TEST_PYTHON, else python3 where it can import them, else
 * undefined, and the tests that hold panx's files against the reference libraries are skipped.
 */
export const python = [process.env.PANX_TEST_PYTHON, 'python3'].find(candidate => {
  if (candidate === undefined) return false;
  try {
    execFileSync(candidate, ['-c', 'import torch, transformers, safetensors'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (candidate === process.env.PANX_TEST_PYTHON) throw error; // asked for, so it must work
    return false;
  }
});

/** Run a Python program and parse the JSON that it prints last. */
export function runPython(program: string, ...args: string[]): unknown {
  const output = execFileSync(python!, ['-c', program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, HF_HUB_OFFLINE: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output.trim().split('\n').at(-1)!);
}
