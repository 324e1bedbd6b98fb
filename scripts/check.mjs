/** npm run check: format, lint and types of the whole repository. */
import { install, node } from './prepare.mjs';

install();
const lint = node(['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
const types = node(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
// What runs in a browser knows of the page, and the rest does not.
const page = node(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.page.json']);
process.exit([lint, types, page].every(({ status }) => status === 0) ? 0 : 1);
