/** npm run check: format, lint and types of the whole repository. */
import { install, node } from './prepare.mjs';

install();
const lint = node(['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
const types = node(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
process.exit(lint.status === 0 && types.status === 0 ? 0 : 1);
