import { describe, expect, it } from 'vitest';
import { isOurs } from './own-names.js';

describe('names that panx makes', () => {
  it.each([
    ['run', 'metrics.json', true],
    ['run', 'checkpoint/model.safetensors', true],
    ['run', 'state/step-00000012/state.json', true],
    ['run', 'lock/holder.json', true],
    ['run', 'config.json.812-0a1b2c3d.tmp', true],
    ['run', 'checkpoint.812-0a1b2c3d.tmp/config.json', true],
    ['run', 'notes.txt', false],
    ['run', 'checkpoint/notes.txt', false],
    ['run', 'checkpoint/sub/config.json', false],
    ['run', 'state/a', false],
    ['run', 'thesis.812-0a1b2c3d.tmp', false],
    ['run', 'config.json.tmp', false],
    ['run', 'sweep.json', false],
    ['sweep', 'sweep.json', true],
    ['sweep', 'phase-3.1-tr-20/checkpoint/config.json', true],
    ['sweep', 'phase-3.1-tr-20/notes.txt', false],
    ['sweep', 'phase-9-mine/metrics.json', false],
    ['sweep', 'metrics.json', false],
    ['model', 'tokenizer.json', true],
    ['model', 'README.md', false],
    ['model', 'onnx/model.onnx', false],
  ] as const)('in a %s: %s, %s', (as, path, ours) => {
    expect(isOurs(path, as)).toBe(ours);
  });
});
