import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderLatex } from '../../../src/reporting/render/latex.js';
import { detailsTable, phasesTable, seedsTable, typesTable } from '../../../src/reporting/result-tables.js';
import type { Table } from '../../../src/reporting/table.js';
import { tableOfSeeds } from '../seeds.js';
import { everyKind } from './every-kind.js';

// Debian: texlive-latex-base.
const isThere = spawnSync('pdflatex', ['--version']).status === 0;

it.skipIf(!isThere)(
  'compiles with pdflatex, whatever texts hold, and no table is wider than the page',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'panx-latex-'));
    const results = tableOfSeeds();
    const latin = Array.from({ length: 0x180 - 0x20 }, (_, i) => String.fromCodePoint(0x20 + i)).filter(
      letter => !/[ĦħĸĿŀŉŦŧſ]/.test(letter),
    );
    const every = everyKind();
    const harmful: Table = {
      ...every,
      title: '50% \\of {it} $x_1^2$ & #2 ~ [a] *b* "`',
      rows: [...latin, '[0.5]', '*', '--', '---', '→ × ± − – — … · ≥ ≤', 'a\u0007\n\u202eb'].map(text => [
        text,
        ...every.rows[0]!.slice(1),
      ]),
    };
    const halves = [0, 60, 120, 180, 240, 300].map(at => ({ ...harmful, rows: harmful.rows.slice(at, at + 60) }));
    const tables = [phasesTable(results, 'status'), detailsTable(results), typesTable(results), seedsTable(results)];
    const body = [...tables, ...halves].map(table => `${renderLatex(table, { label: 'x' })}\\clearpage`).join('\n');
    writeFileSync(
      join(folder, 'tables.tex'),
      `\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{booktabs,graphicx}\n\\begin{document}\n${body}\n\\end{document}\n`,
    );
    const { status } = spawnSync('pdflatex', ['-interaction=nonstopmode', 'tables.tex'], { cwd: folder });
    const log = readFileSync(join(folder, 'tables.log'), 'latin1');
    expect(log.match(/^!.*$/gm) ?? []).toEqual([]);
    expect(log.match(/^Overfull \\hbox.*$/gm) ?? []).toEqual([]);
    expect(status).toBe(0);
    rmSync(folder, { recursive: true });
  },
  120_000,
);
