import { codeOf, messageOf, PanxError } from '../errors.js';
import { reasonOf } from './files.js';
import { packageRoot } from './package.js';

/** An error as a user is told of it: a PanxError itself, and else what `systemFault` makes of it. */
export function toldOf(error: unknown): PanxError | null {
  return error instanceof PanxError ? error : systemFault(error);
}

/**
 * What a user is told of an error that came from the system, from a missing part of the installation or from memory that ran out, wherever in
 * panx it came up; null for all others, which are bugs. A room that knows more about it says more: this is what is left.
 */
export function systemFault(error: unknown): PanxError | null {
  const code = codeOf(error) ?? '';
  const told = (sentence: string, hint?: string) =>
    new PanxError(sentence, { cause: error, ...(hint === undefined ? {} : { hint }) });
  const message = oneLine(messageOf(error));
  switch (code) {
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return told(`A part of panx is missing: ${message}`, installAnew);
    case 'ERR_DLOPEN_FAILED':
      return memoryFault(error) ?? told(`A compiled part of panx cannot be loaded: ${message}`, installAnew);
    case 'ERR_WORKER_INIT_FAILED':
    case 'ERR_WORKER_OUT_OF_MEMORY':
      return told(`A thread cannot be started: ${message}`, limits);
    case 'ERR_FS_FILE_TOO_LARGE':
    case 'ERR_STRING_TOO_LONG':
      return told(`A file is too large to be read: ${message}`);
  }
  const { syscall, path, dest } = (error ?? {}) as { syscall?: unknown; path?: unknown; dest?: unknown };
  if (syscall === 'uv_cwd') {
    return told('The folder that panx was started in is not there any more.', 'Change to another: cd ~');
  }
  // Errors of the system carry the call; others may have a code that looks like one's.
  if (typeof syscall === 'string' && (/^E[A-Z0-9]+$/.test(code) || code === 'ERR_SYSTEM_ERROR')) {
    const what = [path, dest].filter(place => typeof place === 'string').join(' -> ');
    return told(`${what === '' ? 'The system' : what}: ${reasonOf(error)} (${syscall}).`, hintOf(code));
  }
  if (error instanceof RangeError && /array length|string length/i.test(message)) {
    return told(`There is not enough memory: ${message}.`, limits);
  }
  return memoryFault(error);
}

/**
 * The same of memory that ran out, and of nothing else: for those who take what fails for damage of what they read. A length that is out of range
 * may come from such damage, so it is not among them.
 */
export function memoryFault(error: unknown): PanxError | null {
  const message = messageOf(error);
  const [, ofTensorflow] = /^Invalid TF_Status: 8\s+(?:Message: )?(.*)/.exec(message) ?? [];
  const ofLoader = /^[^\n]*(?:failed to map segment|cannot allocate memory)[^\n]*/i.exec(message)?.[0];
  const ofV8 = error instanceof RangeError && /alloca|memory/i.test(message) ? message : undefined;
  const found = ofTensorflow ?? ofLoader ?? ofV8;
  if (found === undefined) return null;
  // The loader says the same where memory runs out and where the disk is mounted so that nothing on it may run.
  const mayBeNoexec = /failed to map segment/i.test(found);
  return new PanxError(
    `${mayBeNoexec ? 'A compiled part cannot be loaded' : 'There is not enough memory'}: ${oneLine(found).replace(/\.$/, '')}.`,
    { hint: mayBeNoexec ? noexec : limits, cause: error },
  );
}

const noexec =
  'Where its disk is mounted noexec (`mount` shows it), set PANX_CACHE to a folder on another. Where memory is short, raise what limits this process (`ulimit -a` shows it).';

const installAnew = `Run \`npm ci\` in ${packageRoot}; or, where this process may open few files (ulimit -n), raise that.`;
const limits = 'Raise what limits this process (`ulimit -a` shows it), or use a machine with more.';

function hintOf(code: string): string | undefined {
  switch (code) {
    case 'EMFILE':
      return 'Allow this process more open files: ulimit -n 1024';
    case 'ENFILE':
    case 'ENOMEM':
    case 'EAGAIN':
      return limits;
    case 'EFBIG':
      return 'Allow this process larger files: ulimit -f unlimited';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'Make room, or choose a folder on another disk.';
    default:
      return undefined;
  }
}

/** A message of V8 or the loader goes over several lines, with a list of the modules behind it. */
function oneLine(text: string): string {
  return text.split('\n')[0]!.trim();
}
