"""Scripts of tab "Review": its keys, and what the browser's tab remembers."""

from __future__ import annotations

STORE = """(key) => {
    try { key ? sessionStorage.setItem('review', key) : sessionStorage.removeItem('review'); } catch { }
}"""
REMEMBER = """
const chosen = () => [...document.querySelectorAll('[role=tab][aria-selected=true]')];
try {
    const isOpen = () => chosen().some((tab) => tab.textContent.trim() === 'Review');
    addEventListener('pagehide', () => sessionStorage.setItem('review-open', isOpen() ? 'open' : ''));
    const key = sessionStorage.getItem('review');
    const was = sessionStorage.getItem('review-open') ?? '';
    if (key) setTimeout(() => trigger('select', {picked: `${was}:${key}`}));
} catch { }
"""
KEYS = """
let waiting = 0;
const desk = () => element.querySelector('.desk');
const shown = () => element.isConnected && element.offsetParent !== null && desk();
const search = () => document.querySelector('#review-search textarea, #review-search input');
const results = () => [...document.querySelectorAll('#review-found [data-decide]')];
const alike = () => [...element.querySelectorAll('.alike[aria-pressed="true"]')];
const decide = (button, all) => {
    if (performance.now() < waiting) return;  // the next card is not here yet: a key may not decide what nobody saw
    const value = JSON.parse(button.dataset.decide);
    if (all || button.dataset.group) {
        value.others = Object.fromEntries(alike().map((one) => [one.dataset.product, Number(one.dataset.version)]));
    }
    value.look = desk()?.dataset.look === 'look';
    waiting = performance.now() + 5000;
    search()?.blur();
    trigger('select', {picked: JSON.stringify(value)});
};
new MutationObserver(() => { waiting = 0; }).observe(element, {childList: true, subtree: true});
element.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.key === '/') search()?.focus();
    else if (button.dataset.decide) decide(button, event.shiftKey);
    else if (button.classList.contains('alike')) {
        button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
    }
});
const found = (event) => {
    const button = event.target.closest?.('#review-found [data-decide]');
    if (button && shown()) decide(button, event.shiftKey);
};
const move = (event, step) => {
    const all = results();
    const place = all.indexOf(document.activeElement) + step;
    event.preventDefault();
    (place < 0 ? search() : all[Math.min(place, all.length - 1)])?.focus();
};
const press = (event) => {
    if (!element.isConnected) return document.removeEventListener('keydown', press, true);
    if (!shown() || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const inSearch = event.target === search(), inFound = event.target.closest?.('#review-found');
    if (inSearch || inFound) {
        if (event.key === 'Escape') { search().blur(); event.target.blur(); }
        else if (event.key === 'ArrowDown') move(event, 1);
        else if (event.key === 'ArrowUp') move(event, -1);
        else if (event.key === 'Enter' && inSearch && results().length) {
            event.preventDefault();
            event.stopPropagation();
            decide(results()[0], event.shiftKey);
        }
        return;
    }
    if (event.target.matches?.('input, textarea, select, [contenteditable], [role=listbox], [role=slider]')) return;
    const digit = event.code.match(/^(?:Digit|Numpad)([1-5])$/)?.[1];
    const key = digit ?? event.key.toLowerCase();
    const button = element.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!button) return;
    event.preventDefault();
    if (key === '/') search()?.focus();
    else decide(button, Boolean(digit) && event.shiftKey);
};
document.addEventListener('keydown', press, true);
document.addEventListener('click', found, true);
"""
"""Each key presses the button that shows it; with Shift, a number, or Enter in the search, is for all alike."""
