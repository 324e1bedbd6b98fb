/**
 * Put the script of the page that `panx report` writes into one file: `node scripts/bundle-page.mjs DIST` reads src/reporting/page/browser and
 * writes DIST/page/report.js, and report.css beside it.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const dist = process.argv[2];
const source = 'src/reporting/page';
const page = await rolldown({ input: join(source, 'browser/main.ts'), platform: 'browser' });
mkdirSync(join(dist, 'page'), { recursive: true });
await page.write({ file: join(dist, 'page', 'report.js'), format: 'iife', comments: false });
await page.close();
copyFileSync(join(source, 'report.css'), join(dist, 'page', 'report.css'));
