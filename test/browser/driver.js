// A real Chromium for stories in Python: reads one JSON object a line, {"id", "do", …}, and answers each with {"id", "got"}
// or {"id", "failed"}. It knows no story; it opens, types, presses and looks, and judges each page it looks at.
//
//     start    a browser: home (whose NSS database says whom to trust), origin that may be asked, further arguments
//     person   a context with one page: options of Playwright's newContext, and right_to_left, spaced
//     goto, fill, press, key, save, look, tree, evaluate, leave …   of one person
//     scan     what mail scanners with a whole browser do: several at once, everything is clicked and submitted
'use strict';
const fs = require('fs');
const readline = require('readline');
const { chromium, devices } = require('playwright-core');
const { scan } = require('./scan.js');

const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE_MS = 60000; // a machine with two slow cores and sanitizers everywhere
const ARGUMENTS = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
	'--disable-sync', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost'];

let browser, origin;
const people = new Map();

async function start(order) {
	origin = order.origin;
	const launch = chromiumSandbox => chromium.launch({ chromiumSandbox, executablePath: order.program,
		args: [...ARGUMENTS, ...(order.arguments ?? [])], env: { ...process.env, HOME: order.home } });
	// With a sandbox it runs neither as root nor where user namespaces are forbidden.
	browser = process.getuid() === 0 ? await launch(false) : await launch(true).catch(() => launch(false));
	return browser.version();
}

// As if it were read from right to left, though there is no such translation yet: letters of such a script, for a picture.
function mirror() {
	const letters = 'אבגדהוזחטיכלמנסעפצקרשתאבגד', texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	document.documentElement.dir = 'rtl';
	window.plain = [];
	while (texts.nextNode()) {
		const text = texts.currentNode;
		if (!text.parentElement.closest('bdi, data')) {
			window.plain.push([text, text.data]);
			text.data = text.data.replace(/[a-z]/gi, c => letters[c.toLowerCase().charCodeAt(0) - 97]);
		}
	}
}

const unmirror = () => window.plain.forEach(([text, data]) => { text.data = data; });

