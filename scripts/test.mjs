/**
 * npm test: set up what is missing, then run the tests; `npm test -- <vitest's arguments>`. `--slow` runs the slow ones, and
 * takes what the campaign (test/campaign) is to do: `npm run test:slow -- campaign --seed 7 --count 200`.
 */
import { become, build, provision } from './prepare.mjs';

const args = process.argv.slice(2);
const slow = args[0] === '--slow';
build();
provision();
become([
  'node_modules/vitest/vitest.mjs',
  'run',
  ...(slow ? ['--config', 'vitest.slow.config.ts', ...withoutCampaign(args.slice(1))] : args),
]);

/** vitest knows nothing of these: they reach the campaign as variables. */
function withoutCampaign(words) {
  const kept = [];
  for (let i = 0; i < words.length; i++) {
    const [, name, value] = /^--(seed|count|family|case|workers)(?:=(.*))?$/.exec(words[i]) ?? [];
    if (name === undefined) kept.push(words[i]);
    else process.env[`PANX_CAMPAIGN_${name.toUpperCase()}`] = value ?? words[++i] ?? '';
  }
  return kept;
}
