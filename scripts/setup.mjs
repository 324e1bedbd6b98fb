/** npm run setup: everything that a fresh clone needs, and nothing run. */
import { build, provision } from './prepare.mjs';

build();
provision();
