import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "./bundle.ts";

/** What the rows work with. */
export interface Workbench {
	/** Few repetitions: to see that a row works, not how fast anything is. */
	readonly quick: boolean;
	/** The entries of the app, as it lay in `dist/` when the run began, and of a hello-world app. */
	readonly app: string;
	readonly helloWorld: string;
	/** A program of `bench/children`, by its name. */
	child(name: string): string;
	/** How often, depending on `quick`. */
	times(usual: number, quick: number): number;
	remove(): void;
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
		await bundle(["bench/apps/hello-world.ts"], join(folder, "hello-world/dist"));
	} catch (error) {
		remove();
		throw error;
	}
	return {
		quick,
		app: join(folder, "app/dist/index.cjs"),
		helloWorld: join(folder, "hello-world/dist/hello-world.cjs"),
		child: (name) => join(folder, "children", `${name}.cjs`),
		times: (usual, few) => (quick ? few : usual),
		remove,
	};
}
