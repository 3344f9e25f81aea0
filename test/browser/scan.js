// Mail scanners that bring a whole browser: each opens the link and lets scripts run, presses every button, follows every
// link and submits every form that it finds, past what the form says is required too, and goes on with what that led to.
// Forms without a person's proof are also filled in, with what machines fill in.
'use strict';

const DEPTH = 3, ACTS_MAX = 100, PRESSED = 'a[href], button, summary';

// What stands on a page that can be pressed or sent, each with what tells it from others: languages and tokens do not.
const find = pressed => ({
	kind: [location.pathname, ...[...document.querySelectorAll('[id]')].map(e => e.id)].join(' '),
	pressed: [...document.querySelectorAll(pressed)].map((e, n) => [n, `${e.localName} ${e.lang ? 'language' : e.id || e.innerText}`]),
	forms: [...document.forms].map((form, n) => [n, form.id, [...form.elements].some(e => e.name.startsWith('proof'))]),
});

const WAYS = {
	press: (n, pressed) => document.querySelectorAll(pressed)[n].click(),
	submit: n => document.forms[n].submit(),
	request: n => document.forms[n].requestSubmit(),
	fill: n => {
		for (const field of document.forms[n].elements) {
			if (['text', 'email', 'tel', 'number'].includes(field.type)) { field.value = '123'; }
			if (['checkbox', 'radio'].includes(field.type)) { field.checked = true; }
		}
		document.forms[n].submit();
	},
};

// Does it, and waits for what it asked for, if it asked for anything.
async function act(page, { way, n }) {
	const asks = page.waitForRequest(r => r.isNavigationRequest(), { timeout: 500 }).catch(() => null);
	await page.evaluate(`(${WAYS[way]})(${n}, ${JSON.stringify(PRESSED)})`).catch(() => {});
	const request = await asks;
	await (await request?.response().catch(() => null))?.finished().catch(() => {});
	await page.waitForLoadState('load').catch(() => {});
}

// What it led to may itself lead on, and be gone while it is read.
async function look(page) {
	for (;;) {
		try {
			return await page.evaluate(`(${find})(${JSON.stringify(PRESSED)})`);
		} catch (e) {
			if (page.isClosed() || !String(e).includes('context was destroyed')) {
				throw e;
			}
			await page.waitForLoadState('load');
		}
	}
}

async function walk(context, first) {
	const page = await context.newPage(), todo = [[]], seen = new Set(), done = { acts: 0, kinds: [], asked: {} };
	page.on('request', r => {
		const what = `${r.method()} ${new URL(r.url()).search.split('&')[0]}`;
		done.asked[what] = (done.asked[what] ?? 0) + 1;
	});
	while (todo.length && done.acts < ACTS_MAX) {
		const steps = todo.shift();
		await page.goto(first).catch(() => page.goto(first)); // the act before may still lead elsewhere
		for (const step of steps) {
			await act(page, step);
			done.acts++;
		}
		const { kind, pressed, forms } = await look(page);
		done.kinds.push(kind);
		if (steps.length >= DEPTH) {
			continue;
		}
		const fresh = what => !seen.has(what) && seen.add(what);
		for (const [n, name] of pressed.filter(([, name]) => fresh(name))) {
			todo.push([...steps, { way: 'press', n }]);
		}
		for (const [n, , has_proof] of forms.filter(([, id]) => fresh(`form ${id}`))) {
			todo.push(...['submit', 'request', ...(has_proof ? [] : ['fill'])].map(way => [...steps, { way, n }]));
		}
	}
	return done;
}

exports.scan = async (browser, order) => {
	const contexts = await Promise.all(Array.from({ length: order.count }, () => browser.newContext()));
	const done = await Promise.all(contexts.map(c => walk(c, order.url)));
	await Promise.all(contexts.map(c => c.close()));
	return done;
};
