/** npm run build: src to dist; skipped where dist is of these sources already. */
import { build } from './prepare.mjs';

build();