async function person(order) {
	const phone = devices['Pixel 7'];
	const { right_to_left, spaced, ...options } = order.options;
	const context = await browser.newContext({
		userAgent: phone.userAgent, viewport: { width: 412, height: 839 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1,
		locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options,
	});
	context.setDefaultTimeout(PATIENCE_MS);
	const one = { context, page: await context.newPage(), asked: [], problems: [], right_to_left, spaced,
		script: options.javaScriptEnabled !== false, forcedColors: options.forcedColors };
	context.on('request', r => one.asked.push(r.url()));
	context.on('requestfailed', r => r.failure() && one.problems.push(`${r.url()}: ${r.failure().errorText}`));
	context.on('weberror', e => one.problems.push(String(e.error())));
	context.on('console', m => m.type() === 'error' && one.problems.push(m.text()));
	people.set(order.person, one);
}

// A control as people call it, and as a screen reader does: by its role and name.
function control(one, name) {
	const exact = { name, exact: true };
	return one.page.getByRole('button', exact).or(one.page.getByRole('link', exact));
}

// The status of what an act leads to.
async function led(one, act) {
	const answered = one.page.waitForResponse(r => r.request().isNavigationRequest() && r.status() !== 303);
	await act();
	const status = (await answered).status();
	await one.page.waitForLoadState();
	return status;
}

function press(one, order) {
	const it = control(one, order.name);
	return led(one, () => it.click()); // with a finger where there is one
}

async function save(one, order) {
	const begun = one.page.waitForEvent('download');
	await control(one, order.name).click();
	const download = await begun;
	await download.saveAs(order.as);
	return download.suggestedFilename();
}

// What eyes and rules find wrong with a page: text that runs out of it, controls too small to hit, all that axe knows.
async function judge(one) {
	const wrong = await one.page.evaluate(() => {
		const root = document.documentElement, found = [];
		if (root.scrollWidth > root.clientWidth) {
			found.push(`wider than the screen: ${root.scrollWidth} > ${root.clientWidth}`);
		}
		for (const e of document.querySelectorAll('body *')) {
			if (e.clientWidth && e.scrollWidth > e.clientWidth + 1 && e.tagName !== 'INPUT' && getComputedStyle(e).display !== 'inline') {
				found.push(`cut off: ${e.outerHTML.slice(0, 120)}`);
			}
		}
		for (const e of document.querySelectorAll('h1, h2, label, button, .button, .verified')) {
			const texts = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
			while (texts.nextNode()) {
				for (const { 0: word, index } of texts.currentNode.data.matchAll(/\p{L}+/gu)) {
					const range = document.createRange();
					range.setStart(texts.currentNode, index);
					range.setEnd(texts.currentNode, index + word.length);
					if (!e.querySelector('bdi') && new Set([...range.getClientRects()].map(r => r.top)).size > 1) {
						found.push(`a broken word: ${word}`);
					}
				}
			}
		}
		for (const e of document.querySelectorAll('button, .button, input:not([type=hidden])')) {
			const box = e.getBoundingClientRect();
			if (box.width < 24 || box.height < 24) {
				found.push(`too small: ${e.outerHTML.slice(0, 120)}`);
			}
		}
		return found;
	});
	if (!one.script) {
		return wrong; // axe is a script; what it reads is the same page
	}
	await one.page.evaluate(AXE);
	const judged = await one.page.evaluate(() => axe.run(document, { resultTypes: ['violations'],
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
	return wrong.concat(judged.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${v.help}: ${n.html.slice(0, 160)} ${n.failureSummary}`)));
}

// As wide as readers may have it (WCAG 1.4.12).
function space() {
	for (const e of document.querySelectorAll('body, body *')) {
		Object.assign(e.style, { lineHeight: '1.5', letterSpacing: '.12em', wordSpacing: '.16em' });
		if (e.localName === 'p') { e.style.marginBlockEnd = '2em'; }
	}
}

async function look(one, order) {
	if (one.spaced) {
		await one.page.evaluate(space);
	}
	if (one.forcedColors) { // Chromium forgets it on the way to another page
		await one.page.emulateMedia({ forcedColors: 'none' });
		await one.page.emulateMedia({ forcedColors: one.forcedColors });
	}
	const text = await one.page.locator('body').innerText();
	if (one.right_to_left) {
		await one.page.evaluate(mirror);
	}
	await one.page.screenshot({ path: order.as, fullPage: true });
	const wrong = await judge(one);
	if (one.right_to_left) {
		await one.page.evaluate(unmirror);
	}
	return { text, wrong };
}

// The tree that Chromium hands to screen readers.
async function tree(one) {
	const session = await one.context.newCDPSession(one.page);
	const { nodes } = await session.send('Accessibility.getFullAXTree');
	return nodes.filter(n => !n.ignored && !['none', 'generic', 'InlineTextBox', 'StaticText'].includes(n.role.value)).map(n => ({
		role: n.role.value, name: n.name?.value ?? '', description: n.description?.value ?? '',
		...Object.fromEntries((n.properties ?? []).map(p => [p.name, p.value.value])) }));
}

async function leave(one, order) {
	people.delete(order.person);
	await one.context.close();
	return { strange: one.asked.filter(url => !url.startsWith(origin + '/') && !url.startsWith('data:') && !url.startsWith('chrome')),
		asked: one.asked.length, problems: one.problems };
}

const DEEDS = {
	start, person, press, save, look, tree, leave,
	scan: order => scan(browser, order),
	go: (one, order) => led(one, () => one.page.keyboard.press(order.key)),
	picture: (one, order) => one.page.screenshot({ path: order.as }),
	goto: async (one, order) => (await one.page.goto(order.url)).status(),
	fill: (one, order) => one.page.getByLabel(order.name, { exact: true }).fill(order.with),
	key: async (one, order) => { for (const k of order.keys) { await one.page.keyboard.press(k); } },
	type: (one, order) => one.page.keyboard.type(order.text),
	back: one => one.page.goBack(),
	evaluate: (one, order) => one.page.evaluate(order.code),
};

process.on('unhandledRejection', e => console.error('unhandled', e));

async function obey(line) {
	const order = JSON.parse(line);
	try {
		const deed = DEEDS[order.do], one = people.get(order.person);
		const got = await (one ? deed(one, order) : deed(order));
		console.log(JSON.stringify({ id: order.id, got: got ?? null }));
	} catch (e) {
		console.log(JSON.stringify({ id: order.id, failed: String(e) }));
	}
}

const orders = readline.createInterface({ input: process.stdin });
orders.on('line', obey);
orders.on('close', async () => { await browser?.close(); process.exit(0); });
