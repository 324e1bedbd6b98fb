/**
 * Put the modules of the command line into a few files: `node scripts/bundle.mjs DIST` reads DIST/cli.js and all that it imports, writes them to
 * DIST/program and makes DIST/cli.js the way there. Node.js reads and links 17 files (`panx predict`) sooner than 80. Packages stay where they are, and so
 * do the compiled modules, which programs import one by one (`panx/seqeval`, benchmarks, tests).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { rolldown } from 'rolldown';

const dist = process.argv[2];
const isOfPackage = id => !id.startsWith('.') && !isAbsolute(id);
const program = await rolldown({ input: join(dist, 'cli.js'), platform: 'node', external: isOfPackage });
// One folder below DIST, as the modules are that find the package's files by their own place.
await program.write({ dir: join(dist, 'program'), format: 'esm', entryFileNames: 'cli.js' });
await program.close();
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const oldestNode = Number(/^>=(\d+)$/.exec(engines.node)[1]);
// Where a part cannot be loaded (a package is missing, too few open files are allowed, Node.js is too old), there is nothing yet that could say
// so: the sentences of src/system/ are in what is loaded. Node.js 12 can read this file.
const launcher = readFileSync(new URL('launcher.sh', import.meta.url), 'utf8');
writeFileSync(
  join(dist, 'cli.js'),
  `${launcher}const fail = (sentence, hint) => {
  console.error('panx: ' + sentence + '.' + (hint === '' ? '' : '\\n  ' + hint));
  process.exitCode = 1;
};
if (Number(process.versions.node.split('.')[0]) < ${oldestNode}) {
  const which = process.versions.node + ' (' + process.execPath + ')';
  fail('panx needs Node.js ${oldestNode} or newer, and this is ' + which, 'Install a newer one (https://nodejs.org), or put its folder first in PATH.');
} else {
  import('./program/cli.js').catch(error => {
    const isLimit = error.code === 'EMFILE' || /^EMFILE/.test(error.message);
    const why = isLimit ? 'this process has as many files open as it may' : String(error.message).split('\\n')[0];
    fail('The program cannot be loaded: ' + why, isLimit ? 'Allow this process more open files: ulimit -n 1024' : '');
  });
}
`,
);
