import type { Case } from './case.js';
import { controlCharacterIn, type Failure } from './invariants.js';
import { preamble } from './shell.js';

/** Failures that are likely one fault, with the smallest case that shows it. */
export interface Group {
  failure: Failure;
  /** The numbers of the cases that failed so. */
  cases: { family: string; index: number }[];
  minimal: Case;
  /** Of the minimal case, in shell. */
  lines: readonly string[];
  said: readonly string[];
}

/** What a campaign came to, for a reader. */
export interface CampaignResult {
  seed: number;
  cases: number;
  commands: number;
  seconds: number;
  groups: readonly Group[];
}

export function reportText({ seed, cases, commands, seconds, groups }: CampaignResult): string {
  const failed = new Set(groups.flatMap(group => group.cases.map(({ index }) => index))).size;
  const head = `campaign: seed ${seed}, ${cases} cases, ${commands} commands, ${Math.round(seconds)} s: `;
  if (groups.length === 0) return `${head}nothing broke\n`;
  const blocks = [...groups]
    .sort((a, b) => b.cases.length - a.cases.length)
    .map((group, i) => groupText(group, i + 1, seed));
  const opening = ['Every script below begins with:', ...indented(preamble)].join('\n');
  const ways = groups.length === 1 ? '1 way' : `${groups.length} ways`;
  return `${head}${failed} cases failed, in ${ways}\n\n${opening}\n\n${blocks.join('\n')}`;
}

function groupText({ failure, cases, lines, said }: Group, number: number, seed: number): string {
  const first = cases[0]!;
  const numbers = [...cases.slice(0, 8).map(({ index }) => String(index)), ...(cases.length > 8 ? ['...'] : [])];
  return [
    `${number}. ${failure.invariant}: ${failure.detail}`,
    `   ${cases.length} ${cases.length === 1 ? 'case' : 'cases'}, ${first.family}: ${numbers.join(', ')}`,
    `   again: npm run test:slow -- campaign --seed ${seed} --case ${first.index}`,
    ...indented(lines.join('\n')),
    ...indented(lastLines(said.at(-1) ?? ''), 300).map(line => line.replace(/^ {6}/, '      > ')),
    '',
  ].join('\n');
}

/** The end of what a command said, without what a terminal would obey. */
function lastLines(text: string): string {
  const lines = text.trimEnd().split('\n').slice(-5).join('\n');
  return [...lines].map(letter => (letter !== '\n' && controlCharacterIn(letter) >= 0 ? '?' : letter)).join('');
}

/** What a hostile file made panx say may be long; a script is worth nothing when a line of it is cut. */
function indented(text: string, longest = Number.POSITIVE_INFINITY): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map(line => `      ${line.length > longest ? `${line.slice(0, longest)}…` : line}`);
}
