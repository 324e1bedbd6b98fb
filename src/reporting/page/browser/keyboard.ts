import { byId } from './elements.js';

/**
 * `/` goes to the search, `j` and `k` (or the arrows in the list) step, `?` tells of these. Escape clears all filters; in the search, where
 * something stands in it, that alone.
 */
export function listenToKeys({
  step,
  clearSearch,
  clear,
}: {
  step(by: number): void;
  clearSearch(): void;
  clear(): void;
}): void {
  const search = byId<HTMLInputElement>('filter-search');
  const help = byId<HTMLDialogElement>('keys');
  const list = byId('list');
  const showHelp = () => (help.open ? help.close() : help.showModal());
  byId('keys-button').addEventListener('click', showHelp);
  byId('clear').addEventListener('click', clear);
  const leave = () => {
    clear();
    search.blur();
  };
  const goToSearch = () => {
    search.scrollIntoView({ block: 'nearest' });
    search.focus();
    search.select();
  };
  const actionOf = (key: string, target: HTMLElement): (() => void) | null => {
    if (key === 'Escape' && target === search && search.value !== '') return clearSearch;
    if (key === 'Escape') return target.matches('select') ? null : leave;
    if (target.matches('input, select, textarea')) return key === 'Enter' && target === search ? () => step(1) : null;
    const inList = list.contains(target);
    if (key === '/') return goToSearch;
    if (key === '?') return showHelp;
    if (key === 'j' || (inList && key === 'ArrowDown')) return () => step(1);
    if (key === 'k' || (inList && key === 'ArrowUp')) return () => step(-1);
    return null;
  };
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (help.open) return; // It closes by Escape itself.
    const act = actionOf(event.key, event.target as HTMLElement);
    if (act === null) return;
    event.preventDefault();
    act();
  });
}
