import type { Damage } from './damage.js';

/**
 * What must become of a command where this stands in its case. `refuse`: exit code 0 is a failure of panx; `fine`: any
 * other exit code is; `either`: both are right, as long as nothing else breaks. A command is held to the strictest of
 * what it meets: refuse before either before fine.
 */
export type Verdict = 'refuse' | 'either' | 'fine';

/** A case: one script in a sandbox of its own. Its steps are data, so that they can be left out, shrunk and printed. */
export interface Case {
  family: string;
  steps: Step[];
}

/** What every step has. */
interface Ingredient {
  /** What is hostile about it, in a few words that are the same for like cases: failures are grouped by it. */
  what?: string;
  verdict?: Verdict;
  /** The case makes no sense without it, so that it is not left out while a failure is minimised. */
  fixed?: true;
}

export type Step = Ingredient & (Preparation | ({ do: 'panx' } & Command) | Together);

/** What is done to the sandbox. Paths are relative to it; `{box}` in a text stands for its absolute path. */
export type Preparation =
  | { do: 'fixture'; name: FixtureName; to: string }
  | { do: 'folder'; path: string }
  /** `whole`: what is said of its content would not hold for a part. */
  | { do: 'write'; path: string; content: Content; whole?: true }
  | { do: 'link'; path: string; to: string }
  | { do: 'pipe'; path: string }
  /** As /dev/null, or /dev/zero, in the sandbox: never the machine's own, which a program of root's could replace. */
  | { do: 'device'; path: string; endless?: true }
  | { do: 'copy'; from: string; to: string }
  | { do: 'move'; from: string; to: string }
  | { do: 'remove'; path: string }
  | { do: 'mode'; path: string; mode: number }
  | { do: 'parquet'; path: string; name: string }
  | { do: 'damage'; path: string; how: Damage }
  | { do: 'lock'; path: string; holder: LockHolder }
  | { do: 'hub'; hub: HubPlan };

/** What panx made itself once, before the campaign: see fixtures.ts. */
export type FixtureName = 'run' | 'checkpoint' | 'sweep' | 'interrupted' | 'init';

export type LockHolder = 'dead' | 'living' | 'elsewhere';

/** Text, or bytes in hexadecimal, or a part that is repeated. */
export type Content = string | { hex: string } | { repeat: string; times: number };

/** How the local hub of a case misbehaves: see hostile-hub.ts. */
export interface HubPlan {
  /** Further entries of its listings. */
  listed?: readonly { path: string; size?: number; type?: 'file' | 'directory' }[];
  /** What it answers where a listing, information or a file is asked for. */
  answers?: readonly { match: string; body?: string; status?: number; bytesPerSecond?: number; cut?: number }[];
}

/** A part of the command line that may be left out. */
export interface Argument extends Ingredient {
  words: readonly string[];
  /** Given only where this path is there when the command starts. */
  onlyIf?: string;
}

export interface Command {
  args: readonly Argument[];
  /** On top of the sandbox's own; null takes a variable away. */
  env?: Readonly<Record<string, string | null>>;
  stdin?: Content;
  /** The working folder inside the sandbox. */
  cwd?: string;
  /** Lines of shell that come before it, such as `ulimit -n 20`. */
  shell?: string;
  /** Its redirections, such as `>/dev/full`. */
  redirect?: string;
  /** Where it may write. What lies outside stays as it is, whatever happens. */
  out?: readonly Out[];
  /** Skipped where this path is there. */
  unless?: string;
  /** Signals, at a fraction of the time that the fixture's run took. */
  signals?: readonly { name: 'SIGKILL' | 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGSTOP' | 'SIGCONT'; at: number }[];
  /** Overrules what the ingredients say. */
  expect?: Verdict;
  /** Where it ends with 0: these files must have the bytes of the fixture's, else it took what it should not. */
  whenFine?: readonly { file: string; as: string }[];
  /** Where it ends with 0 and wrote runs: panx verify must find this one sound. */
  verify?: string | undefined;
  /** Where it ends with 0, these are gone; `*` stands for any text. */
  gone?: readonly string[];
  /** The refusal is of a size, and must come before work is done: within 5 s of computing and 300 MB. */
  quick?: true;
  /** It hangs where it takes longer, in place of the usual minute. */
  limitMs?: number;
  /** It may go on for longer than a case should: then it is ended, and only its memory counts. */
  enoughMs?: number;
}

/** A place that a command may write to. */
export interface Out {
  path: string;
  /** What panx makes there; `cache-place`: anything new, and nothing changed. */
  as: 'run' | 'sweep' | 'model' | 'file' | 'cache-place';
  /** What lies there is panx's own: names that panx makes may change. A folder that is empty or absent is free. */
  own?: true;
}

/** Commands at once. At most one of them may end with 0 where `oneWinner`. */
export interface Together {
  do: 'together';
  commands: readonly (Command & { startAt: number })[];
  oneWinner?: boolean;
}

export function strictest(verdicts: readonly (Verdict | undefined)[]): Verdict {
  if (verdicts.includes('refuse')) return 'refuse';
  return verdicts.includes('either') ? 'either' : 'fine';
}

/** Words of the command line that belong to the command and are not left out. */
export function words(...list: string[]): Argument {
  return { words: list, fixed: true };
}
