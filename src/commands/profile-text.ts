import { renderTerminal } from '../reporting/render/terminal.js';
import { type Cell, type Column, column, plainTable } from '../reporting/table.js';
import { formatCount } from '../system/console.js';
import { firstOf, type OperationTotals, type PhaseTotals, type Profile, tracedRounds } from '../system/profile.js';
import { visible } from '../system/visible.js';

/** A profile for a terminal: the phases of the run, then those of its steps (or of the batches scored) and their operations. */
export function profileText(profile: Profile): string {
  const { whole, engine } = profile;
  const sections = [`profile: ${engine?.name ?? 'no engine'}`, runTable(whole)];
  const mean = meanRound(whole);
  if (mean !== null) {
    sections.push(`${mean.heading}\n\n${phaseTable(mean)}`);
    const operations = operationTable(mean, whole, engine?.operation ?? 'operation');
    const remarks = [productsLine(mean), engine?.note].filter(Boolean).join('\n');
    sections.push(operations, ...(remarks === '' ? [] : [remarks]));
  }
  if (profile.traceFile !== null) sections.push(traceLine(profile, profile.traceFile));
  return `\n${sections.join('\n\n')}\n`;
}

/** What the rounds of one kind came to, wherever they stand: the sums, and of how many. */
interface MeanRound {
  /** step, batch */
  name: string;
  heading: string;
  totals: PhaseTotals;
}

/** The steps, where there are any, else the batches of scoring; null where there are neither. The first of a kind counts only where it is alone. */
function meanRound(whole: PhaseTotals): MeanRound | null {
  const all = roundsWithin(whole);
  for (const [name, one] of [
    ['step', 'a step'],
    ['batch', 'a batch of scoring'],
  ] as const) {
    const [first, later] = [firstOf(name), name].map(key => all.filter(([found]) => found === key).map(([, t]) => t));
    if (first!.length === 0) continue;
    const totals = sumOf(later!.length > 0 ? later! : first!);
    const warmsUp = 'the first, which warms up';
    const heading =
      later!.length > 0
        ? `${one}: the mean of ${formatCount(totals.calls)}, without ${warmsUp}`
        : `${one}: ${warmsUp}, as there is no other`;
    return { name, heading, totals };
  }
  return null;
}

function roundsWithin({ phases }: PhaseTotals): [key: string, totals: PhaseTotals][] {
  return [...phases].flatMap(([key, totals]) =>
    totals.round ? [[key, totals] as [string, PhaseTotals]] : roundsWithin(totals),
  );
}

/** The phases of the whole process, each under the one that it is part of; what rounds are made of has a table of its own. */
function runTable(whole: PhaseTotals): string {
  const rowsOf = (totals: PhaseTotals, indent: string): Cell[][] =>
    [...totals.phases].flatMap(([name, one]) => [
      [indent + name, one.calls, one.ms / 1000, one.ms / whole.ms],
      ...(one.round ? [] : rowsOf(one, `${indent}  `)),
    ]);
  const rest = restMs(whole);
  const rows = [
    ...rowsOf(whole, ''),
    ['the rest', '', rest / 1000, rest / whole.ms],
    ['in all', '', whole.ms / 1000, 1],
  ];
  return text([column('the run'), column('times', 'count'), decimals('s'), share], rows);
}

function phaseTable({ name, totals }: MeanRound): string {
  const row = (phase: string, ms: number) => [phase, ms / totals.calls, ms / totals.ms];
  const rows = [...totals.phases].map(([phase, { ms }]) => row(phase, ms));
  const columns = [column(name), decimals(`ms a ${name}`), share];
  return text(columns, [...rows, row('the rest', restMs(totals)), row('in all', totals.ms)]);
}

/** Operations with a smaller share of a round than this stand together in one line. */
const leastShare = 0.001;

