import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { blocksOf, ROOT } from "../docs/read-docs.ts";

const NEEDED = ["src", "scripts", "support", "docs", "infra", "README.md", "package.json", "tsconfig.json"];
const run = promisify(execFile);

/** A copy of the part of the repository that a recipe changes, in a folder of its own. */
export interface Copy {
	/** @param path from the root */
	read(path: string): string;
	write(path: string, text: string): void;
	/** What `npm run docs` does, but for the bundles and the page, which no recipe changes. */
	docs(): Promise<void>;
	/** What the TypeScript compiler says of a file and of all that it imports; nothing where it is right. */
	types(path: string): Promise<string>;
	/** A module of the copy; it finds the copy's own modules, and the packages of the repository. */
	load<T>(path: string): Promise<T>;
	/** Runs `grid-dispatch` and answers its standard output, of a command that fails as well. */
	cli(...args: readonly string[]): Promise<string>;
	/** The files of `src/` that differ from the repository's, those apart that are built. */
	changed(): readonly string[];
	remove(): void;
}

export function copyRepository(): Copy {
	const root = mkdtempSync(join(tmpdir(), "grid-dispatch-recipe-"));
	for (const name of NEEDED) cpSync(join(ROOT, name), join(root, name), { recursive: true });
	symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"), "dir");
	const node = (...args: readonly string[]) => run(process.execPath, args, { cwd: root });
	const failed = (error: unknown) => error as { stdout: string };
	const read = (path: string) => readFileSync(join(root, path), "utf8");

	return {
		read,
		write(path, text) {
			mkdirSync(dirname(join(root, path)), { recursive: true });
			writeFileSync(join(root, path), text);
		},
		async docs() {
			for (const script of ["compile-schemas", "generate-docs"]) await node("--import", "tsx", `scripts/${script}.ts`);
		},
		async types(path) {
			const project = JSON.stringify({ extends: "./tsconfig.json", include: [], files: [path] });
			writeFileSync(join(root, "recipe.tsconfig.json"), project);
			return (
				await node(join(ROOT, "test/node_modules/typescript/bin/tsc"), "-p", "recipe.tsconfig.json").catch(failed)
			).stdout;
		},
		load: (path) => import(join(root, path)),
		async cli(...args) {
			return (await node("src/cli/grid-dispatch.mjs", ...args).catch(failed)).stdout;
		},
		changed() {
			const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
			return files.filter((file) => /\.\w+$/.test(file) && !file.includes(".generated.") && isOther(file, read));
		},
		remove: () => rmSync(root, { recursive: true }),
	};
}

function isOther(file: string, read: (path: string) => string): boolean {
	try {
		return readFileSync(join(ROOT, "src", file), "utf8") !== read(`src/${file}`);
	} catch {
		return true;
	}
}

/** The block that a recipe of CONTRIBUTING.md gives as its example. */
export function exampleIn(language: "json" | "ts", start: string): string {
	const blocks = blocksOf("CONTRIBUTING.md").filter((block) => block.language === language);
	const found = blocks.find(({ text }) => text.includes(start));
	if (found === undefined) throw new Error(`CONTRIBUTING.md has no example with ${start}`);
	return found.text;
}
