import { compile } from "gitignore-parser";
import ignore from "ignore";

/**
 * Says which files a .funcignore lets through.
 * @param parser `core tools` ports the npm package gitignore-parser; `git` stands for azd, which follows git's own rules
 */
export function parseFuncignore(text: string, parser: "core tools" | "git"): (file: string) => boolean {
	if (parser === "core tools") {
		const rules = compile(text);
		return (file) => !rules.denies(file);
	}
	const rules = ignore().add(text);
	return (file) => !rules.ignores(file);
}
