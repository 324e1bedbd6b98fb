import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of panx itself, with package.json, configs and sample; it ends with a slash. */
export const packageRoot = fileURLToPath(new URL('../../', import.meta.url));

/** What panx's own package.json says. */
export function readPackage(): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
}
