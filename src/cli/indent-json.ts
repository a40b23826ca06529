/** JSON in lines, each of its tokens as it is: to read and write it anew could change digits. */
export function indentJson(json: string): string {
	let depth = 0;
	const line = () => `\n${"  ".repeat(depth)}`;
	return json.replace(/"(?:[^"\\]+|\\.)*"|\{\}|\[\]|[{}[\],:]/g, (token) => {
		if (token === "{" || token === "[") depth += 1;
		if (token === "}" || token === "]") depth -= 1;
		if (token === "{" || token === "[" || token === ",") return token + line();
		if (token === "}" || token === "]") return line() + token;
		return token === ":" ? ": " : token;
	});
}
