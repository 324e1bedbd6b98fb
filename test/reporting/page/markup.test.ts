import { expect, it } from 'vitest';
import { html, jsonScript, script } from '../../../src/reporting/page/markup.js';
import { hostileWords } from './example-content.js';

it('escapes values, and shows by code points what acts without being seen', () => {
  expect(html`<p title="${'"<&>\''}">${'\u202E<b>\u0000'}</p>`.markup).toBe(
    '<p title="&quot;&lt;&amp;&gt;&#39;">&lt;U+202E&gt;&lt;b&gt;&lt;U+0000&gt;</p>',
  );
});

it('takes markup as it is, lists one after the other, and null as nothing', () => {
  const items = ['<a>', '<b>'].map(text => html`<li>${text}</li>`);
  expect(html`<ul>${items}${null}${[1, null, 'x']}</ul>`.markup).toBe(
    '<ul><li>&lt;a&gt;</li><li>&lt;b&gt;</li>1x</ul>',
  );
});

it('writes JSON that can end no element, and reads back as it was', () => {
  const { markup } = jsonScript('data', hostileWords);
  const content = markup.replace(/^<script type="application\/json" id="data">/, '').replace(/<\/script>\n$/, '');
  expect(content).not.toContain('<');
  expect(JSON.parse(content)).toEqual(hostileWords);
});

it('writes no script that would end before its end', () => {
  expect(() => script('const a = "</ScRipt>";')).toThrow('before its end');
  expect(() => script('const a = "<!-- <script>";')).toThrow('before its end');
});
