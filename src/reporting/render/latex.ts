import { displayWidth } from '../../system/display-width.js';
import { visible } from '../../system/visible.js';
import { type Cell, type Column, isInterval, isSummary, type Table } from '../table.js';
import { cellText, deviationText, isToTheRight, numberText } from './cell-text.js';

/**
 * A table for LaTeX: a float with a caption (title and facts) and a booktabs tabular, its notes and signature below. Means and deviations are
 * formulas, numbers stand to the right, and whatever LaTeX would take for its own is escaped.
 *
 * @param options.label `\label{tab:...}` is `tab:` and this; without it there is none
 * @returns lines, each with its end; what the document has to load stands in comments at the top
 */
export function renderLatex(table: Table, { label }: { label?: string } = {}): string {
  const { title, facts, columns, rows, notes, signature } = table;
  const line = (texts: readonly string[]) => `    ${texts.join(' & ')} \\\\`;
  const caption = [title, ...facts].filter(text => text !== '').map(text => latexText(text.replace(/\.$/, '')));
  const below = [
    ...notes.map(latexText),
    // A signature has no spaces: it is broken at its bars.
    ...(signature === undefined
      ? []
      : [`\\texttt{${latexText(signature).replaceAll('\\textbar{}', '\\textbar{}\\allowbreak{}')}}`]),
  ];
  const isWide = widthOf(table) > widest;
  const body = [
    '\\begin{table}',
    '  \\centering',
    ...(caption.length === 0 ? [] : [`  \\caption{${caption.join('. ')}.}`]),
    ...(label === undefined ? [] : [`  \\label{tab:${label.replaceAll(/[^\w:.-]/g, '-')}}`]),
    ...(isWide ? ['  \\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%'] : []),
    `  \\begin{tabular}{${columns.map(column => (isToTheRight(column) ? 'r' : 'l')).join('')}}`,
    '    \\toprule',
    line(columns.map(({ head }) => latexText(head))),
    '    \\midrule',
    ...rows.map(cells => line(cells.map((cell, i) => latexCell(cell, columns[i]!)))),
    '    \\bottomrule',
    `  \\end{tabular}${isWide ? '}' : ''}`,
    ...below.map(text => `  \\par\\smallskip\\parbox{\\linewidth}{\\footnotesize ${text}}`),
    '\\end{table}',
    '',
  ].join('\n');
  return [
    `% \\usepackage{booktabs${isWide ? ',graphicx' : ''}} and, for pdflatex, \\usepackage[T1]{fontenc}`,
    ...(beyondPdflatex.test(body)
      ? ['% has letters that pdflatex does not know: take lualatex or xelatex, and a font that has them']
      : []),
    body,
  ].join('\n');
}

/** What has more characters in a line may be wider than a page's text: LaTeX makes it smaller where it is. */
const widest = 70;

function widthOf({ columns, rows }: Table): number {
  const widths = columns.map((column, i) => {
    const texts = [column.head, ...rows.map(cells => cellText(cells[i]!, column))];
    return Math.max(...texts.map(displayWidth));
  });
  return widths.reduce((sum, width) => sum + width + 2, 0);
}

/** A text as LaTeX prints it. Signs that its usual fonts lack are formulas. */
export function latexText(text: string): string {
  return visible(text).replaceAll(/[\\{}$&#^_~%<>|"`[*→←×±−–—…·≥≤]|-(?=-)/gu, sign => signs[sign]!);
}

const signs: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '^': '\\textasciicircum{}',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '%': '\\%',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\symbol{34}',
  // At the beginning of a line of the table these would belong to the end of the one before.
  '[': '{[}',
  '*': '{*}',
  // Two of them would be a dash.
  '-': '-{}',
  '`': '\\textasciigrave{}',
  '→': '$\\rightarrow$',
  '←': '$\\leftarrow$',
  '×': '$\\times$',
  '±': '$\\pm$',
  '−': '$-$',
  '–': '--',
  '—': '---',
  '…': '\\ldots{}',
  '·': '$\\cdot$',
  '≥': '$\\geq$',
  '≤': '$\\leq$',
};

/** Of what `latexText` leaves, pdflatex with T1 fonts (of 2022) knows Latin letters, less these. */
const beyondPdflatex = /[^\n -\u017f]|[ĦħĸĿŀŉŦŧſ]/u;

/** Signs and deviations are formulas: a hyphen is no minus. */
function latexCell(cell: Cell, column: Column): string {
  if (isSummary(cell) && cell.mean !== null && cell.sd !== null) {
    const [mean, sd] = [numberText(cell.mean, column), deviationText(cell.sd, column)];
    if (isPlain(mean) && isPlain(sd)) return `$${formula(mean)} \\pm ${formula(sd)}$`;
  }
  if (isInterval(cell)) {
    const ends = [cell.value, cell.low, cell.high].map(end => formula(numberText(end, column)));
    if (ends.every(isPlain)) return `$${ends[0]}\\ [${ends[1]}, ${ends[2]}]$`;
  }
  const text = cellText(cell, column);
  const hasSign = typeof cell !== 'string' && isPlain(text) && /^[+-]/.test(text);
  return hasSign ? `$${formula(text)}$` : latexText(text);
}

/** Whether a number has no unit. */
function isPlain(text: string): boolean {
  return /^[+-]?[\d.,{}]+$/.test(text);
}

/** In a formula a comma would have a space behind it. */
function formula(text: string): string {
  return text.replaceAll(',', '{,}');
}
