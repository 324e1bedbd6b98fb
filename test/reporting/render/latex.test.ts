import { expect, it } from 'vitest';
import { latexText, renderLatex } from '../../../src/reporting/render/latex.js';
import { column, plainTable } from '../../../src/reporting/table.js';
import { everyKind } from './every-kind.js';

it('is a float with a booktabs tabular', () => {
  expect(renderLatex(everyKind(), { label: 'every kind' })).toBe(
    String.raw`% \usepackage{booktabs,graphicx} and, for pdflatex, \usepackage[T1]{fontenc}
% has letters that pdflatex does not know: take lualatex or xelatex, and a font that has them
\begin{table}
  \centering
  \caption{Every\_kind \& more. F1 is 100 \% micro. a \textless{}b\textgreater{}fact\textless{}/b\textgreater{}.}
  \label{tab:every-kind}
  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
  \begin{tabular}{lrrrrrrrr}
    \toprule
    system & rows & F1 & change & epochs & share & time & size & F1 of all \\
    \midrule
    one \textbar{} a\_b & 20,000 & $0.8300 \pm 0.0123$ & $+0.0123$ & 2.5 & 12.3\% & 1 min 15 s & 1.5 kB & $0.8000\ [0.7000, 0.9000]$ \\
    =two & 2 of 3 & 0.5000 & $-0.5000$ & 3 & 100.0\% & failed & 10 B & -- \\
    三 & -- & -- & 0.0000 & -- & -- & -- & -- & 0.2500 \\
    \bottomrule
  \end{tabular}}
  \par\smallskip\parbox{\linewidth}{\footnotesize A {*}note{*}.}
  \par\smallskip\parbox{\linewidth}{\footnotesize \texttt{F1\textbar{}\allowbreak{}seeds:3}}
\end{table}
`,
  );
});

it('has no caption, label or warning where there is nothing to say', () => {
  const table = plainTable([column('a')], [['İstanbul ş ğ → é']]);
  expect(renderLatex(table)).toBe(
    String.raw`% \usepackage{booktabs} and, for pdflatex, \usepackage[T1]{fontenc}
\begin{table}
  \centering
  \begin{tabular}{l}
    \toprule
    a \\
    \midrule
    İstanbul ş ğ $\rightarrow$ é \\
    \bottomrule
  \end{tabular}
\end{table}
`,
  );
});

it.each([
  ['\\', '\\textbackslash{}'],
  ['50% & {x_1}', '50\\% \\& \\{x\\_1\\}'],
  ['$x^2$ ~ #1', '\\$x\\textasciicircum{}2\\$ \\textasciitilde{} \\#1'],
  ['a--b', 'a-{}-b'],
  ['[0.5]', '{[}0.5]'],
  ['"`', '\\symbol{34}\\textasciigrave{}'],
  ['\u0007\u202e', '\\textless{}U+0007\\textgreater{}\\textless{}U+202E\\textgreater{}'],
  ['0.83 ± 0.01 × 2 …', '0.83 $\\pm$ 0.01 $\\times$ 2 \\ldots{}'],
])('escapes %j', (text, written) => expect(latexText(text)).toBe(written));

it('writes counts in formulas without a space behind their commas, and times as text', () => {
  const columns = [column('n', 'count'), column('t', 'seconds')];
  const table = plainTable(columns, [
    [
      { n: 2, mean: 12_345, sd: 1_000 },
      { n: 2, mean: 75, sd: 3 },
    ],
  ]);
  expect(renderLatex(table)).toContain('$12{,}345 \\pm 1{,}000$ & 1 min 15 s $\\pm$ 3.0 s \\\\');
});
