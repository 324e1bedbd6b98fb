import { codeOf } from '../errors.js';

/** Whether this machine has a process of that number: signal 0 asks, and "not permitted" means that it is someone else's. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
