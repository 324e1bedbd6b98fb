/** Figures of several pairs, and the tables that are made of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineText } from './machine.mjs';
import { commandText } from './options.mjs';
import { median } from './programs.mjs';

/**
 * A quantity over pairs of runs, each program's median beside the median of the pairs' ratios: what disturbs the machine for longer than
 * a pair disturbs both halves of it.
 *
 * @param of takes one program's run to its number; null where there is none, and then there is no figure
 * @param ratio of panx's number and the peer's: above 1 means that panx is better
 */
export function figureOf(pairs, of, ratio = (panx, peer) => panx / peer) {
  const panx = pairs.map(pair => of(pair.panx));
  const peer = pairs.map(pair => of(pair.peer));
  if ([...panx, ...peer].some(value => value === null || value === undefined)) return null;
  const ratios = pairs.map((_, i) => ratio(panx[i], peer[i]));
  return { panx: median(panx), peer: median(peer), ratio: median(ratios), ratios };
}

/** As `figureOf`, of what is the better the smaller it is. */
export function figureOfCost(pairs, of) {
  return figureOf(pairs, of, (panx, peer) => peer / panx);
}

/** "35.8 / 6.0" and "5.97 (5.90, 5.97, 6.11)", for two cells of a table. */
export function cellsOf(figure, digits = 1) {
  if (figure === null) return ['-', '-'];
  const { panx, peer, ratio, ratios } = figure;
  const each = ratios.length === 1 ? '' : ` (${ratios.map(value => value.toFixed(2)).join(', ')})`;
  return [`${panx.toFixed(digits)} / ${peer.toFixed(digits)}`, `${ratio.toFixed(2)}${each}`];
}

/** What the cells are, for the foot of a table. */
export function mediansNote(count, peer = 'Trainer') {
  const pairs = `medians of ${count} ${count === 1 ? 'pair' : 'pairs'}`;
  return `panx / ${peer}, ${pairs}; the ratio is the median of the pairs' (each in brackets), above 1 where panx is better.`;
}

/**
 * Print a benchmark's table, and write it into the folder of --out as NAME.md, with all that was measured beside it as NAME.json.
 *
 * @param columns headings; one that starts with a > stands to the right
 * @param notes sentences below the table
 */
export function publish(out, name, { script, title, columns, rows, notes, machine, measured }) {
  const line = cells => `| ${cells.join(' | ')} |`;
  const markdown = [
    `# ${title}`,
    '',
    line(columns.map(column => column.replace(/^>/, ''))),
    line(columns.map(column => (column.startsWith('>') ? '---:' : '---'))),
    ...rows.map(line),
    '',
    ...notes.map(note => `- ${note}`),
    `- ${machineText(machine)}`,
    '',
    '```sh',
    commandText(script),
    '```',
    '',
  ].join('\n');
  process.stdout.write(markdown);
  if (out === undefined) return;
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, `${name}.md`), markdown);
  const whole = { title, command: commandText(script), machine, ...measured };
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify(whole, null, 2)}\n`);
}

/** A line about one run on stderr: a benchmark takes long, and its table comes last. */
export function tell(text) {
  process.stderr.write(`${text}\n`);
}
