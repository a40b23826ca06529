/**
 * What the tests take from `@jest/globals`, over Mocha. Mocha keeps the modules that it has loaded, so that a mutant costs
 * the run of its tests alone; jest would load all of them anew for each mutant.
 */
const Module = require("node:module");
// Jest itself brings these four.
const { bind } = require("jest-each");
const { ModuleMocker } = require("jest-mock");
const { ModernFakeTimers } = require("@jest/fake-timers");
const { expect } = require("expect");

/** A bound for what waits without end. */
const TIMEOUT_MS = process.env.MUTATION_AZURITE ? 6_000 : 3_000;
const { setTimeout, clearTimeout } = globalThis;
/** Modules in place of others, by name. */
const mocked = new Map();
const mocker = new ModuleMocker(globalThis);
const timers = new ModernFakeTimers({ config: { fakeTimers: {}, rootDir: "." }, global: globalThis });

const { _load } = Module;
Module._load = function (request, ...rest) {
	return mocked.get(request) ?? _load.call(this, request, ...rest);
};

const describe = withEach(globalThis.describe, (body) => body);
const it = withEach(globalThis.it, inTime);

module.exports = {
	expect,
	describe,
	it,
	test: it,
	beforeAll: (run) => globalThis.before(inTime(run)),
	afterAll: (run) => globalThis.after(inTime(run)),
	beforeEach: (run) => globalThis.beforeEach(inTime(run)),
	afterEach: (run) => globalThis.afterEach(inTime(run)),
	jest: {
		fn: (run) => mocker.fn(run),
		isolateModules,
		doMock: (name, make) => mocked.set(name, make()),
		replaceProperty: (...args) => mocker.replaceProperty(...args),
		spyOn: (...args) => mocker.spyOn(...args),
		restoreAllMocks: () => mocker.restoreAllMocks(),
		useFakeTimers: () => timers.useFakeTimers(),
		useRealTimers: () => timers.useRealTimers(),
		advanceTimersByTimeAsync: (ms) => timers.advanceTimersByTimeAsync(ms),
	},
};

/** Runs with modules that nobody else has. */
function isolateModules(run) {
	const loaded = { ...require.cache };
	for (const name of Object.keys(loaded)) if (!name.includes("node_modules")) delete require.cache[name];
	try {
		run();
	} finally {
		for (const name of Object.keys(require.cache)) delete require.cache[name];
		Object.assign(require.cache, loaded);
	}
}

function withEach(add, bounded) {
	const run = (title, body) => add(title, bounded(body));
	const skip = (title, body) => add.skip(title, body);
	return Object.assign(run, { each: bind(run, false), skip: Object.assign(skip, { each: bind(skip, false) }) });
}

function inTime(body) {
	return async () => {
		let timer;
		const late = new Promise((_, reject) => {
			timer = setTimeout(() => reject(new Error("it takes too long")), TIMEOUT_MS);
		});
		try {
			await Promise.race([body(), late]);
		} finally {
			clearTimeout(timer);
		}
	};
}
