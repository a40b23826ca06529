import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";

/** A function app in a folder of its own, in one CommonJS file with the library in it, as apps are deployed. */
export interface TinyApp {
	readonly entry: string;
	remove(): void;
}

/** @param source TypeScript, as an app's only source file */
export function buildTinyApp(source: string): TinyApp {
	const folder = mkdtempSync(join(tmpdir(), "tiny-app-"));
	const entry = join(folder, "index.cjs");
	buildSync({
		stdin: { contents: source, resolveDir: join(import.meta.dirname, "../.."), loader: "ts" },
		bundle: true,
		platform: "node",
		format: "cjs",
		external: ["@azure/functions-core"],
		outfile: entry,
		logLevel: "warning",
	});
	return { entry, remove: () => rmSync(folder, { recursive: true }) };
}
