import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportDocument } from '../../../src/reporting/page/document.js';
import { pageSummary } from '../../../src/reporting/page/summary.js';
import { buildCli } from '../../built-cli.js';
import { exampleTable } from '../example.js';
import { type Browser, findChromium, launchChromium, type Tab } from './chromium.js';
import { contentOf, fixtureRows, hostileRows, hostileType, manyRows } from './example-content.js';

/** A table without a study behind it. */
const alone = (table: ReturnType<typeof exampleTable>) => ({ table, study: null, record: null });

const chromium = findChromium();
const axe = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

// Named so that who reads the output of the tests sees why nothing was tried.
describe.skipIf(chromium === null)(
  `the page in Chromium${chromium === null ? ' (there is none in the PATH)' : ''}`,
  () => {
    let browser: Browser;
    let file: string;
    let many: string;
    let phone: string;
    let tab: Tab;

    beforeAll(async () => {
      buildCli();
      const folder = mkdtempSync(join(tmpdir(), 'panx-page-'));
      const write = (name: string, text: string) => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      file = write('report.html', reportDocument(await contentOf({ tr: fixtureRows, en: hostileRows })));
      const summary = await pageSummary(alone(exampleTable()), undefined);
      phone = write('phone.html', reportDocument({ ...(await contentOf({ tr: fixtureRows })), summary }));
      many = write('many.html', reportDocument(await contentOf({ tr: manyRows(10_000) })));
      browser = await launchChromium(chromium!);
    });
    afterAll(async () => await browser.close());

    const count = () => tab.evaluate<string>(`document.getElementById('count').textContent`);
    const choose = (name: string, value: string) =>
      tab.evaluate(`(() => {
      const field = document.getElementById('filter-${name}');
      field.value = ${JSON.stringify(value)};
      field.dispatchEvent(new Event('${name === 'search' ? 'input' : 'change'}', { bubbles: true }));
    })()`);
    const shown = () =>
      tab.evaluate<string[]>(
        `[...document.querySelectorAll('.sentence')].map(one => one.innerText.replace(/\\s+/g, ' '))`,
      );
    /** Behind timers of the page, and what its observers do at the next frames, however busy the machine is. */
    const soon = (ms = 300) =>
      tab.evaluate(`new Promise(resolve => {
        const frames = () => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)));
        const look = () => (document.readyState === 'complete' ? setTimeout(frames, ${ms}) : setTimeout(look, 10));
        look();
      })`);

    it('opens from the disk, asks for nothing else, and has nothing to complain of', async () => {
      tab = await browser.open(file);
      expect(await tab.evaluate('document.title')).toBe('example: report of panx');
      await soon();
      // Of both languages, 4 of each.
      expect(await count()).toMatch(/^8 of 12 sentences have such an entity \(\d+ entities\)$/);
      expect(tab.requests).toEqual([]);
      expect(tab.messages).toEqual([]);
    });

    it('filters by kind, types, length and language', async () => {
      tab = await browser.open(file);
      await choose('lang', 'tr');
      await choose('kind', 'missed');
      expect(await count()).toBe('2 of 6 sentences have such an entity (2 entities)');
      expect(await shown()).toEqual([
        'tr row 3 LOC ✓ Oslo : PER Niels Henrik Abel missed Niels Henrik Abel is PER, nothing was predicted',
        expect.stringContaining('missed Bob is PER; it overlaps the prediction Ann Bob, which is paired with Ann'),
      ]);
      await choose('length', '3');
      expect(await count()).toBe('1 of 6 sentences has such an entity (1 entity)');
      await choose('length', '');
      await choose('kind', '');
      await choose('gold', 'LOC');
      await choose('predicted', 'ORG');
      expect(await count()).toBe('1 of 6 sentences has such an entity (1 entity)');
      await choose('gold', '');
      await choose('predicted', '');
      await choose('lang', '');
      expect(await count()).toBe('12 of 12 sentences');
    });

    it('searches, whatever case and accents, and says where nothing fits', async () => {
      tab = await browser.open(file);
      await choose('lang', 'tr');
      await choose('kind', '');
      await choose('search', 'BANK of');
      expect(await count()).toBe('1 of 6 sentences');
      const marks = () => tab.evaluate<string[]>(`[...document.querySelectorAll('mark')].map(one => one.textContent)`);
      // Through two entities, each piece by itself.
      expect(await marks()).toEqual(['Bank', 'of']);
      await choose('search', '"ban"');
      expect(await count()).toBe('None of 6 sentences fits. Clear the filters to see more.');
      await choose('search', '"oslo"');
      expect(await marks()).toEqual(['Oslo']);
      await choose('search', 'nowhere');
      expect(await count()).toBe('None of 6 sentences fits. Clear the filters to see more.');
      await choose('lang', 'en');
      await choose('search', 'istanbul');
      expect(await count()).toBe('1 of 6 sentences');
    });

    it('goes from a cell of the table to its sentences, again and again', async () => {
      tab = await browser.open(file);
      const click = () =>
        tab.evaluate(`document.querySelector('#lang-tr .costs a[href*="kind=boundary"][href*="gold=ORG"]').click()`);
      const top = () =>
        tab.evaluate<number>(`Math.abs(document.getElementById('sentences').getBoundingClientRect().top)`);
      await click();
      await soon();
      expect(await count()).toBe('2 of 6 sentences have such an entity (2 entities)');
      expect(await top()).toBeLessThan(400);
      expect(await tab.evaluate('location.hash')).toContain('kind=boundary');
      await tab.evaluate('scrollTo(0, 0)');
      await click();
      await soon();
      expect(await top()).toBeLessThan(400);
    });

    it('writes its filters into the address, and reads them from it', async () => {
      tab = await browser.open(file);
      await choose('lang', 'tr');
      await choose('kind', 'spurious');
      await choose('search', 'grace');
      await soon();
      expect(await tab.evaluate('location.hash')).toBe('#lang=tr&stage=example%2Fstage-1&kind=spurious&search=grace');
      await tab.evaluate(`location.hash = '#lang=en&kind=any&search=%D8%A7%D9%84%D9%82%D8%A7%D9%87%D8%B1%D8%A9'`);
      await soon();
      expect(await count()).toBe('1 of 6 sentences');
      expect(await tab.evaluate(`document.getElementById('filter-lang').value`)).toBe('en');
      const direction = `getComputedStyle(document.querySelector('.words')).direction`;
      expect(await tab.evaluate(direction)).toBe('rtl');
    });

    it('obeys the keyboard', async () => {
      tab = await browser.open(file);
      await choose('lang', 'tr');
      await choose('kind', 'missed');
      const focused = () => tab.evaluate<string>('document.activeElement.id + document.activeElement.className');
      await tab.press('/');
      expect(await focused()).toBe('filter-search');
      await tab.type('j');
      expect(await tab.evaluate(`document.getElementById('filter-search').value`)).toBe('j');
      await tab.press('Escape');
      const value = (name: string) => tab.evaluate<string>(`document.getElementById('filter-${name}').value`);
      expect([await value('search'), await value('kind'), await focused()]).toEqual(['', 'missed', 'filter-search']);
      await tab.press('Escape');
      expect([await value('kind'), await value('lang')]).toEqual(['error', 'tr']);
      expect(await focused()).not.toBe('filter-search');
      const current = () => tab.evaluate<string>(`document.querySelector('[aria-current]').innerText.split('\\n')[0]`);
      await tab.press('j');
      expect(await current()).toBe('tr row 1');
      await tab.press('j');
      expect(await current()).toBe('tr row 2');
      await tab.press('ArrowDown');
      expect(await current()).toBe('tr row 3');
      await tab.press('k');
      expect(await current()).toBe('tr row 2');
      expect(await focused()).toBe('sentence');
      await tab.press('?');
      expect(await tab.evaluate(`document.getElementById('keys').open`)).toBe(true);
      await tab.press('Escape');
      expect(await tab.evaluate(`document.getElementById('keys').open`)).toBe(false);
      expect(tab.messages).toEqual([]);
    });

    it('shows hostile words and types as text, and runs none of them', async () => {
      tab = await browser.open(file);
      await tab.evaluate(`window.alert = () => { window.alerted = true }`);
      await choose('lang', 'en');
      await choose('kind', '');
      await soon();
      const text = await tab.evaluate<string>(`document.querySelector('.sentence .words').textContent`);
      expect(text).toContain('</script><script>alert(1)</script>');
      expect(text).toContain('<U+202E>evil<U+202C>');
      expect(text).toContain('<U+001B>[31m');
      const all = await tab.evaluate<string>(`document.getElementById('sentences').innerText`);
      expect(all).not.toMatch(/[\u202a-\u202e]/);
      expect(await tab.evaluate(`[...document.getElementById('filter-gold').options].map(one => one.value)`)).toContain(
        hostileType,
      );
      await choose('gold', hostileType);
      expect(await count()).toMatch(/^1 of 6 sentences has such an entity \(\d entities\)$/);
      expect(await tab.evaluate('window.alerted === true')).toBe(false);
      expect(
        await tab.evaluate(
          `document.querySelectorAll('img:not([src^="data:image/svg+xml;base64,"]), svg, script:not([type])').length`,
        ),
      ).toBe(1);
      expect(tab.messages).toEqual([]);
    });

    it('saves what is shown in both formats', async () => {
      tab = await browser.open(file);
      await choose('lang', 'tr');
      await choose('kind', 'type');
      const saved = async (format: string, name: string) => {
        await tab.evaluate(`document.getElementById('save-${format}').click()`);
        const path = join(browser.downloads, name);
        for (let tries = 0; tries < 50 && !existsSync(path); tries++) await soon(100);
        const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
        return lines.map(line => JSON.parse(line));
      };
      const origin = { model: 'example/stage-1', rows: 'tr/test', lang: 'tr', row: 1 };
      expect(await saved('prodigy', 'example-prodigy.jsonl')).toEqual([
        expect.objectContaining({
          text: 'Bank of England , Paris',
          meta: expect.objectContaining(origin),
        }),
      ]);
      expect(await saved('jsonl', 'example-sentences.jsonl')).toEqual([
        expect.objectContaining({ ...origin, words: fixtureRows[1]!.words }),
      ]);
    });

    it('offers nothing to save where nothing fits', async () => {
      tab = await browser.open(file);
      const isOff = () =>
        tab.evaluate<boolean[]>(
          `['jsonl', 'prodigy'].map(format => document.getElementById('save-' + format).disabled)`,
        );
      await soon();
      expect(await isOff()).toEqual([false, false]);
      await choose('search', 'nowhere');
      expect(await isOff()).toEqual([true, true]);
      await choose('search', '');
      expect(await isOff()).toEqual([false, false]);
    });

    it('names an entity on each of its pieces', async () => {
      tab = await browser.open(file);
      await choose('lang', 'tr');
      await choose('search', 'ann bob');
      expect((await shown())[0]).toContain('PER PER? Ann PER …PER? Bob like ORG ORG? Acme …ORG ORG? Corp');
    });

    it('shows on a phone what kinds are, all types of a table and a score, and says what scrolls', async () => {
      tab = await browser.open(phone, { width: 360, height: 740 });
      await soon();
      const sizes = await tab.evaluate<Record<string, number>>(`(() => {
        const right = one => one.getBoundingClientRect().right;
        const costs = document.querySelector('.costs');
        return {
          costs: Math.max(...[...costs.querySelectorAll('td, th')].map(right)),
          meaning: costs.querySelector('.meaning').offsetHeight,
          score: right([...document.querySelectorAll('#results thead th')].find(one => one.textContent.includes('F1'))),
          scrolls: document.querySelectorAll('#results .scrolls table').length,
          costsScroll: document.querySelectorAll('.scrolls .costs').length,
        };
      })()`);
      expect(sizes.costs).toBeLessThanOrEqual(360);
      expect(sizes.meaning).toBeGreaterThan(0);
      expect(sizes.score).toBeLessThanOrEqual(360);
      expect([sizes.scrolls, sizes.costsScroll]).toEqual([1, 0]);
    });

    it('keeps 10,000 sentences fluent: few of them are in the page', async () => {
      tab = await browser.open(many);
      await choose('kind', '');
      await soon(2000); // Texts are made ready to be searched in.
      const took = async (name: string, value: string) =>
        await tab.evaluate<number>(`(() => {
        const field = document.getElementById('filter-${name}');
        const startedMs = performance.now();
        field.value = '${value}';
        field.dispatchEvent(new Event('${name === 'search' ? 'input' : 'change'}', { bubbles: true }));
        document.getElementById('list').offsetHeight;
        return performance.now() - startedMs;
      })()`);
      const times = [];
      for (const search of ['a', 'an', 'anka', '']) times.push(await took('search', search));
      for (const kind of ['missed', 'type', 'error', '']) times.push(await took('kind', kind));
      console.log(`filters and searches among 10,000 sentences: ${times.map(ms => ms.toFixed(0)).join(', ')} ms`);
      const nodes = `document.querySelectorAll('.sentence').length`;
      expect(await tab.evaluate<number>(nodes)).toBeLessThan(60);
      await tab.evaluate(
        `(() => { const list = document.getElementById('list'); list.scrollTop = list.scrollHeight })()`,
      );
      await soon();
      expect((await shown()).at(-1)).toMatch(/^tr row 9999 /);
      expect(await tab.evaluate<number>(nodes)).toBeLessThan(60);
      await tab.press('k');
      await soon();
      expect(await tab.evaluate(`document.querySelector('[aria-current]') !== null`)).toBe(true);
    });

    it('stays where one reads while heights are measured', async () => {
      tab = await browser.open(many);
      const gaps = await tab.evaluate<number[]>(`(async () => {
      const list = document.getElementById('list');
      const seen = [];
      for (let i = 0; i < 40; i++) {
        list.scrollTop += 350;
        await new Promise(resolve => setTimeout(resolve, 30));
        const rows = [...document.querySelectorAll('.sentence')].map(one => [one.offsetTop, one.offsetHeight]).sort((a, b) => a[0] - b[0]);
        for (let j = 1; j < rows.length; j++) seen.push(Math.abs(rows[j - 1][0] + rows[j - 1][1] - rows[j][0]));
      }
      return seen;
    })()`);
      expect(gaps.length).toBeGreaterThan(100);
      expect(Math.max(...gaps)).toBeLessThan(2);
    });

    it.each([
      [1280, false],
      [1280, true],
      [360, false],
      [360, true],
    ])('fits %i px (dark: %s), and axe finds nothing wrong with it', async (width, dark) => {
      tab = await browser.open(file, { width, height: 800, dark });
      await choose('lang', '');
      await choose('kind', '');
      await tab.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`);
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await tab.evaluate(readFileSync(axe, 'utf8'));
      const found = await tab.evaluate<{ id: string; nodes: string[] }[]>(`axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(one => one.failureSummary + one.html.slice(0, 200)).slice(0, 3) })))`);
      expect(found).toEqual([]);
    });
  },
);
