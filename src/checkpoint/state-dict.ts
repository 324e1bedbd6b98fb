import { PanxError } from '../errors.js';
import { type PickleValue, TensorRef } from './pickle-values.js';
import { wordTable } from './tensor-names.js';

type Dictionary = Map<string, PickleValue>;

/** A dictionary inside another, and the names that lead to it. */
interface Member {
  names: string[];
  weights: Dictionary;
}

/**
 * The weights of a checkpoint of a training program, which has them under a name of their own, beside the state of its optimizer: whichever
 * dictionary has a word table in it, the outermost one, and of several the one of a usual name. Where none has, one of such a name that holds tensors;
 * else the whole.
 *
 * @param path for messages
 * @returns `beside`: what else is there, by name
 * @throws PanxError where it cannot be told which of several is meant
 */
export function stateDict(path: string, whole: Dictionary): { weights: Dictionary; beside: string[] } {
  const candidates = membersOf(whole);
  const named = candidates.filter(({ names }) => names.some(isUsual));
  const [inside, second] = named.length > 0 ? named : candidates;
  if (inside === undefined || inside.weights === whole) return { weights: whole, beside: [] };
  if (second !== undefined) {
    const [one, other] = [inside, second].map(({ names }) => names.join('.'));
    throw new PanxError(`${path} holds weights under ${one} and ${other}; expected one of them.`, {
      hint: 'Save the one that is meant by itself.',
    });
  }
  return { weights: inside.weights, beside: [...whole.keys()].filter(name => name !== inside.names[0]) };
}

/** PyTorch Lightning; what the tutorials of PyTorch and many programs write; DeepSpeed. */
function isUsual(name: string): boolean {
  return ['state_dict', 'model_state_dict', 'model', 'module'].includes(name);
}

/** Dictionaries inside one another that are looked into. */
const deepest = 4;

function membersOf(whole: Dictionary): Member[] {
  // A dictionary may stand in several places, and in itself.
  const seen = new Set<Dictionary>([whole]);
  let level: Member[] = [{ names: [], weights: whole }];
  for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
    const found = level.filter(({ weights }) => [...weights.keys()].some(name => name.endsWith(wordTable)));
    if (found.length > 0) return found;
    level = level.flatMap(({ names, weights }) =>
      [...weights].flatMap(([name, one]): Member[] => {
        if (!(one instanceof Map) || seen.has(one)) return [];
        seen.add(one);
        return [{ names: [...names, name], weights: one }];
      }),
    );
  }
  if (hasTensor(whole)) return [];
  return [...whole].flatMap(([name, one]): Member[] =>
    one instanceof Map && isUsual(name) && hasTensor(one) ? [{ names: [name], weights: one }] : [],
  );
}

function hasTensor(weights: Dictionary): boolean {
  return [...weights.values()].some(one => one instanceof TensorRef);
}
