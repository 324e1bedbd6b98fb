/** npm test: set up what is missing, then run the tests; `npm test -- <vitest's arguments>`. `--slow` runs the slow ones. */
import { become, build, provision } from './prepare.mjs';

const args = process.argv.slice(2);
const slow = args[0] === '--slow';
build();
provision();
become([
  'node_modules/vitest/vitest.mjs',
  'run',
  ...(slow ? ['--config', 'vitest.slow.config.ts', ...args.slice(1)] : args),
]);
