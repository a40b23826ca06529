const INHERITED = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"];

/** The environment of a child: the caller's proxies, Node options and live GitHub tokens stay out of the measure. */
export function childEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
	const inherited = INHERITED.flatMap((name) => {
		const value = process.env[name];
		return value === undefined ? [] : [[name, value] as const];
	});
	return { ...Object.fromEntries(inherited), ...settings };
}
