import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The runs of each file of tests are noted in a store of their own: no test finds what another has trained. */
process.env.PANX_STORE = join(mkdtempSync(join(tmpdir(), 'panx-store-')), 'store');
