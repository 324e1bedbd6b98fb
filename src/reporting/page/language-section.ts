import { outside } from '../../evaluation/analysis/analyse.js';
import { f1IfMended, f1OfKinds } from '../../evaluation/analysis/error-kinds.js';
import { formatCount } from '../../system/console.js';
import { type AnalysisTableName, analysisTable, kindText } from '../analysis-tables.js';
import { costSentences, kindCosts, kindSubject, topConfusions } from '../error-costs.js';
import { addressOf } from './address.js';
import { errorText } from './error-text.js';
import { type Figure, figureHtml } from './figures.js';
import { type EntityLength, everything, type SeenName, type SentenceFilter } from './filter.js';
import { bucketText, seenScores, three, topCosts, weakBuckets } from './findings.js';
import { htmlLanguage, languageName } from './language-name.js';
import { type Content, html, type Markup } from './markup.js';
import type { Example, ReportedRows, ReportedStage } from './report-content.js';
import { wholeWords } from './search.js';
import { heatClass, tableHtml } from './table-html.js';

/** How many words and sentences are listed. */
export const mostListed = 20;

/** What the errors of a language are: in a few sentences, then by kind and type, then in full. */
export function languageSection(stage: ReportedStage, rows: ReportedRows, id: string): Markup {
  const { analysis } = rows;
  const links = linksOf(stage, rows);
  const list = (name: AnalysisTableName, title: string, figure: Figure | null = null) => {
    const table = analysisTable(name, [rows], mostListed);
    if (table === null) return null;
    const [row, word] = ['row', 'word'].map(key => table.columns.findIndex(column => column.key === key));
    const linkOf = (i: number, j: number) => {
      if (j === row) return links({}, Number(table.rows[i]![j]));
      return name === 'mistaken' && j === word
        ? links({ kind: 'error', search: wholeWords(String(table.rows[i]![j])) })
        : null;
    };
    return html`<details><summary>${title}</summary>${figure === null ? null : figureHtml(figure)}${tableHtml(table, { linkOf })}</details>\n`;
  };
  return html`<section id="${id}" aria-labelledby="${id}-head">
<h3 id="${id}-head">${headingOf(rows)} <span class="score">F1 ${three(f1OfKinds(analysis.kinds))}</span></h3>
<p class="lead">${costSentences(analysis, 3).join(' ')}</p>
${rows.without === null ? null : html`<p class="fact">${rows.without}</p>\n`}${inShort(rows, links)}
${costTable(rows, links)}
${examplesOf(rows, links)}
${confusionTable(rows, links)}
${bucketTable(rows, links)}${list('report', 'Scores by type')}${list('semeval', 'SemEval-2013 scores')}${list('mistaken', 'Words tagged wrongly most often')}${list('sentences', 'Sentences with the highest loss')}${list('suspects', 'Labels that may be wrong')}${list('losses', 'Loss by true tag')}${list('tags', 'Confusion of tags', rows.figures.tags)}
</section>
`;
}

/** "Turkish (tr)"; of a file its name. */
export function headingOf({ lang, rows }: Pick<ReportedRows, 'lang' | 'rows'>): string {
  const name = lang === null ? null : languageName(lang);
  return lang === null ? rows : name === null ? lang : `${name} (${lang})`;
}

/** How rows are told apart in the list of sentences. */
export function langOf({ lang, rows }: Pick<ReportedRows, 'lang' | 'rows'>): string {
  return lang ?? rows;
}

/** Addresses of the sentences that a filter shows; null where there are no sentences. */
type Links = (filter: Partial<SentenceFilter>, at?: number) => string | null;

function linksOf(stage: ReportedStage, rows: ReportedRows): Links {
  return (filter, at) =>
    rows.sentences === null
      ? null
      : `#${addressOf({ lang: langOf(rows), stage: stage.name, filter: { ...everything, ...filter }, at: at ?? null })}`;
}

/** An error of a spurious entity is of its own type, any other of the true one. */
function filterOf(kind: SentenceFilter['kind'], type: string): Partial<SentenceFilter> {
  return kind === 'spurious' ? { kind, predicted: type } : { kind, gold: type };
}

