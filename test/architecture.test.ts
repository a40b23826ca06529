import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, expect, it } from "@jest/globals";
import core from "./core.config.cjs";

/** What a source file imports: a value import needs the other file at run time, a type import only agrees with it. */
interface Source {
	/** From the root of the repository, such as `src/event/read-event.ts`. */
	readonly file: string;
	/** The folder below src/ (`destinations/github` counts as `destinations`), or that below the root. */
	readonly room: string;
	readonly text: string;
	readonly values: readonly string[];
	readonly types: readonly string[];
}

const root = join(import.meta.dirname, "..");
const sources = readSources();
const rooms = sources.filter(({ file, room }) => file.startsWith("src/") && !["local", "cli"].includes(room));
/** Without the page, which is a program of its own in a browser. */
const deployed = rooms.filter(({ room }) => room !== "console");

/**
 * What each room uses of other rooms, values and types alike, apart from the files that all share. A room uses only rooms
 * that stand above it here, so the rooms form no circle. The two files of src/ that bring them together are rooms, too.
 */
const USES: Readonly<Record<string, readonly string[]>> = {
	console: [],
	event: [],
	route: ["event"],
	storage: [],
	config: ["event", "route", "storage"],
	ledger: ["event", "storage"],
	destinations: ["event", "route", "config", "ledger"],
	accept: ["event", "route", "storage", "ledger", "destinations"],
	coalesce: ["event", "storage", "ledger", "destinations"],
	deliver: ["storage", "ledger", "destinations", "coalesce"],
	follow: ["storage", "ledger", "destinations"],
	operate: ["event", "route", "storage", "config", "ledger", "destinations"],
	"bridge.ts": [
		...["event", "route", "storage", "config", "ledger", "destinations"],
		...["accept", "coalesce", "deliver", "follow", "operate"],
	],
	functions: ["console", "event", "storage", "config", "ledger", "operate", "bridge.ts"],
	"index.ts": ["storage", "config", "bridge.ts", "functions"],
};
/** Files of src/ itself that any room may use. They use no room. */
const SHARED = ["src/log.ts", "src/model.ts"];
/** A verb never uses another one: bridge.ts brings them together. */
const VERBS = ["accept", "coalesce", "deliver", "follow", "operate"];
/**
 * The one exception, of types alone: a drain closes the windows of its lane, between its own deliveries. What it asks of
 * them is said once, where it is done, and bridge.ts gives it to the drain.
 */
const TYPES_OF_A_VERB = [
	"src/deliver/drain.ts → src/coalesce/windows.ts",
	"src/deliver/send-due.ts → src/coalesce/windows.ts",
];

