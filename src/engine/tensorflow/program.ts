import { spawn } from 'node:child_process';
import { hangupIsIgnored } from '../../system/hangup.js';

/** Run a program to its end; both its outputs together. Rejects only where it cannot be started. */
export function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onOutput: (outputSoFar: string) => void = () => {},
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    // Node.js lets no child ignore SIGHUP, but a terminal does not send it to one in a session of its own.
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: hangupIsIgnored() });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
      onOutput(output);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', code => resolve({ code: code ?? 1, output }));
  });
}
