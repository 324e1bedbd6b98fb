import type { Config } from '../../config/schema.js';
import { curriculumProtocol } from './curriculum.js';
import type { Protocol } from './stage.js';

/** The one switch between protocols: whatever else works on a study asks here. */
export function protocolOf({ study: { protocol } }: Pick<Config, 'study'>): Protocol {
  switch (protocol) {
    case 'cumulative':
    case 'from-source':
      return curriculumProtocol;
  }
}
