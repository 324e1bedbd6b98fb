/** npm run demo: set up what is missing, then the English-to-Turkish curriculum on the embedded sample. */
import { become, build, provision } from './prepare.mjs';

build();
provision();
const study = ['run', 'configs/studies/en-tr-demo.yaml', '--sample'];
become(['dist/cli.js', ...study, ...process.argv.slice(2)]);
