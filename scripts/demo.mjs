/** npm run demo: set up what is missing, then the English-to-Turkish curriculum on the embedded sample. */
import { become, build, provision } from './prepare.mjs';

build();
provision();
const sweep = ['sweep', '--sample', '--config', 'configs/demo.yaml', '--out', 'results/demo'];
become(['dist/cli.js', ...sweep, ...process.argv.slice(2)]);