function operationTable({ name, totals }: MeanRound, whole: PhaseTotals, kind: string): string {
  const inRounds = operationsWithin(totals);
  const inAll = operationsWithin(whole);
  const cells = (label: string, { calls, ms, flops }: OperationTotals, all: OperationTotals | null) => [
    label,
    calls === 0 ? '' : calls / totals.calls,
    ms / totals.calls,
    ms / totals.ms,
    flops === 0 ? '' : gigaflops(flops, ms),
    all === null ? '' : all.calls,
    all === null ? '' : all.ms,
  ];
  const shown = [...inRounds].filter(([, { ms }]) => ms >= leastShare * totals.ms).sort(([, a], [, b]) => b.ms - a.ms);
  const rows = shown.map(([label, operation]) => cells(label, operation, inAll.get(label)!));
  const others = [...inAll.keys()].filter(label => !shown.some(([one]) => one === label));
  if (others.length > 0) {
    const together = (operations: Map<string, OperationTotals>) =>
      addUp(others.flatMap(label => operations.get(label) ?? []));
    rows.push(cells(`${others.length} others`, together(inRounds), together(inAll)));
  }
  const timedMs = addUp([...inRounds.values()]).ms;
  rows.push(cells('between them (JavaScript)', { calls: 0, ms: totals.ms - timedMs, flops: 0 }, null));
  rows.push(cells('in all', { calls: 0, ms: totals.ms, flops: 0 }, addUp([...inAll.values()])));
  const columns = [
    ...[column(kind), column(`calls a ${name}`, 'number', { digits: 1 }), decimals(`ms a ${name}`), share],
    ...[column('GFLOP/s', 'number'), column('calls in all', 'count'), decimals('ms in all')],
  ];
  return text(columns, rows);
}

/** "matrix products: 144.0 calls and 619.04 ms a step (71.9%), 217.3 GFLOP a step at 351 GFLOP/s"; null where there are none. */
function productsLine({ name, totals }: MeanRound): string | null {
  const products = [...operationsWithin(totals).values()].filter(({ flops }) => flops > 0);
  if (products.length === 0) return null;
  const { calls, ms, flops } = addUp(products);
  const [callsText, msText] = [(calls / totals.calls).toFixed(1), (ms / totals.calls).toFixed(2)];
  const work = (flops / totals.calls / 1e9).toPrecision(3);
  return (
    `matrix products: ${callsText} calls and ${msText} ms a ${name} (${((100 * ms) / totals.ms).toFixed(1)}%), ` +
    `${work} GFLOP a ${name} at ${formatCount(gigaflops(flops, ms))} GFLOP/s`
  );
}

function traceLine({ eventsLeftOut }: Profile, path: string): string {
  const left =
    eventsLeftOut === 0
      ? ''
      : `\nIt holds the operations of the first ${tracedRounds} steps and batches; ${formatCount(eventsLeftOut)} later events are left out.`;
  return `trace: ${visible(path)} (open it in https://ui.perfetto.dev or chrome://tracing)${left}`;
}

/** The operations of a phase and of all phases inside it, by name. */
function operationsWithin({ operations, phases }: PhaseTotals): Map<string, OperationTotals> {
  const sums = new Map(operations);
  for (const inner of phases.values()) {
    for (const [name, totals] of operationsWithin(inner)) sums.set(name, addUp([sums.get(name) ?? [], totals].flat()));
  }
  return sums;
}

/** Phases of one name taken as one. */
function sumOf(several: readonly PhaseTotals[]): PhaseTotals {
  const names = new Set(several.flatMap(({ phases }) => [...phases.keys()]));
  const inner = [...names].map(name => [name, sumOf(several.flatMap(({ phases }) => phases.get(name) ?? []))] as const);
  const operations = [...new Set(several.flatMap(totals => [...totals.operations.keys()]))].map(
    name => [name, addUp(several.flatMap(totals => totals.operations.get(name) ?? []))] as const,
  );
  return {
    calls: several.reduce((sum, { calls }) => sum + calls, 0),
    ms: several.reduce((sum, { ms }) => sum + ms, 0),
    round: several.some(({ round }) => round),
    phases: new Map(inner),
    operations: new Map(operations),
  };
}

function addUp(operations: readonly OperationTotals[]): OperationTotals {
  return operations.reduce(
    (sum, { calls, ms, flops }) => ({ calls: sum.calls + calls, ms: sum.ms + ms, flops: sum.flops + flops }),
    { calls: 0, ms: 0, flops: 0 },
  );
}

/** The time of a phase that lies in none of those inside it. */
function restMs({ ms, phases }: PhaseTotals): number {
  return [...phases.values()].reduce((rest, inner) => rest - inner.ms, ms);
}

function text(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  return renderTerminal(plainTable(columns, rows), { width: Number.POSITIVE_INFINITY }).trimEnd();
}

const share = column('share', 'percent');

function decimals(head: string): Column {
  return column(head, 'number', { digits: 2 });
}

/** Three digits of it. */
function gigaflops(flops: number, ms: number): number {
  return Number((flops / ms / 1e6).toPrecision(3));
}
