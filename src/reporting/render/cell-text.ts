import { formatBytes, formatCount, formatSeconds } from '../../system/console.js';
import { type Cell, type Column, isInterval, isSummary } from '../table.js';

/**
 * A cell as it is read: 0.8300, 0.8300 ± 0.0120, 0.8300 [0.8210, 0.8395], +0.0120, 20,000, 1 min 15 s. What is missing is an en dash.
 */
export function cellText(cell: Cell, column: Column): string {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return numberText(cell, column);
  if (isInterval(cell)) {
    const [value, low, high] = [cell.value, cell.low, cell.high].map(end => numberText(end, column));
    return `${value} [${low}, ${high}]`;
  }
  if (!isSummary(cell)) return cell satisfies never;
  const { mean, sd } = cell;
  if (mean === null) return '–';
  // Counts that are alike are one; of others the mean is no count.
  if (column.kind === 'count' && sd !== null && sd > 0)
    return `${formatNumber(mean, 1, 1)} ± ${formatNumber(sd, 1, 1)}`;
  if (column.kind === 'count') return numberText(mean, column);
  return sd === null ? numberText(mean, column) : `${numberText(mean, column)} ± ${deviationText(sd, column)}`;
}

/** A number alone, in the manner of its column. */
export function numberText(value: number, { kind, digits }: Column): string {
  switch (kind) {
    case 'text':
      return String(value);
    case 'count':
      return formatCount(value);
    case 'score':
      return value.toFixed(4);
    case 'difference':
      return signed(value.toFixed(4));
    case 'number':
      return digits === undefined ? formatNumber(Number(value.toFixed(2)), 0, 2) : formatNumber(value, digits, digits);
    case 'percent':
      return `${(100 * value).toFixed(1)}%`;
    case 'seconds':
      return formatSeconds(value);
    case 'bytes':
      return formatBytes(value);
  }
}

/** A standard deviation: that of differences has no sign. */
export function deviationText(sd: number, column: Column): string {
  return numberText(sd, column.kind === 'difference' ? { ...column, kind: 'score' } : column);
}

export function isToTheRight({ kind }: Column): boolean {
  return kind !== 'text';
}

/** What rounds to zero has no sign. */
function signed(text: string): string {
  if (Number(text) === 0) return text.replace('-', '');
  return text.startsWith('-') ? text : `+${text}`;
}

function formatNumber(value: number, least: number, most: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: least, maximumFractionDigits: most });
}
