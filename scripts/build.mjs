/**
 * npm run build: src to dist; skipped where dist is of these sources already. With `--no-install` packages are taken as
 * they are: tests compile so, since others may be using node_modules.
 */
import { build, buildOnly } from './prepare.mjs';

if (process.argv.includes('--no-install')) buildOnly();
else build();
