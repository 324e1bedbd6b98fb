import { expect, it } from 'vitest';
import { markdownText } from '../../src/reporting/markdown.js';

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
