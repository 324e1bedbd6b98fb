import type { ModelConfig } from '../checkpoint/config.js';
import type { TensorToWrite } from '../checkpoint/safetensors.js';
import { fillNormal } from '../system/random/normal.js';
import { parameterSpecs } from './encoder.js';
import type { ParameterSpec } from './parameter-group.js';

/** All parameters of a randomly initialised model, each made when it is written. */
export function initialTensors(config: ModelConfig, seed: number): TensorToWrite[] {
  return parameterSpecs(config).map(spec => ({
    name: spec.name,
    shape: spec.shape,
    data: () => initialValues(spec, config, seed),
  }));
}

/**
 * The values that a new parameter starts from, as transformers' `_init_weights` distributes them: weights from
 * N(0, initializer_range²), biases 0, LayerNorm 1 and 0, and the padding token's rows 0.
 *
 * The values depend only on the seed, the parameter's name and the place in it: the classifier that is made for a
 * checkpoint without one equals the classifier of a whole model made with that seed.
 */
export function initialValues(spec: ParameterSpec, config: ModelConfig, seed: number): Float32Array {
  const values = new Float32Array(spec.shape.reduce((product, size) => product * size, 1));
  switch (spec.init) {
    case 'zeros':
      break;
    case 'ones':
      values.fill(1);
      break;
    case 'normal':
      fillNormal(values, seed, spec.name, config.initializerRange);
      break;
    case 'normal but padding': {
      const [, width] = spec.shape as [number, number];
      fillNormal(values, seed, spec.name, config.initializerRange);
      if (config.padId !== null) values.fill(0, config.padId * width, (config.padId + 1) * width);
      break;
    }
  }
  return values;
}
