import { expect, test } from 'vitest';
import { parseModelConfig } from '../../src/checkpoint/config.js';
import { parameterSpecs } from '../../src/model/encoder.js';
import { initialTensors, initialValues } from '../../src/model/initialise.js';
import { exampleConfig } from '../checkpoint/example.js';

const config = parseModelConfig('example', { ...exampleConfig, vocab_size: 3000, hidden_size: 64 });
const specs = parameterSpecs(config);

test('weights are normal with the deviation of the config, biases 0, LayerNorm 1 and 0', () => {
  for (const spec of specs) {
    const values = initialValues(spec, config, 42);
    expect(values.length).toBe(spec.shape.reduce((product, size) => product * size, 1));
    if (spec.decay) {
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
      // Four standard errors of the deviation of n normal values, and the rows that are 0.
      expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(4 / Math.sqrt(2 * values.length) + 0.03);
    } else {
      expect(new Set(values)).toEqual(new Set([spec.name.endsWith('LayerNorm.weight') ? 1 : 0]));
    }
  }
});

test('the rows of the padding token are 0 in the word and position tables, and only they', () => {
  for (const name of ['word', 'position', 'token_type']) {
    const spec = specs.find(one => one.name === `roberta.embeddings.${name}_embeddings.weight`)!;
    const values = initialValues(spec, config, 42);
    const zeroRows = Array.from({ length: spec.shape[0]! }, (_, row) => row).filter(row =>
      values.subarray(row * 64, row * 64 + 64).every(value => value === 0),
    );
    expect(zeroRows).toEqual(name === 'token_type' ? [] : [1]);
  }
});

test('a tensor depends on the seed and its name, and not on what else is drawn', async () => {
  const classifier = specs.find(spec => spec.name === 'classifier.weight')!;
  const alone = initialValues(classifier, config, 7);
  const whole = initialTensors(config, 7);
  expect(whole.map(({ name, shape }) => ({ name, shape }))).toEqual(specs.map(({ name, shape }) => ({ name, shape })));
  expect(await whole.find(tensor => tensor.name === 'classifier.weight')!.data()).toEqual(alone);
  expect(initialValues(classifier, config, 8)).not.toEqual(alone);
  const deeper = parseModelConfig('deeper', { ...config.raw, num_hidden_layers: 5 });
  expect(initialValues(classifier, deeper, 7)).toEqual(alone);
  const [query, key] = ['query', 'key'].map(part =>
    initialValues(specs.find(spec => spec.name.endsWith(`layer.0.attention.self.${part}.weight`))!, config, 7),
  );
  expect(query).not.toEqual(key);
});