describe("the architecture", () => {
	it("finds the sources and their imports", () => {
		expect(deployed.length).toBeGreaterThan(60);
		expect(sources.find(({ file }) => file === "src/bridge.ts")?.values).toContain("src/accept/accept.ts");
	});

	it("lets each room use only the rooms that are listed for it", () => {
		const strangers = usesOfRooms().filter(({ from, to }) => !USES[roomName(from)]?.includes(roomName(to)));
		expect(strangers.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
	});

	it("lists for each room only the rooms that it uses", () => {
		const used = new Set(usesOfRooms().map(({ from, to }) => `${roomName(from)} → ${roomName(to)}`));
		const listed = Object.entries(USES).flatMap(([room, others]) => others.map((other) => `${room} → ${other}`));
		expect(listed.filter((direction) => !used.has(direction))).toEqual([]);
		const names = rooms.filter(({ file }) => !SHARED.includes(file)).map(({ file }) => roomName(file));
		expect(Object.keys(USES).sort()).toEqual([...new Set(names)].sort());
	});

	it("has no circle of rooms, types included: each uses only those that are listed above it", () => {
		const order = Object.keys(USES);
		const backwards = Object.entries(USES).flatMap(([room, others]) =>
			others.filter((other) => order.indexOf(other) >= order.indexOf(room)).map((other) => `${room} → ${other}`),
		);
		expect(backwards).toEqual([]);
	});

	it("lets no verb use another one, apart from the types that are named", () => {
		const sideways = usesOfRooms().filter(({ from, to }) => [from, to].every((file) => VERBS.includes(roomName(file))));
		expect(sideways.map(({ from, to }) => `${from} → ${to}`)).toEqual(TYPES_OF_A_VERB);
		expect(sideways.filter(({ isType }) => !isType)).toEqual([]);
	});

	it("has no circle of imports anywhere in the repository, types included", () => {
		expect(circles()).toEqual([]);
	});

	it("lets only the front door, functions/, local/ and cli/ come near the bridge", () => {
		const callers = sources.filter(
			({ file, values, types }) => file.startsWith("src/") && [...values, ...types].includes("src/bridge.ts"),
		);
		const strangers = callers.filter(
			({ file, room }) => file !== "src/index.ts" && !["functions", "local", "cli"].includes(room),
		);
		expect(strangers.map(({ file }) => file)).toEqual([]);
		expect(callers.length).toBeGreaterThan(2);
	});

	it("registers functions in index.ts only", () => {
		const users = deployed.filter(({ text }) => /^import \{[^}]*\} from "@azure\/functions"/m.test(text));
		expect(users.map(({ file }) => file)).toEqual(["src/index.ts"]);
	});

	it.each([
		["@octokit/", "destinations"],
		["@azure/identity", "config"],
		["@azure/keyvault-secrets", "config"],
		["jose", "config"],
		["@azure/data-tables", "storage"],
		["@azure/storage-queue", "storage"],
		["@azure/storage-blob", "storage"],
	])("keeps %s behind the room that owns it", (sdk, owner) => {
		const users = deployed.filter(({ text }) => text.includes(`from "${sdk}`));
		expect(users.length).toBeGreaterThan(0);
		expect(new Set(users.map(({ room }) => room))).toEqual(new Set([owner]));
	});

	it("never lets what is deployed reach into local/ or cli/", () => {
		const reaching = sources
			.filter(({ file, room }) => file.startsWith("src/") && !["local", "cli"].includes(room))
			.filter(({ values, types }) => [...values, ...types].some((to) => /^src\/(local|cli)\//.test(to)));
		expect(reaching.map(({ file }) => file)).toEqual([]);
	});

	it("lets neither of local/ and cli/ need the other", () => {
		const reaching = sources.filter(({ file, values, types }) => {
			const other = file.startsWith("src/local/") ? "src/cli/" : file.startsWith("src/cli/") ? "src/local/" : undefined;
			return other !== undefined && [...values, ...types].some((to) => to.startsWith(other));
		});
		expect(reaching.map(({ file }) => file)).toEqual([]);
	});

	it("lets nothing but tests need the tests", () => {
		const reaching = sources
			.filter(({ file }) => !file.startsWith("test/"))
			.filter(({ values, types }) => [...values, ...types].some((to) => to.startsWith("test/")));
		expect(reaching.map(({ file }) => file)).toEqual([]);
	});

	it("leaves out of npm test what is named, and no room", () => {
		const tests = sources.map(({ file }) => file).filter((file) => file.endsWith(".test.ts"));
		for (const start of LEFT_OUT)
			expect([start, tests.some((file) => start.test(`<rootDir>/${file}`))]).toEqual([start, true]);
		const folders = sources.flatMap(({ file, room }) =>
			file.startsWith("src/") && file.split("/").length > 2 ? [room] : [],
		);
		for (const room of new Set([...folders, "contract", "end-to-end"]))
			expect([room, coreTests().some((file) => file.startsWith(`test/${room}/`))]).toEqual([room, true]);
	});

	it("needs nothing for npm test that npm ci does not bring", () => {
		const { devDependencies } = JSON.parse(readFileSync(join(root, "test/package.json"), "utf8"));
		const names = new RegExp(`(?:from |import\\(|resolve\\()"(?:${Object.keys(devDependencies).join("|")})["/]`);
		const users = sources.filter(({ text }) => names.test(text)).map(({ file }) => file);
		expect(users).toContain("test/helpers/github-openapi.ts");
		const reached = reachedFrom(coreTests());
		expect(users.filter((file) => reached.has(file))).toEqual([]);
	});

	it("takes clock, randomness and environment as parameters", () => {
		const reaching = sources
			.filter(({ file, room }) => file.startsWith("src/") && room !== "local" && file !== "src/index.ts")
			.filter(({ text }) => /\bDate\.now\(\)|\bMath\.random\(\)|\bprocess\.env\b|\bnew Date\(\)/.test(text));
		expect(reaching.map(({ file }) => file)).toEqual([]);
	});

	it("makes paths that Windows knows: of a file's URL by fileURLToPath, and none of slashes alone", () => {
		// There a path has a drive, C:, which is no part of a URL's `pathname` and which import() takes for a scheme.
		const wrong =
			/new URL\([^)]*import\.meta\.url\)\.pathname|`file:\/\/\$\{|import\((?:join|resolve)\(|dirname\}\/|\.split\("\/"\)\.at\(-1\).*dirname/;
		const found = sources.filter(({ file, text }) => !file.startsWith("test/") && wrong.test(text));
		expect(found.map(({ file }) => file)).toEqual([]);
	});

	it("names a file in kebab-case, and has no barrels", () => {
		const ours = sources.filter(({ file }) => file.startsWith("src/") && !file.endsWith(".mjs"));
		const wrong = ours.filter(({ file, text }) => !/^[a-z0-9/-]+\.tsx?$/.test(file) || /^export \* from/m.test(text));
		expect(wrong.map(({ file }) => file)).toEqual([]);
		expect(ours.filter(({ file }) => /^src\/.+\/index\.ts$/.test(file))).toEqual([]);
	});

	it("keeps every file of the product at 250 lines or less", () => {
		const long = sources.filter(({ file, text }) => file.startsWith("src/") && text.split("\n").length > 250);
		expect(long.map(({ file }) => file)).toEqual([]);
	});
});

/** The name of a room in `USES`. */
function roomName(file: string): string {
	return file.split("/")[1] ?? file;
}

/** What the files of a room import of other rooms. */
function usesOfRooms() {
	return rooms.flatMap(({ file: from, values, types }) =>
		[...values.map((to) => ({ from, to, isType: false })), ...types.map((to) => ({ from, to, isType: true }))].filter(
			({ to }) => to.startsWith("src/") && !SHARED.includes(to) && roomName(to) !== roomName(from),
		),
	);
}

/** What `npm test` leaves out, by the beginning of a file's path. */
const LEFT_OUT: readonly RegExp[] = core.testPathIgnorePatterns
	.filter((start: string) => !start.includes("node_modules"))
	.map((start: string) => new RegExp(start.replace("<rootDir>", "^<rootDir>")));

/** The tests that `npm test` runs. */
function coreTests(): string[] {
	return sources
		.map(({ file }) => file)
		.filter((file) => file.endsWith(".test.ts") && !LEFT_OUT.some((start) => start.test(`<rootDir>/${file}`)));
}

/** These files, and all that they need at run time. */
function reachedFrom(files: readonly string[]): ReadonlySet<string> {
	const bySource = new Map(sources.map((source) => [source.file, source]));
	const reached = new Set(files);
	for (const file of reached) for (const to of bySource.get(file)?.values ?? []) reached.add(to);
	return reached;
}

function readSources(): Source[] {
	const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.ts", "*.tsx", "*.mjs"], {
		cwd: root,
		encoding: "utf8",
	});
	return listed
		.split("\n")
		.filter((file) => /^(src|bench|chaos|scripts|support|infra|test)\//.test(file) && !file.includes(".generated."))
		.map((file) => {
			const text = readFileSync(join(root, file), "utf8");
			const imports = [...text.matchAll(/^(?:import|export)\s+(type\s+)?[^"';]*?from\s+"(\.[^"]+)"/gm)];
			const lazy = [...text.matchAll(/import\("(\.[^"]+)"\)/g)].map(([, to = ""]) => resolve(file, to));
			const of = (type: boolean) =>
				imports.filter(([, given]) => (given !== undefined) === type).map(([, , to = ""]) => resolve(file, to));
			return { file, room: roomOf(file), text, values: [...of(false), ...lazy], types: of(true) };
		});
}

function resolve(from: string, to: string): string {
	return relative(root, join(root, dirname(from), to))
		.split(sep)
		.join("/");
}

function roomOf(file: string): string {
	const [top = "", room = "", ...rest] = file.split("/");
	return top === "src" ? (rest.length > 0 ? room : "") : top;
}

/** Each circle once, as its files in their order. */
function circles(): string[] {
	const bySource = new Map(sources.map((source) => [source.file, source]));
	const done = new Set<string>();
	const found: string[] = [];
	const visit = (file: string, path: readonly string[]): void => {
		const at = path.indexOf(file);
		if (at >= 0) found.push([...path.slice(at), file].join(" → "));
		if (at >= 0 || done.has(file)) return;
		const source = bySource.get(file);
		for (const to of source === undefined ? [] : [...source.values, ...source.types]) visit(to, [...path, file]);
		done.add(file);
	};
	for (const { file } of sources) visit(file, []);
	return found;
}
