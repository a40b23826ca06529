import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, expect, it } from "@jest/globals";

/** What a source file imports: the value imports bind rooms together, the type imports only let them agree. */
interface Source {
	/** Below src/, for example `event/read-event.ts`. */
	readonly file: string;
	readonly room: string;
	readonly text: string;
	readonly values: readonly string[];
	readonly types: readonly string[];
}

const src = join(import.meta.dirname, "../src");
const ROOMS = ["event", "route", "dispatch", "ledger"];
/** What is done with the rooms; wire.ts brings them together. */
const VERBS = ["accept", "deliver", "operate"];
/** What is never deployed. */
const AT_THE_DESK = ["local", "cli"];
const sources = readSources();

describe("the architecture", () => {
	it("finds the sources and their imports", () => {
		expect(sources.length).toBeGreaterThan(30);
		expect(sources.find(({ file }) => file === "bridge.ts")?.values).toContain("wire.ts");
	});

	it("lets rooms share nothing but types", () => {
		const sideways = sources
			.filter(({ room }) => ROOMS.includes(room))
			.flatMap(({ file, room, values }) =>
				values.filter((to) => to.includes("/") && roomOf(to) !== room).map((to) => `${file} → ${to}`),
			);
		expect(sideways).toEqual([]);
	});

	it("lets no verb call another one", () => {
		const calls = sources
			.filter(({ room }) => VERBS.includes(room))
			.flatMap(({ file, room, values }) =>
				values.filter((to) => VERBS.includes(roomOf(to)) && roomOf(to) !== room).map((to) => `${file} → ${to}`),
			);
		expect(calls).toEqual([]);
	});

	it("lets only wire.ts know all rooms", () => {
		const bound = [...ROOMS.filter((room) => room !== "event"), ...VERBS];
		const knowing = sources.filter(({ values }) => bound.every((room) => values.some((to) => roomOf(to) === room)));
		expect(knowing.map(({ file }) => file)).toEqual(["wire.ts"]);
	});

	it("lets only the front door, functions/, local/ and cli/ come near the bridge", () => {
		const callers = sources.filter(({ values, types }) => [...values, ...types].includes("bridge.ts"));
		const strangers = callers.filter(
			({ file, room }) =>
				!["index.ts", "open-bridge.ts", "broken-bridge.ts"].includes(file) &&
				!["functions", "local", "cli"].includes(room),
		);
		expect(strangers).toEqual([]);
		expect(callers.length).toBeGreaterThan(2);
	});

	it("registers functions in index.ts only", () => {
		const users = sources.filter(({ text }) => /^import \{[^}]*\} from "@azure\/functions"/m.test(text));
		expect(users.map(({ file }) => file)).toEqual(["index.ts"]);
	});

	it.each([
		["@octokit/", "dispatch"],
		["@azure/identity", ""],
		["@azure/keyvault-secrets", "dispatch"],
		["@azure/data-tables", "ledger"],
		["@azure/storage-queue", "ledger"],
		["@azure/storage-blob", "ledger"],
	])("keeps %s behind the room that owns it", (sdk, owner) => {
		const users = sources.filter(({ room, text }) => !AT_THE_DESK.includes(room) && text.includes(`from "${sdk}`));
		expect(users.length).toBeGreaterThan(0);
		expect(new Set(users.map(({ room }) => room))).toEqual(new Set([owner]));
	});

	it("never lets what is deployed reach into local/ or cli/", () => {
		const reaching = sources
			.filter(({ room }) => !AT_THE_DESK.includes(room))
			.filter(({ values, types }) => [...values, ...types].some((to) => AT_THE_DESK.includes(roomOf(to))));
		expect(reaching.map(({ file }) => file)).toEqual([]);
	});

	it("lets neither of local/ and cli/ need the other", () => {
		const reaching = sources
			.filter(({ room }) => AT_THE_DESK.includes(room))
			.filter(({ room, values, types }) =>
				[...values, ...types].some((to) => AT_THE_DESK.includes(roomOf(to)) && roomOf(to) !== room),
			);
		expect(reaching.map(({ file }) => file)).toEqual([]);
	});

	it("takes clock, randomness and environment as parameters", () => {
		const reaching = sources
			.filter(({ room, file }) => room !== "local" && file !== "index.ts")
			.filter(({ text }) => /\bDate\.now\(\)|\bMath\.random\(\)|\bprocess\.env\b|\bnew Date\(\)/.test(text));
		expect(reaching.map(({ file }) => file)).toEqual([]);
	});

	it("names a file in kebab-case, exports something of that name from a room's file, and has no barrels", () => {
		const wrong = sources.filter(({ file, text }) => !/^[a-z/-]+\.ts$/.test(file) || /^export \* from/m.test(text));
		expect(wrong.map(({ file }) => file)).toEqual([]);
		expect(sources.filter(({ file, room }) => room !== "" && file.endsWith("/index.ts"))).toEqual([]);
	});

	it("keeps every file under 200 lines", () => {
		expect(sources.filter(({ text }) => text.split("\n").length > 200).map(({ file }) => file)).toEqual([]);
	});
});

function readSources(): Source[] {
	return readdirSync(src, { recursive: true, encoding: "utf8" })
		.map((file) => file.split(sep).join("/"))
		.filter((file) => file.endsWith(".ts") && !file.includes(".generated."))
		.map((file) => {
			const text = readFileSync(join(src, file), "utf8");
			const imports = [...text.matchAll(/^import\s+(type\s+)?[^"']*?from\s+"(\.[^"]+)"/gm)];
			const lazy = [...text.matchAll(/import\("(\.[^"]+)"\)/g)].map(([, to = ""]) => resolve(file, to));
			const of = (type: boolean) =>
				imports.filter(([, given]) => (given !== undefined) === type).map(([, , to = ""]) => resolve(file, to));
			return { file, room: roomOf(file), text, values: [...of(false), ...lazy], types: of(true) };
		});
}

function resolve(from: string, to: string): string {
	return relative(src, join(src, dirname(from), to))
		.split(sep)
		.join("/");
}

function roomOf(file: string): string {
	return file.includes("/") ? (file.split("/")[0] ?? "") : "";
}