function linked(address: string | null, content: Content): Content {
  return address === null ? content : html`<a href="${address}">${content}</a>`;
}

function inShort(rows: ReportedRows, links: Links): Content {
  const { analysis } = rows;
  const costs = topCosts(analysis, 3).map(({ kind, type, count: times, gain }) =>
    linked(links(filterOf(kind, type)), `${kind} ${type} (${formatCount(times)}, +${three(gain)})`),
  );
  const confused = topConfusions(analysis, 3).map(({ gold, predicted, count: times }) =>
    linked(links({ gold, predicted }), `${gold} taken for ${predicted} (${formatCount(times)})`),
  );
  const weak = weakBuckets(analysis, 3).map(({ attribute, bucket, f1, gold }) =>
    linked(
      bucketLink(links, attribute, bucket),
      `${bucketText(attribute, bucket)} (F1 ${three(f1)}; ${formatCount(gold)} true)`,
    ),
  );
  const seen = seenScores(analysis).map(({ bucket, f1, gold }) =>
    linked(bucketLink(links, 'seen in training', bucket), `${bucket}: F1 ${three(f1)} of ${formatCount(gold)}`),
  );
  const lang = htmlLanguage(rows.lang ?? '');
  const words = analysis.mistaken.slice(0, 5).map(({ word, wrong, count: of }) => {
    const text = html`<bdi${lang === null ? null : html` lang="${lang}"`}>“${word}”</bdi> (${formatCount(wrong)} of ${formatCount(of)})`;
    return linked(links({ kind: 'error', search: wholeWords(word) }), text);
  });
  const items: [string, Content[]][] = [
    ['Costliest by kind and type', costs],
    ['Types confused most', confused],
    ['Weakest entities are those', weak],
    ['Seen in training', seen],
    ['Words tagged wrongly most often', words],
  ];
  const shown = items.filter(([, parts]) => parts.length > 0);
  if (shown.length === 0) return null;
  return html`<dl class="short">${shown.map(([name, parts]) => html`<div><dt>${name}</dt><dd>${joined(parts)}</dd></div>\n`)}</dl>`;
}

function joined(parts: readonly Content[]): Content {
  return parts.map((part, i) => html`${i === 0 ? null : '; '}${part}`);
}

/** Kinds by types: what mending each cell would add to F1, and how many errors it has. */
function costTable({ analysis, rows, sentences }: ReportedRows, links: Links): Content {
  const kinds = kindCosts(analysis);
  if (kinds.length === 0) return null;
  const types = analysis.kindsByType;
  const now = f1OfKinds(analysis.kinds);
  const gains = kinds.map(({ kind }) =>
    types.map(({ counts }) => f1IfMended(analysis.kinds, kind, counts[kind]) - now),
  );
  const most = Math.max(...gains.flat());
  const cell = (gain: number, times: number, address: string | null, heat: string) => {
    if (times === 0) return html`<td class="cost">–</td>`;
    const link = linked(address, html`<b class="gain">+${three(gain)}</b>`);
    return html`<td class="cost ${heat}">${link} <span class="times">${formatCount(times)}</span></td>`;
  };
  return html`<div class="scroll" tabindex="0" role="group" aria-label="What errors cost, ${rows}"><table class="costs">
<caption>What errors cost: gain in F1, and number</caption>
<thead><tr><th scope="col">kind</th>${types.map(({ type }) => html`<th scope="col" class="number">${type}</th>`)}<th scope="col" class="number">all types</th></tr></thead>
<tbody>
${kinds.map(
  ({ kind, count: times, gain }, i) =>
    html`<tr><th scope="row">${kind} <span class="meaning">${kindText[kind]}</span></th>${types.map(
      ({ type, counts }, j) =>
        cell(gains[i]![j]!, counts[kind], links(filterOf(kind, type)), heatClass(gains[i]![j]! / most)),
    )}${cell(gain, times, links({ kind }), '')}</tr>\n`,
)}</tbody>
</table></div>
<p class="fact">A gain is the F1 that mending the errors of that cell alone would add; gains do not add up.${sentences === null ? null : ' It leads to the sentences.'} An error counts for the type of the true entity, a spurious one for its own.</p>
`;
}

