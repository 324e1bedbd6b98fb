import { createRequire } from 'node:module';

/** The YAML library, loaded when something must be parsed or quoted: it takes 25 ms, and few commands need it. */
export function yaml(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml') as typeof import('yaml');
}
