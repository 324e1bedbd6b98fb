import type { PValue } from '../../evaluation/significance/p-value.js';
import type { ComparedRows } from '../../experiment/compare-subjects.js';
import type { ComparedSystems } from '../../reporting/comparison-table.js';

/** The document of docs/schemas/compare.json, less what identifies it. */
export function comparisonDocument(compared: readonly ComparedRows[], systems: ComparedSystems): object {
  const { names, seeds, split, settings } = systems;
  return {
    systems: names,
    seeds,
    split,
    ...settings,
    level: 1 - settings.alpha,
    comparisons: compared.flatMap(({ rows, lang, sentences, unpredicted, pairs }) =>
      pairs.map(pair => ({
        ...{ rows, lang, sentences, a: names[pair.a], b: names[pair.b] },
        unpredicted: { a: unpredicted[pair.a]!, b: unpredicted[pair.b]! },
        f1: { a: pair.f1[0], b: pair.f1[1] },
        difference: pair.difference,
        interval: pair.interval,
        bootstrap: { bergKirkpatrick: pValue(pair.bergKirkpatrick), koehn: pValue(pair.koehn) },
        randomization: pValue(pair.randomization),
        holm: pair.adjustedP,
        verdict: pair.verdict,
      })),
    ),
  };
}

function pValue({ p, count, trials, exact }: PValue): PValue {
  return { p, count, trials, exact };
}
