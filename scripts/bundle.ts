/**
 * Builds `dist/`: `index.cjs`, which registers the functions and stays small, and beside it what is loaded only when it
 * is first needed: the bridge itself, and one file for each SDK (every dynamic `import()` in the sources becomes one).
 */
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build, type Plugin } from "esbuild";
import { BUNDLE_OPTIONS } from "./bundle-options.ts";

const root = join(import.meta.dirname, "..");

const lazyFiles: Plugin = {
	name: "a file for each dynamic import",
	setup({ onResolve }) {
		onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path }) =>
			kind === "dynamic-import" ? { path: `./${basename(path, ".ts")}.cjs`, external: true } : undefined,
		);
	},
};

/** Writes it anew. */
export async function bundle(): Promise<void> {
	rmSync(join(root, "dist"), { recursive: true, force: true });
	await build({
		...BUNDLE_OPTIONS,
		external: [...BUNDLE_OPTIONS.external],
		entryPoints: {
			index: "src/index.ts",
			bridge: "src/bridge.ts",
			"key-vault": "src/config/key-vault.ts",
			"github-app": "src/destinations/github/github-app.ts",
			"azure-storage": "src/storage/azure-storage.ts",
			"entra-token": "src/config/entra-token.ts",
			credential: "src/config/credential.ts",
			"console-page": "src/console/console-page.ts",
		},
		absWorkingDir: root,
		outdir: "dist",
		plugins: [lazyFiles],
	});
}
