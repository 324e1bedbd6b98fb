/** The arithmetic of a training step, counted from a checkpoint's config.json. A multiplication and an addition are two operations. */

/** The linear maps of a layer, O x I each; the classifier, a thousandth of them, is left out. */
export function linearMaps(config) {
  const { hidden_size: hidden, intermediate_size: wide, num_hidden_layers: layers } = config;
  return {
    layers,
    maps: [
      { name: 'query, key, value', inputs: hidden, outputs: 3 * hidden },
      { name: 'attention output', inputs: hidden, outputs: hidden },
      { name: 'intermediate', inputs: hidden, outputs: wide },
      { name: 'output', inputs: wide, outputs: hidden },
    ],
  };
}

/**
 * Operations of a step on rows of these lengths: 6 for each weight of a linear map and token (a product forward, two backward), and
 * 12 T^2 C a layer in attention (two products forward, four backward, of T x T x C).
 */
export function stepOperations(config, lengths) {
  const { layers, maps } = linearMaps(config);
  const weights = layers * maps.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  return lengths.reduce(
    (sum, length) => sum + 6 * weights * length + 12 * layers * length ** 2 * config.hidden_size,
    0,
  );
}
