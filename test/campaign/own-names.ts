import type { Out } from './case.js';

/**
 * Whether panx itself makes a path of this name in a folder of this kind. Whatever else lies there is somebody's, and
 * stays. A list of the campaign's own: what panx's source says must not decide what is expected of it.
 */
export function isOurs(path: string, as: Out['as']): boolean {
  // Left by a process that was ended: of a file of ours, or of a folder of ours with all that is in it.
  const whole = path.replace(/\.\d+-[0-9a-f]{8}\.tmp(\/.*)?$/, '');
  switch (as) {
    case 'run':
      return isInRun(whole);
    case 'sweep': {
      const [stage, ...rest] = whole.split('/');
      if (/^phase-(1-[a-z]{2,3}|2-[a-z]{2,3}|3\.\d+-[a-z]{2,3}-\d+)$/.test(stage!)) {
        return rest.length === 0 || isInRun(rest.join('/'));
      }
      return inSweep.some(pattern => pattern.test(whole));
    }
    case 'model':
      return inModel.some(pattern => pattern.test(whole)) || whole === '';
    case 'file':
    case 'cache-place':
      return true;
  }
}

function isInRun(path: string): boolean {
  const inCheckpoint = /^checkpoint\/(.*)$/.exec(path)?.[1];
  if (inCheckpoint !== undefined) return inModel.some(pattern => pattern.test(inCheckpoint));
  return inRun.some(pattern => pattern.test(path));
}

const inModel = [
  /^(panx|config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json$/,
  /^(merges\.txt|sentencepiece\.bpe\.model)$/,
  /^model(-\d+-of-\d+)?\.safetensors$/,
  /^model\.safetensors\.index\.json$/,
];

const inRun = [
  /^(panx|config|environment|identity|checksums|metrics|trace)\.json$/,
  /^(events|times)\.jsonl$/,
  /^checkpoint$/,
  /^checkpoint\.previous(\/|$)/,
  /^state$/,
  /^state\/step-\d{8}$/,
  /^state\/step-\d{8}\/(state\.json|model\.safetensors)$/,
  /^lock$/,
  /^lock\/holder\.json$/,
  /^$/,
];

const inSweep = [
  /^(panx|config|sweep)\.json$/,
  /^sweep\.(md|csv)$/,
  /^sweep-(scores|times)\.csv$/,
  /^(learning-curve|training-curves)\.(svg|png)$/,
  /^lock$/,
  /^lock\/holder\.json$/,
  /^$/,
];
