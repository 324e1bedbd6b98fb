import { visible } from '../system/visible.js';

/** A hub id whole; of a path the last two folders, so that a picture does not depend on where the model lies. Of several with commas between each. */
export function shortModelName(model: string): string {
  const names = visible(model)
    .split(', ')
    .map(name => name.split(/[\\/]/).filter(Boolean).slice(-2).join('/'));
  const name = names.join(', ');
  return name.length > 56 ? `…${name.slice(-55)}` : name;
}
