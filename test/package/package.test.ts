import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	chmodSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, jest } from "@jest/globals";
import { unzipSync } from "fflate";
import ignore from "ignore";
import { pack, sha256 } from "../../scripts/package.ts";
import { call } from "../../support/call.ts";
import { parseFuncignore } from "../helpers/funcignore.ts";
import { unzip } from "../helpers/unzip.ts";

// Jest hands out a Module class of its own, whose `require` stays within Jest. An app is to be loaded by Node's, which
// is the class that Jest's extends.
jest.mock("node:module", () => Object.getPrototypeOf(jest.requireActual("node:module")));

const { startFunctionsHost } =
	require("../../src/local/functions-host.ts") as typeof import("../../src/local/functions-host.ts");

const root = join(import.meta.dirname, "../..");
const work = mkdtempSync(join(tmpdir(), "package-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** The files of a project that are packed, and some others, in a folder of that name. */
function copyTo(name: string): string {
	const folder = join(work, name);
	for (const file of ["src", "node_modules/ajv"]) mkdirSync(join(folder, file), { recursive: true });
	for (const file of ["README.md", "local.settings.json", "src/index.ts", "node_modules/ajv/host.json"])
		writeFileSync(join(folder, file), "");
	for (const file of ["host.json", "package.json", "dist"])
		cpSync(join(root, file), join(folder, file), { recursive: true });
	return folder;
}

/** Without a routes.json that somebody has in the root. */
const content = pack(copyTo("product"));
const names = Object.keys(unzipSync(content));

function unpacked(): string {
	const [file, folder] = [join(work, "package.zip"), join(work, "unpacked")];
	writeFileSync(file, content);
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder);
	unzip(file, content, folder);
	return folder;
}

function registeredBy(entry: string): unknown {
	const script = join(root, "test/contract/load-as-worker.cjs");
	const env = { PATH: process.env["PATH"], EVENT_QUEUE: "events" };
	const out = execFileSync(process.execPath, [script, entry], { env, stdio: ["ignore", "pipe", "ignore"] });
	return (JSON.parse(String(out)) as { registered: unknown }).registered;
}

describe("the package", () => {
	it("is host.json, package.json and dist/, and nothing else", () => {
		const dist = readdirSync(join(root, "dist")).map((file) => `dist/${file}`);
		expect(names).toEqual([...dist, "host.json", "package.json"].sort());
		expect(names.filter((name) => name.endsWith(".cjs")).length).toBeGreaterThan(5);
	});

	it("takes a routes.json along, where the project has one", () => {
		const folder = copyTo("with-routes");
		writeFileSync(join(folder, "routes.json"), '{"routes": []}');
		expect(Object.keys(unzipSync(pack(folder)))).toEqual([...names, "routes.json"]);
	});

	it.each(["core tools", "git"] as const)(
		"is what the other ways to deploy send, as %s reads .funcignore",
		(parser) => {
			const keeps = parseFuncignore(readFileSync(join(root, ".funcignore"), "utf8"), parser);
			const all = readdirSync(copyTo("to-deploy"), { recursive: true, withFileTypes: true })
				.filter((entry) => entry.isFile())
				.map((entry) => join(entry.parentPath, entry.name).slice(join(work, "to-deploy/").length));
			expect(all.filter(keeps).sort()).toEqual(names);
		},
	);

	it("stays at most 1.1 MB", () => {
		expect(content.length).toBeLessThanOrEqual(1_100_000);
	});

	it("has a package.json that leaves nothing to install or run, and names what Core Tools looks for", () => {
		const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
		const { name, version, type, main, dependencies } = manifest as Record<string, Record<string, string>>;
		const packed = JSON.parse(Buffer.from(unzipSync(content)["package.json"] ?? []).toString());
		expect(packed).toMatchObject({ name, version, type, main });
		expect(packed.dependencies).toEqual({ "@azure/functions": dependencies?.["@azure/functions"] });
		for (const key of ["scripts", "devDependencies", "overrides", "knip"]) expect(packed).not.toHaveProperty(key);
	});

	it("does not tell where it was built", () => {
		for (const [name, bytes] of Object.entries(unzipSync(content)))
			expect({ name, tells: Buffer.from(bytes).includes(root) }).toEqual({ name, tells: false });
	});

	it("is refused without a build", () => {
		const folder = copyTo("not-built");
		rmSync(join(folder, "dist"), { recursive: true });
		expect(() => pack(folder)).toThrow("npm run build");
	});

	it("is refused when it has become too large", () => {
		const folder = copyTo("too-large");
		writeFileSync(join(folder, "dist/noise.cjs"), randomBytes(1_000_000));
		expect(() => pack(folder)).toThrow("are more than the 1100000 allowed");
	});
});

describe("the package's bytes", () => {
	it("are the same from another folder, on another day, with other rights", () => {
		const folder = copyTo("elsewhere");
		for (const name of names) {
			utimesSync(join(folder, name), new Date(1_000_000_000_000), new Date(1_000_000_000_000));
			chmodSync(join(folder, name), 0o600);
		}
		expect(sha256(pack(folder))).toBe(sha256(content));
	});

	it.each(["Pacific/Kiritimati", "America/St_Johns"])("are the same in the time zone of %s", (zone) => {
		const code = `import { pack, sha256 } from "./scripts/package.ts"; process.umask(0o077); console.log(sha256(pack(process.env.PRODUCT)));`;
		const args = ["--import", "tsx", "--input-type=module", "--eval", code];
		const out = execFileSync(process.execPath, args, {
			cwd: root,
			env: { ...process.env, TZ: zone, PRODUCT: join(work, "product") },
		});
		expect(String(out).trim()).toBe(sha256(content));
	});
});

describe("the package, unpacked", () => {
	it("registers what the build registers, loaded as the Functions worker loads it", () => {
		const registered = registeredBy(join(unpacked(), "dist/index.cjs"));
		expect(registered).toEqual(registeredBy(join(root, "dist/index.cjs")));
		expect(registered).toEqual(expect.arrayContaining([expect.objectContaining({ name: "eventGrid" })]));
	});

	it("runs in a functions host, without anything beside it", async () => {
		const host = await startFunctionsHost({ entry: join(unpacked(), "dist/index.cjs"), port: 0, onLog: () => {} });
		try {
			const health = await call(`${host.url}/api/health`);
			expect(health.status).toBe(503);
			expect(health.json()).toMatchObject({ problems: expect.arrayContaining([expect.anything()]) });
		} finally {
			await host.close();
		}
	});
});

describe(".funcignore, as azd reads it", () => {
	const text = readFileSync(join(root, ".funcignore"), "utf8");

	// "'remoteBuild: false' cannot be used when '.funcignore' excludes node_modules": azure-dev, resolveFunctionAppRemoteBuild.
	it("seems to keep node_modules, which azd asks of a local build", () => {
		expect(ignore().add(text).ignores("node_modules/")).toBe(false);
	});

	it("keeps nothing that lies in there", () => {
		for (const file of ["node_modules/host.json", "node_modules/a/dist/index.cjs", "node_modules/dist/index.cjs"])
			expect(ignore().add(text).ignores(file)).toBe(true);
	});
});
