import type { SweepTable } from '../experiment/table.js';

/** A protocol's name and what it means. */
export function protocolText(protocol: SweepTable['protocol']): string {
  switch (protocol) {
    case 'cumulative':
      return 'cumulative: each stage continues from the one before';
    case 'from-source':
      return 'from-source: each stage continues from the source-only model';
  }
}
