import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import {
	CONTAINER,
	expectRefused,
	KEY,
	MANIFEST_PATH,
	manifestOf,
	onePayload,
	REFERENCE_PATH,
	runAction,
	windowPayload,
} from "./run-action.ts";
import { startWorld, type World } from "./world.ts";

const LINES = manifestOf(3);

let world: World;
beforeAll(async () => {
	world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
	world.asked.length = 0;
	world.blobs.clear();
	Object.assign(world, { storage: undefined, runs: [], refusal: undefined });
});

/** A run for a window whose manifest is as it should be, but for these members. */
function withManifest(changes: Readonly<Record<string, unknown>>, inputs: Readonly<Record<string, string>> = {}) {
	const manifest = { ...world.put(MANIFEST_PATH, LINES), count: 3, ...changes };
	return runAction(world, windowPayload(3, { manifest }), inputs);
}

/** No credential went anywhere but to GitHub's list of runs. */
function expectNoLogin(): void {
	expect(world.asked.map(({ call }) => call).filter((call) => !call.includes("/actions/runs?"))).toEqual([]);
}

describe("an address is refused before there is a token:", () => {
	const account = "contosobridge.blob.core.windows.net";
	const attack = (url: unknown, hosts = "contosobridge") => withManifest({ url }, { "allowed-hosts": hosts });

	it.each([
		["a foreign host", `https://evil.example${MANIFEST_PATH}`, "evil.example"],
		["a host that begins like ours", `https://${account}.evil.example${MANIFEST_PATH}`, "not in allowed-hosts"],
		["a host that ends like ours", `https://evil${account}${MANIFEST_PATH}`, "not in allowed-hosts"],
		["a host below ours", `https://x.${account}${MANIFEST_PATH}`, "not in allowed-hosts"],
		[
			"our account's name in another cloud",
			`https://contosobridge.blob.core.chinacloudapi.cn${MANIFEST_PATH}`,
			"not in",
		],
		["our host as a user name", `https://${account}@evil.example${MANIFEST_PATH}`, "user name"],
		["another port of our host", `https://${account}:8443${MANIFEST_PATH}`, "not in allowed-hosts"],
		["our host in the path", `https://evil.example/${account}${MANIFEST_PATH}`, "not in allowed-hosts"],
		["our host with a dot", `https://${account}.${MANIFEST_PATH}`, "not in allowed-hosts"],
		["letters that look like ours", `https://c\u043entosobridge.blob.core.windows.net${MANIFEST_PATH}`, "normal form"],
		["a backslash", `https://${account}\\@evil.example${MANIFEST_PATH}`, "normal form"],
		["blanks before it", ` https://${account}${MANIFEST_PATH}`, "normal form"],
		["a line feed in it", `https://${account}\n${MANIFEST_PATH}`, "normal form"],
		["http", `http://${account}${MANIFEST_PATH}`, "must begin with https"],
		["a file", "file:///etc/passwd", "must begin with https"],
		["data", "data:application/json,{}", "must begin with https"],
		["no address", "//", "is no address"],
		["no text", { toString: "x" }, "is no text"],
	])("%s", async (_, url, message) => {
		expectRefused(await attack(url), message);
		expectNoLogin();
	});

	it.each([
		["another container", `/other/manifests/${KEY}.jsonl`],
		["a container whose name begins like ours", `${CONTAINER}-2/manifests/${KEY}.jsonl`],
		["the blob of another event", `${CONTAINER}/manifests/${"0".repeat(32)}.jsonl`],
		["large data in place of a manifest", REFERENCE_PATH],
		["steps upwards, encoded", `${CONTAINER}/manifests/%2e%2e%2f${KEY}.jsonl`],
		["a folder between", `${CONTAINER}/manifests/x/${KEY}.jsonl`],
		["a signature", `${MANIFEST_PATH}?sv=2021&sig=x`],
		["a snapshot", `${MANIFEST_PATH}?snapshot=2026`],
		["a fragment", `${MANIFEST_PATH}#x`],
		["an account in the path, as an emulator has it", `/devstoreaccount1${MANIFEST_PATH}`],
	])("%s on our host", async (_, path) => {
		expectRefused(await attack(`https://${account}${path}`), "names no manifest of this event");
		expectNoLogin();
	});

	it("steps upwards", async () => {
		expectRefused(await attack(`https://${account}${CONTAINER}/x/../manifests/${KEY}.jsonl`), "normal form");
	});

	it("any host where the workflow allows none, with the repair", async () => {
		expectRefused(await attack(`https://${account}${MANIFEST_PATH}`, ""), "in the input allowed-hosts");
		expectNoLogin();
	});

	it.each(["*", "*.blob.core.windows.net", "https://contosobridge.blob.core.windows.net", "a@b.example", "x/y"])(
		"any host where allowed-hosts has %s",
		async (hosts) => {
			expectRefused(await attack(`https://${account}${MANIFEST_PATH}`, hosts), "allowed-hosts has");
			expectNoLogin();
		},
	);

	it("http on this machine, unless a test asks for it", async () => {
		const url = `http://${world.host}${MANIFEST_PATH}`;
		expectRefused(await withManifest({ url }), "must begin with https");
		expectRefused(await attack(`http://${account}${MANIFEST_PATH}`), "must begin with https");
		expectNoLogin();
		const asked = await withManifest({ url }, { "allow-http-on-loopback": "true" });
		// The server speaks https: that the client spoke http to it is the end of it.
		expectRefused(asked, "cannot be fetched");
	});
});

