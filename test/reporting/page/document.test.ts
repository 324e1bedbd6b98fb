import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { generatorTag, reportDocument } from '../../../src/reporting/page/document.js';
import { figureHtml } from '../../../src/reporting/page/figures.js';
import type { ReportContent } from '../../../src/reporting/page/report-content.js';
import { buildCli } from '../../built-cli.js';
import { contentOf, fixtureRows, hostileRows, manyRows } from './example-content.js';

let content: ReportContent;
let page: string;

beforeAll(async () => {
  buildCli(); // The page's script is in dist.
  content = await contentOf({ tr: fixtureRows, en: hostileRows, 'conll=de': manyRows(50) });
  page = reportDocument({ ...content, name: '<i>study</i>' });
});

it('answers first which errors cost most in each language', () => {
  const glance = page.slice(page.indexOf('Which errors cost most'), page.indexOf('Errors of '));
  expect(glance).toContain('<a href="#lang-tr">Turkish (tr)</a>');
  expect(glance).toContain('mending them would raise F1 from 0.300 to 0.600. They are 3: ORG 2, PER 1.');
  expect(glance).toContain('<a href="#lang-conll-de">German (conll=de)</a>');
});

it('has a table of kinds and types whose cells lead to their sentences', () => {
  const section = page.slice(page.indexOf('<section id="lang-tr"'), page.indexOf('<section id="lang-en"'));
  expect(section).toContain(
    '<td class="cost heat-4"><a href="#lang=tr&amp;stage=example%2Fstage-1&amp;kind=missed&amp;gold=PER">',
  );
  expect(section).toContain('kind=spurious&amp;predicted=ORG');
  expect(section).toContain('<th scope="row">boundary');
  expect(section).toContain('<dt>Words tagged wrongly most often</dt><dd>');
  expect(section).toContain('kind=error&amp;search=%22Abel%22"><bdi lang="tr">“Abel”</bdi> (1 of 1)</a>');
});

it('says what the diagonal of the confusion has, and what its words mean, with a way back from each section', () => {
  expect(page).toContain('is no entity. The diagonal includes entities with wrong bounds.');
  for (const word of ['stage', 'protocol', 'seed', 'default mode', 'n', 'label consistency', 'softmin score']) {
    expect(page).toContain(`<dt>${word}</dt><dd>`);
  }
  // Three languages, the sentences, and the words.
  expect(page.match(/<a href="#contents">Back to the contents<\/a>/g)).toHaveLength(5);
  expect(page.match(/id="contents"/g)).toHaveLength(1);
});

it('says where the stage is named which training it is, and why', () => {
  const choice = 'This is one training, seed 42, the first of 2 seeds.';
  const chosen = reportDocument({ ...content, choice });
  expect(chosen).toContain(`<p class="fact">Predictions of example/stage-1. ${choice}</p>`);
});

it('promises no numbers where there are none', () => {
  const bucket =
    /<img [^>]*alt="F1 by attribute of the entity\. The numbers are in the table below\."[^>]*>.*?<table>/s;
  expect(page).toMatch(bucket);
  const figure = figureHtml({
    caption: 'Loss of training after each epoch',
    numbers: null,
    svg: '<svg width="9" height="9"/>',
  });
  expect(figure.markup).toContain('alt="Loss of training after each epoch."');
});

it('is the same text for the same content', () => {
  expect(reportDocument({ ...content, name: '<i>study</i>' })).toBe(page);
});

it('allows its own script and style alone, and nothing from elsewhere', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll('&#39;', "'");
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
  const code = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
  expect(policy).toBe(
    `default-src 'none'; script-src ${hash(code)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`,
  );
  expect(page).not.toMatch(/\b(src|href)="(?!#|data:)/);
  expect(page).not.toMatch(/ (style|on\w+)="/);
  expect(style).not.toMatch(/url\(|@import/);
});

describe.each(['light', 'dark'])('the colours (%s)', scheme => {
  /** Text and its ground, wherever the style puts one on the other; and what must be seen beside its ground. */
  const texts = ['ink', 'faint', 'link'].flatMap(text => ['paper', 'raised'].map(ground => [text, ground]));
  const others = [
    ...['true-tint', 'guess-tint'].map(ground => ['ink', ground]),
    ...[1, 2, 3, 4, 5].flatMap(n => [`heat-ink`, `heat-link`].map(text => [text, `heat-${n}`])),
    ['true-ink', 'true'],
    ['guess', 'paper'],
  ];
  const marks = ['true', 'guess', 'focus', 'faint'].map(mark => [mark, 'paper']);

  it.each([...texts, ...others])('%s on %s can be read (WCAG AA)', (text, ground) => {
    expect(contrast(text!, ground!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(marks)('%s on %s can be seen', (mark, ground) => {
    expect(contrast(mark!, ground!)).toBeGreaterThanOrEqual(3);
  });

  /** WCAG 2.2, relative luminance and contrast ratio. */
  function contrast(one: string, other: string): number {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
    return (light + 0.05) / (dark + 0.05);
  }

  function luminance(name: string): number {
    const parts = page.split('@media (prefers-color-scheme: dark)');
    const color = new RegExp(`--${name}: #([0-9a-f]{6});`).exec(parts[scheme === 'dark' ? 1 : 0]!)![1]!;
    const [r, g, b] = [0, 2, 4].map(at => {
      const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
});

it('says who wrote it where it begins', () => {
  expect(page.slice(0, 400)).toContain(generatorTag);
});

it('holds nothing of the data as tags', () => {
  const tags = page.replaceAll(/<(style|script)[\s\S]*?<\/\1>/g, '').match(/<[^>]*>/g)!;
  expect(tags.filter(tag => /alert|onerror|onload|<b>x|<i>|<img src=x/.test(tag.replaceAll(/"[^"]*"/g, '""')))).toEqual(
    [],
  );
  expect(page.match(/<script/g)).toHaveLength(5);
  expect(page).toContain('<h1>&lt;i&gt;study&lt;/i&gt;</h1>');
  // What turns the direction of writing around is shown by its code point.
  expect(page.replaceAll(/<script type[\s\S]*?<\/script>/g, '')).not.toMatch(/[\u202a-\u202e]/);
});
