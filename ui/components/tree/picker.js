const input = element.querySelector('input');
const chosen = element.querySelector('.chosen');
const open = element.querySelector('.branches');
const status = element.querySelector('[role=status]');
const single = element.querySelector('.tree-picker').dataset.single === 'yes';
const make = (name, attributes, text = '') => {
    const made = Object.assign(document.createElement(name), {textContent: text});
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
};
const paths = () => (Array.isArray(props.value) ? props.value : []);

function draw() {
    chosen.replaceChildren(...paths().map((path) => {
        const item = make('li', {});
        const remove = make('button', {type: 'button', 'aria-label': `Remove ${path}`}, '×');
        remove.addEventListener('click', () => set(paths().filter((other) => other !== path)));
        item.append(make('span', {}, path.replaceAll(' > ', ' › ')), remove);
        return item;
    }));
    for (const button of open.querySelectorAll('.take')) {
        button.setAttribute('aria-pressed', paths().includes(button.dataset.path));
    }
}

function set(wanted) {
    props.value = wanted;
    draw();
    trigger('picked');
}

function toggle(path) {
    const had = paths().includes(path);
    if (single) {
        set(had ? [] : [path]);
        if (!had) close();
    } else {
        set(had ? paths().filter((other) => other !== path) : [...paths(), path]);
    }
}

function row(branch, flat) {
    const item = make('li', {});
    const take = make('button', {type: 'button', class: 'take', 'data-path': branch.category,
        'aria-pressed': paths().includes(branch.category)});
    const above = flat ? branch.category.split(' > ').slice(0, -1).join(' › ') : '';
    take.append(make('b', {}, branch.name));
    if (branch.found) take.append(make('i', {}, branch.found));
    if (above) take.append(make('small', {}, above));
    take.addEventListener('click', () => toggle(branch.category));
    if (branch.opens) {
        const twig = make('button', {type: 'button', class: 'twig', 'aria-expanded': 'false',
            'aria-label': `Categories below ${branch.name}`});
        twig.addEventListener('click', async () => {
            const below = item.querySelector('ul');
            if (below) {
                below.remove();
            } else {
                const list = make('ul', {});
                list.append(...(await server.category_children(branch.category)).map((child) => row(child, false)));
                item.append(list);
            }
            twig.setAttribute('aria-expanded', String(!below));
        });
        item.append(twig);
    } else {
        item.append(make('span', {class: 'leaf'}));
    }
    item.append(take);
    return item;
}

let asked = 0;
async function show() {
    const text = input.value.trim();
    const mine = ++asked;
    const found = await (text ? server.find_categories(text) : server.category_children(''));
    if (mine !== asked) return;
    open.replaceChildren(...found.map((branch) => row(branch, Boolean(text))));
    open.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    status.textContent = text ? `${found.length} categories` : '';
}

function close() {
    asked++;
    open.hidden = true;
    input.value = '';
    input.setAttribute('aria-expanded', 'false');
    status.textContent = '';
}

let typing;
input.addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(show, 200); });
input.addEventListener('focus', () => { if (open.hidden) show(); });
element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !open.hidden) { close(); input.focus(); event.stopPropagation(); }
    if (event.key === 'Enter' && event.target === input) {
        event.preventDefault();
        open.querySelector('.take')?.click();
    }
});
element.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !element.contains(event.relatedTarget)) close();
});
document.addEventListener('pointerdown', (event) => { if (!element.contains(event.target) && !open.hidden) close(); });
watch('value', draw);
draw();