describe("a blob is refused:", () => {
	it.each([301, 302, 303, 307, 308])("a redirect (%s) is not followed", async (status) => {
		world.storage = (_, response) => response.writeHead(status, { location: `https://${world.host}/stolen` }).end();
		expectRefused(await withManifest({}), `answers ${status}: a redirect is not followed`);
		expect(world.asked.filter(({ call }) => call.includes("stolen"))).toEqual([]);
	});

	it("another content of the same size", async () => {
		world.blobs.set(MANIFEST_PATH, LINES);
		expectRefused(await withManifest({ sha256: "0".repeat(64) }), "its SHA-256 is another one");
	});

	it.each([
		["longer", 1],
		["shorter", -1],
	])("one that is %s than the payload says, by its header or by its bytes", async (_, more) => {
		expectRefused(await withManifest({ bytes: LINES.length - more }), "its size is not");
		world.storage = (_request, response) => {
			response.writeHead(200, { "transfer-encoding": "chunked" });
			response.end(LINES);
		};
		expectRefused(await withManifest({ bytes: LINES.length - more }), "its size is not");
	});

	it("one without an end, as soon as it is longer", async () => {
		let sent = 0;
		world.storage = (_, response) => {
			response.writeHead(200);
			const more = () => {
				while (!response.destroyed && response.write("x".repeat(65_536))) sent += 65_536;
			};
			response.on("drain", more);
			more();
		};
		expectRefused(await withManifest({ bytes: 100_000 }), "its size is not");
		expect(sent).toBeLessThan(50_000_000);
	});

	it("one that never comes to its end", async () => {
		world.storage = (_, response) => {
			response.writeHead(200);
			response.write("{");
		};
		expectRefused(await withManifest({}, { "timeout-seconds": "1" }), "not there after 1 s");
	});

	it("a huge one, before it is asked for", async () => {
		expectRefused(await withManifest({ bytes: 300_000_000 }), "max-bytes allows 268435456");
		expect(world.asked.filter(({ call }) => call.includes("manifests"))).toEqual([]);
	});

	it.each([-1, 1.5, "12", null, 1e300])("one of %p bytes", async (bytes) => {
		expectRefused(await withManifest({ bytes }), "data.manifest.bytes is no size");
		expectNoLogin();
	});

	it.each([
		["compressed", () => gzipSync("x".repeat(1_000_000))],
		["that says so and is not", () => Buffer.from(LINES)],
	])("one %s", async (_, body) => {
		world.storage = (_request, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(body());
		expectRefused(await withManifest({}), "encoded as");
	});
});

describe("a content is refused, though its hash is right:", () => {
	const withLines = (lines: string, count: number, told = count) => {
		const manifest = { ...world.put(MANIFEST_PATH, lines), count };
		return runAction(world, windowPayload(told, { manifest }));
	};

	it.each([
		["a line too few", manifestOf(2), 3, 3, "2 are there"],
		["a line too many", manifestOf(4), 3, 3, "4 are there"],
		["another number in the payload", manifestOf(3), 3, 2, "tells of 2 events"],
		["a line that is no JSON", `${manifestOf(2)}{"id":\n`, 3, 3, "line 3 of the manifest is no JSON"],
		["a line that is no event", `${manifestOf(2)}[1]\n`, 3, 3, "line 3 of the manifest is no event"],
		["an empty line", `${manifestOf(2)}\n`, 3, 3, "line 3 of the manifest is no JSON"],
		["a line longer than any event", `{"x":"${"x".repeat(9_000_000)}"}\n`, 1, 1, "longer than any event"],
	])("%s", async (_, lines, count, told, message) => {
		expectRefused(await withLines(lines, count, told), message);
	});

	it("large data that is no JSON", async () => {
		const reference = world.put(REFERENCE_PATH, "{");
		expectRefused(await runAction(world, onePayload({ data: { reference } })), "the blob is no JSON");
	});
});
