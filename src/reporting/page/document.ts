import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packageRoot, readPackage } from '../../system/package.js';
import { costSentences } from '../error-costs.js';
import { glossary } from './glossary.js';
import { htmlLanguage } from './language-name.js';
import { headingOf, langOf, languageSection } from './language-section.js';
import { type Content, html, jsonScript, type Markup, script } from './markup.js';
import type { PageData } from './page-data.js';
import type { ReportContent, ReportedRows, ReportedStage } from './report-content.js';
import { summarySection } from './summary.js';

/** How a file shows that panx report wrote it. It stands in its first bytes. */
export const generatorTag = '<meta name="generator" content="panx report">';

/**
 * A report as one HTML file. It needs no network, and its Content-Security-Policy allows none: script and style are known by their hashes,
 * pictures are in the file. The same content gives the same bytes.
 */
export function reportDocument(content: ReportContent): string {
  const style = pageFile('report.css');
  const code = pageFile('report.js');
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(code)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const hasSentences = content.stages.some(({ rows }) => rows.some(({ sentences }) => sentences !== null));
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${{ markup: generatorTag }}
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${content.name}: report of panx</title>
<style>${{ markup: style }}</style>
</head>
<body>
${hasSentences ? html`<a class="skip" href="#sentences">Skip to the sentences</a>\n` : null}<header>
<p class="kicker">Report of panx ${readPackage().version}</p>
<h1>${content.name}</h1>
${content.facts.length === 0 ? null : html`<dl class="known">${content.facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`}
${contentsOf(content, hasSentences)}
</header>
<main>
${atAGlance(content)}
${content.summary === null ? null : html`${summarySection(content.summary)}${backToContents}`}
${content.stages.map((stage, i) => stageSection(stage, i))}
${browser(hasSentences)}
${glossary()}${backToContents}
</main>
${keysDialog()}
${dataOf(content)}
${script(code)}</body>
</html>
`;
  return markup;
}

/** Languages; of several stages the stages. */
function contentsOf({ summary, stages }: ReportContent, hasSentences: boolean): Markup {
  const item = (id: string, text: string) => html`<li><a href="#${id}">${text}</a></li>\n`;
  const errors =
    stages.length === 1
      ? stages[0]!.rows.map(rows => item(idOf(0, rows), headingOf(rows)))
      : stages.map(({ name }, i) => item(`stage-${i}`, name));
  return html`<nav id="contents" aria-label="Contents"><ul>
${summary === null ? null : item('results', 'Results')}${errors}${hasSentences ? item('sentences', 'Sentences') : null}${item('words', 'Words used here')}</ul></nav>`;
}

const backToContents = html`<p class="back"><a href="#contents">Back to the contents</a></p>`;

/** The answer to what costs most, a sentence for each language. */
function atAGlance({ stages, choice }: ReportContent): Markup {
  return html`<section aria-labelledby="glance">
<h2 id="glance" class="first">Which errors cost most</h2>
${stages.map(
  ({ name, rows }, i) => html`${
    stages.length === 1
      ? html`<p class="fact">Predictions of ${name}.${choice === null ? null : ` ${choice}`}</p>`
      : html`${i === 0 && choice !== null ? html`<p class="fact">${choice}</p>` : null}<h3>${name}</h3>`
  }
<ul class="glance">${rows.map(
    one =>
      html`<li><a href="#${idOf(i, one)}">${headingOf(one)}</a> <span>${costSentences(one.analysis, 3).join(' ')}</span></li>\n`,
  )}</ul>
`,
)}</section>
`;
}

function stageSection(stage: ReportedStage, i: number): Markup {
  return html`<section aria-labelledby="stage-${i}">
<h2 id="stage-${i}">Errors of ${stage.name}</h2>
<p class="fact">${stage.training}</p>
${stage.rows.map(rows => html`${languageSection(stage, rows, idOf(i, rows))}${backToContents}\n`)}
</section>
`;
}

/** A place of the page: letters, digits and hyphens of its language, with the number of the stage where it is not the first. */
function idOf(stage: number, rows: ReportedRows): string {
  const name = langOf(rows).replace(/[^A-Za-z0-9]+/g, '-');
  return `lang-${name}${stage === 0 ? '' : `-${stage + 1}`}`;
}

function browser(hasSentences: boolean): Markup {
  const field = (name: string, label: string) =>
    html`<div class="field"><label for="filter-${name}">${label}</label><select id="filter-${name}"></select></div>\n`;
  return html`<section id="sentences" aria-labelledby="sentences-head"${hasSentences ? null : html` hidden`}>
<h2 id="sentences-head">Sentences</h2>
<noscript><p>The list of sentences needs JavaScript.</p></noscript>
<form id="filters" role="search" aria-label="Sentences">
<div class="field grow"><label for="filter-search">Search</label><input id="filter-search" type="search" autocomplete="off" spellcheck="false" aria-describedby="search-hint"><p id="search-hint" class="hint">In double quotes: whole words</p></div>
${field('lang', 'Language')}${field('stage', 'Stage')}${field('kind', 'Sentence has')}${field('gold', 'True type')}${field('predicted', 'Predicted type')}${field('length', 'Length of the entity')}${field('seen', 'In training')}</form>
<div class="bar"><p id="count" role="status" aria-live="polite"></p>
<button type="button" id="clear">Clear</button>
<button type="button" id="save-jsonl">Save as JSON lines</button>
<button type="button" id="save-prodigy">Save for Prodigy</button>
<button type="button" id="keys-button" aria-haspopup="dialog">Keys</button></div>
<p class="legend"><span class="entity true"><b class="name true-name">ORG</b> true entity</span> <span class="entity guess"><b class="name guess-name">LOC?</b> predicted</span> <span class="entity guess"><b class="name guess-name">…LOC?</b> the same one goes on</span> <span class="entity true guess"><b class="name true-name">ORG</b> <b class="name guess-name">LOC?</b> both, and they differ</span> <span class="entity right"><b class="name right-name">PER ✓</b> predicted as it is</span></p>
<div id="list" tabindex="0" role="region" aria-label="List of sentences"><ol></ol></div>
${backToContents}
</section>
`;
}

function keysDialog(): Markup {
  const keys = [
    ['/', 'search'],
    ['j or ↓', 'next sentence (the arrow in the list)'],
    ['k or ↑', 'sentence before'],
    ['Esc', 'in the search: clear the search'],
    ['Esc Esc', 'or Esc elsewhere: clear the filters'],
    ['?', 'show this'],
  ] as const;
  return html`<dialog id="keys" aria-labelledby="keys-head">
<h2 id="keys-head" class="keys-title">Keys</h2>
<dl>${keys.map(([key, what]) => html`<div><dt class="key"><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
<form method="dialog"><button>Close</button></form>
</dialog>
`;
}

/** What the script reads. Row sets without words have no sentences to show. */
function dataOf({ name, labels, stages }: ReportContent): Content {
  const shown = stages.flatMap(stage =>
    stage.rows.flatMap(rows => (rows.sentences === null ? [] : [{ stage, rows, sentences: rows.sentences }])),
  );
  const data: PageData = {
    name: name.replace(/[^\p{L}\p{N}._-]+/gu, '-'),
    labels,
    sets: shown.map(({ stage, rows, sentences }) => ({
      stage: stage.name,
      ...{ model: rows.model, rows: rows.rows, lang: langOf(rows) },
      title: headingOf(rows),
      htmlLang: rows.lang === null ? null : htmlLanguage(rows.lang),
      sentences: sentences.length,
      knowsSeen: stage.knowsSeen,
    })),
  };
  return [jsonScript('report-data', data), ...shown.map(({ sentences }, i) => jsonScript(`rows-${i}`, sentences))];
}

/** A file that `npm run build` makes of src/reporting/page. */
function pageFile(name: string): string {
  return readFileSync(`${packageRoot}dist/page/${name}`, 'utf8').trim();
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
