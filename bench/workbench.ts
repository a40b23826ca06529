import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { BUNDLE_OPTIONS } from "../scripts/bundle-options.ts";
import { startAzurite } from "../src/local/azurite.ts";

/** What the rows work with. */
export interface Workbench {
	/** Few repetitions: to see that a row works, not how fast anything is. */
	readonly quick: boolean;
	/** The entry of the app, as it lay in `dist/` when the run began. */
	readonly app: string;
	/** The text of the app's host.json. */
	readonly hostJson: string;
	/** The entry of an app of `bench/apps`, by its name. */
	benchApp(name: string): string;
	/** A program of `bench/children`, by its name. */
	child(name: string): string;
	/** How often, depending on `quick`. */
	times(usual: number, quick: number): number;
	/** Starts an empty Azurite; every row has its own, or one would be measured with the rows of another. */
	startStorage(): Promise<BenchStorage>;
	remove(): void;
}

export interface BenchStorage {
	readonly connectionString: string;
	end(): Promise<void>;
}

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

/**
 * Lays out everything that is measured in a folder of its own: a build that starts meanwhile changes nothing.
 * @throws Error when the app has not been built
 */
export async function openWorkbench(quick: boolean): Promise<Workbench> {
	if (!existsSync(join(dist, "index.cjs"))) throw new Error("dist/ holds no app; build it first: npm run build");
	const folder = mkdtempSync(join(tmpdir(), "grid-dispatch-bench-"));
	const remove = () => rmSync(folder, { recursive: true, force: true });
	try {
		cpSync(dist, join(folder, "app/dist"), { recursive: true });
		const children = readdirSync(join(root, "bench/children")).map((file) => `bench/children/${file}`);
		await bundle(children, join(folder, "children"));
		const apps = readdirSync(join(root, "bench/apps")).map((file) => `bench/apps/${file}`);
		await bundle(apps, join(folder, "apps/dist"));
	} catch (error) {
		remove();
		throw error;
	}
	return {
		quick,
		app: join(folder, "app/dist/index.cjs"),
		hostJson: readFileSync(join(root, "host.json"), "utf8"),
		benchApp: (name) => join(folder, "apps/dist", `${name}.cjs`),
		child: (name) => join(folder, "children", `${name}.cjs`),
		times: (usual, few) => (quick ? few : usual),
		async startStorage() {
			const { connectionString, stop } = await startAzurite({ folder: mkdtempSync(join(folder, "azurite-")) });
			return { connectionString, end: stop };
		},
		remove,
	};
}

/**
 * Bundles programs as the app is bundled: what is compared has been made in the same way, and nothing is measured
 * through a TypeScript loader.
 */
async function bundle(entryPoints: readonly string[], outdir: string): Promise<void> {
	const external = [...BUNDLE_OPTIONS.external];
	await build({ ...BUNDLE_OPTIONS, external, entryPoints: [...entryPoints], absWorkingDir: root, outdir });
}
