import type { ProtocolName } from '../config/schema.js';

/** A protocol's name and what it means. */
export function protocolText(protocol: ProtocolName): string {
  switch (protocol) {
    case 'cumulative':
      return 'cumulative: each stage continues from the one before';
    case 'from-source':
      return 'from-source: each stage continues from the source-only model';
    case 'target-only':
      return 'target-only: each stage trains the model on the target alone';
    case 'joint':
      return 'joint: each stage trains the model on source and target together';
    case 'target-then-source':
      return 'target-then-source: the target first, then the source';
    case 'zero-shot':
      return 'zero-shot: no row of a language that is scored and not trained on was seen';
    case 'mixtures':
      return 'mixtures: each set of languages, scored on every language';
  }
}
