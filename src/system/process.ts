import { readFileSync } from 'node:fs';
import { codeOf } from '../errors.js';

/**
 * Whether this machine has a process of that number that does something: signal 0 asks, and "not permitted" means that it is someone else's.
 * One that has ended and that its parent has not asked after (a zombie) does nothing any more.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  return !['Z', 'X'].includes(statOf(pid)?.[0] ?? '');
}

/** Whether a process is on its way out, as one that was just killed, of which the system is taking back the memory. */
export function isEnding(pid: number): boolean {
  const flags = Number(statOf(pid)?.[6] ?? 0);
  return (flags & exiting) !== 0;
}

/** PF_EXITING of the Linux kernel's sched.h. */
const exiting = 4;

/**
 * The fields of /proc/PID/stat from the third one on: state, parent, ... (proc(5)); null where there is no /proc, or no such process. Field 2,
 * the name in parentheses, may hold spaces; what follows the last one starts at field 3.
 */
export function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
