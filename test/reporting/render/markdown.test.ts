import { expect, it } from 'vitest';
import { markdownText, renderMarkdown } from '../../../src/reporting/render/markdown.js';
import { everyKind } from './every-kind.js';

it.each([
  ['a|b', 'a\\|b'],
  ['`code`', '\\`code\\`'],
  ['[text](javascript:alert(1))', '\\[text\\](javascript:alert(1))'],
  ['![x](https://evil.example/x.png)', '\\!\\[x\\](https\\://evil.example/x.png)'],
  ['<script>alert(1)</script>', '\\<script\\>alert(1)\\</script\\>'],
  ['&lt;b&gt;', '\\&lt;b\\&gt;'],
  ['**a** __b__ ~~c~~ $d$', '\\*\\*a\\*\\* \\_\\_b\\_\\_ \\~\\~c\\~\\~ \\$d\\$'],
  ['# head #1', '\\# head \\#1'],
  ['www.evil.example @someone', 'www\\.evil.example \\@someone'],
  ['a\\', 'a\\\\'],
  ['one\n\n# two\u001b', 'one\\<U+000A\\>\\<U+000A\\>\\# two\\<U+001B\\>'],
])('%j is read as it stands', (text, escaped) => expect(markdownText(text)).toBe(escaped));

it.each([
  'en → tr 250',
  '20,000',
  '0.6213',
  '–',
  'seqeval default mode, micro F1, test split',
  'FacebookAI/xlm-roberta-base',
])('leaves %s', text => expect(markdownText(text)).toBe(text));

it('is a section of a page, with what the format would take for its own escaped', () => {
  expect(renderMarkdown(everyKind(), { level: 2 })).toBe(
    [
      '## Every\\_kind \\& more',
      '',
      '- F1 is 100 % micro',
      '- a \\<b\\>fact\\</b\\>',
      '',
      '| system | rows | F1 | change | epochs | share | time | size | F1 of all |',
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
      '| one \\| a\\_b | 20,000 | 0.8300 ± 0.0123 | +0.0123 | 2.5 | 12.3% | 1 min 15 s | 1.5 kB | 0.8000 \\[0.7000, 0.9000\\] |',
      '| =two | 2 of 3 | 0.5000 | -0.5000 | 3 | 100.0% | failed | 10 B | – |',
      '| 三 | – | – | 0.0000 | – | – | – | – | 0.2500 |',
      '',
      'A \\*note\\*.',
      '',
      '`F1|seeds:3`',
      '',
    ].join('\n'),
  );
});
