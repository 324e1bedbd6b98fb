import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

let ignored: boolean | undefined;

/**
 * Whether this process was started so that it goes on when its terminal is closed: with SIGHUP ignored, as nohup and a shell's `trap '' HUP`
 * do. Node.js sets every signal back before any JavaScript runs, so this is found in what is left of it. Asked first at the start: later the
 * parent may be gone.
 */
export function hangupIsIgnored(): boolean {
  ignored ??= wasToldByLauncher() || wasStartedByNohup() || parentIgnoresHangup();
  return ignored;
}

/**
 * The head of dist/cli.js (scripts/launcher.sh) looks before Node.js begins, where that file was started as a program. It names its process,
 * which Node.js then is: to a child that inherits the variable it says nothing.
 */
function wasToldByLauncher(): boolean {
  return process.env.PANX_HANGUP_IGNORED === String(process.pid);
}

/**
 * GNU's nohup puts /dev/null, opened for writing only, in the place of a terminal to read from; nothing else does that. Where stdin is no
 * terminal it stays as it is: then `_` tells, in which bash and zsh name the program that they start.
 */
function wasStartedByNohup(): boolean {
  if (basename(process.env._ ?? '') === 'nohup') return true;
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))?.[1] ?? '0';
    const isWriteOnly = (Number.parseInt(flags, 8) & 3) === 1;
    return isWriteOnly && readlinkSync('/proc/self/fd/0') === '/dev/null';
  } catch {
    return false; // Without /proc.
  }
}

/** A child inherits what its parent ignores: that of a shell after `trap '' HUP`, of Python after signal(SIGHUP, SIG_IGN). */
function parentIgnoresHangup(): boolean {
  try {
    const signals = /^SigIgn:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${process.ppid}/status`, 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(signals.at(-1)!, 16) & 1) === 1; // The lowest bit is signal 1, SIGHUP.
  } catch {
    return false;
  }
}
