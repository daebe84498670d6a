"""Scripts by which an answer on the page says what it is for: gray once the input changed, bright when it is of it.

An answer is fresh if nothing was edited since it was asked for. Counters and marks are attributes of the element
#answers, which Gradio does not touch; space.css grays what is inside of it.
"""

from __future__ import annotations

ANSWERED = """() => {
    const box = document.getElementById('answers');
    box.dataset.asked ||= 0;
    if (box.dataset.asked === (box.dataset.edits || '0')) delete box.dataset.stale;
}"""
"""To run when the answer is there."""

WATCH_FORM = """
const box = document.getElementById('answers');
const form = document.getElementById('listing');
const edited = () => {
    box.dataset.edits = 1 + Number(box.dataset.edits || 0);
    box.dataset.stale = '';
};
const asked = () => {
    box.dataset.asked = box.dataset.edits || 0;
    box.dataset.stale = '';
};
form.addEventListener('input', (event) => { if (event.target.type !== 'radio') edited(); }, true);
form.addEventListener('drop', edited, true);
form.addEventListener('click', (event) => {
    if (event.target.closest('.image-container .icon-button-wrapper')) edited();  // its only button clears the photo
}, true);
form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target.tagName === 'INPUT') asked();
}, true);
box.closest('.tabitem').addEventListener('click', (event) => {
    if (event.target.closest('#listing button.primary, .examples .gallery-item')) asked();
}, true);
"""
"""Script of a component that is always there: notes edits of #listing, and when an answer is asked for.

It listens itself, since Gradio runs the scripts of its events only after those of the server. A radio button asks again
by itself, so it is no edit. If no answer comes, the old one stays gray.
"""

NEXT_STEPS = """
async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
    } catch {  // no permission, or no secure connection
        const field = Object.assign(document.createElement('textarea'), {value: text});
        document.body.append(field);
        field.select();
        document.execCommand('copy');
        field.remove();
    }
}
element.addEventListener('click', async (event) => {
    const button = event.target.closest('button.step');
    if (!button) return;
    const product = {example: button.dataset.example ?? null, near: button.dataset.near ?? null};
    if (['accept', 'correct', 'galaxy', 'similar'].includes(button.dataset.event)) {
        trigger(button.dataset.event, product);
    } else if (button.dataset.copy) {
        await copy(button.dataset.copy);
        button.dataset.done = 'Copied';
        setTimeout(() => delete button.dataset.done, 1500);
    }
});
"""
"""Script of the answer's component: copies, and triggers the events that its buttons name."""
