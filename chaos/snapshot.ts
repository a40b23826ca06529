import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder with everything that a storm runs and leaves behind. */
export interface Snapshot {
	readonly folder: string;
	/** The program behind `npm start`, as it was when the storm began. */
	readonly app: string;
	/** Of Azurite. */
	readonly data: string;
	/** The bridges' output, a file for each process. */
	readonly logs: string;
	remove(): void;
}

const root = join(import.meta.dirname, "..");

/**
 * Copies the built app: bridges start again and again during a storm, and a build meanwhile must not change them.
 * @throws Error when the app has not been built
 */
export function takeSnapshot(): Snapshot {
	if (!existsSync(join(root, "dist/index.cjs"))) throw new Error("dist/ holds no app; build it first: npm run build");
	const folder = mkdtempSync(join(tmpdir(), "grid-dispatch-storm-"));
	const [app, data, logs] = ["app", "azurite", "logs"].map((name) => join(folder, name)) as [string, string, string];
	for (const made of [app, logs]) mkdirSync(made);
	for (const part of ["src", "dist", "host.json", "package.json", "tsconfig.json"]) {
		cpSync(join(root, part), join(app, part), { recursive: true });
	}
	symlinkSync(join(root, "node_modules"), join(app, "node_modules"), "dir");
	return { folder, app, data, logs, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
