import { messageOf } from '../errors.js';
import { notice } from '../system/console.js';
import { placeOfFile } from '../system/place.js';
import { endProfile, hasRounds, type Profile, startProfile } from '../system/profile.js';
import { traceKind, writeTrace } from '../system/trace.js';
import { profileText } from './profile-text.js';

interface ProfileOutput {
  /** Takes the tables. */
  print(text: string): void;
  /** Write the trace here, as --profile names it; null where the work does so itself, or none is wanted. */
  traceFile: string | null;
}

/** Do a command's work, and print where its time went: also where it was stopped, or failed on its way. */
export async function profiled(work: (profile: Profile) => Promise<void>, output: ProfileOutput): Promise<void> {
  const profile = startProfile();
  try {
    await work(profile);
  } catch (error) {
    // The work's own error is the one to tell.
    await report(profile, output).catch((other: unknown) => notice(messageOf(other)));
    throw error;
  }
  await report(profile, output);
}

async function report(profile: Profile, { print, traceFile }: ProfileOutput): Promise<void> {
  endProfile(profile);
  if (!hasRounds(profile)) return;
  // Looked at once more: something may have come there while the work was done.
  if (traceFile !== null) await writeTrace(await placeOfFile('--profile', traceFile, traceKind), profile);
  print(profileText(profile));
}
