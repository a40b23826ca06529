/** The end of a long text stays whole: there it differs from its neighbours. */
const TAIL = 22;
const LONG = 36;

/** A text in one line. Where it does not fit, its middle is left out; all of it is its name and its tooltip. */
export function Subject({ text }: { text: string }) {
	if (text.length <= LONG) return <span class="subject">{text}</span>;
	return (
		<span class="subject" title={text}>
			<span class="hidden">{text}</span>
			<span class="head" aria-hidden="true">
				{text.slice(0, -TAIL)}
			</span>
			<span class="tail" aria-hidden="true">
				{text.slice(-TAIL)}
			</span>
		</span>
	);
}