function examplesOf(rows: ReportedRows, links: Links): Content {
  if (rows.examples.length === 0) return null;
  const ofKind = (kind: string) =>
    rows.examples.filter(({ sentence, entity }) => sentence.entities[entity]!.kind === kind);
  const kinds = kindCosts(rows.analysis).filter(({ kind }) => ofKind(kind).length > 0);
  return html`<h4>Examples</h4>
<div class="examples">${kinds.map(
    ({
      kind,
      count: times,
    }) => html`<div><h5>${linked(links({ kind }), `${kindSubject[kind]} (${formatCount(times)})`)}</h5>
<ul>${ofKind(kind).map(example => html`<li>${exampleHtml(example, rows, links)}</li>`)}</ul></div>\n`,
  )}</div>
`;
}

/** The error in words, and the sentence that it stands in. */
function exampleHtml({ sentence, entity }: Example, rows: ReportedRows, links: Links): Content {
  const error = sentence.entities[entity]!;
  const lang = htmlLanguage(rows.lang ?? '');
  const attribute = lang === null ? null : html` lang="${lang}"`;
  const parts = errorText(error, sentence).slice(2);
  return html`${parts.map(part =>
    'words' in part
      ? html`<bdi class="quoted"${attribute}>${part.words}</bdi>`
      : 'plain' in part
        ? part.plain
        : part.kind,
  )}: <q dir="auto"${attribute}>${sentence.words.join(' ')}</q> ${linked(
    links({ kind: error.kind }, sentence.row),
    html`<span class="nowrap">row ${sentence.row}</span>`,
  )}`;
}

function confusionTable(rows: ReportedRows, links: Links): Content {
  const table = analysisTable('entities', [rows], mostListed);
  if (table === null) return null;
  const { labels, counts } = rows.analysis.confusion.entities;
  const errors = counts.flatMap((line, i) => line.filter((_, j) => i !== j));
  const most = Math.max(1, ...errors);
  return tableHtml(
    {
      ...table,
      notes: [
        `Rows are true types, columns predicted ones; ${outside} is no entity. The diagonal includes entities with wrong bounds. Shades are of errors alone.`,
      ],
    },
    {
      linkOf: (i, j) =>
        j === 0 || counts[i]![j - 1] === 0 ? null : links({ gold: labels[i]!, predicted: labels[j - 1]! }),
      heatOf: (i, j) => (j === 0 || i === j - 1 ? 0 : counts[i]![j - 1]! / most),
    },
  );
}

function bucketTable(rows: ReportedRows, links: Links): Content {
  const made = analysisTable('buckets', [rows], mostListed);
  if (made === null) return null;
  const at = (key: string) => made.columns.findIndex(column => column.key === key);
  const [gold, predicted, f1] = [at('gold'), at('predicted'), at('f1')];
  const table = { ...made, rows: made.rows.filter(row => row[gold] !== 0 || row[predicted] !== 0) };
  const weak = weakBuckets(rows.analysis, 3);
  const named = (row: number) => table.rows[row]!.slice(0, 2).map(String) as [string, string];
  const isWeak = (row: number) =>
    weak.some(({ attribute, bucket }) => named(row)[0] === attribute && named(row)[1] === bucket);
  return html`<details><summary>Scores by length, capitalisation, what was seen in training</summary>${rows.figures.buckets === null ? null : figureHtml(rows.figures.buckets)}${tableHtml(
    table,
    {
      linkOf: (row, column) => (column === 1 ? bucketLink(links, ...named(row)) : null),
      heatOf: (row, column) => (column === f1 && isWeak(row) ? 0.8 : 0),
    },
  )}</details>\n`;
}

/** The entities of a bucket with an error, where the list of sentences can be asked for them. */
function bucketLink(links: Links, attribute: string, bucket: string): string | null {
  if (attribute === 'entity length') {
    return links({ kind: 'error', length: (bucket === '4 or more' ? '4+' : bucket) as EntityLength });
  }
  return attribute === 'seen in training' ? links({ kind: 'error', seen: bucket.replace(' ', '-') as SeenName }) : null;
}
