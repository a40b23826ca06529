import { Glyph } from "./glyph.tsx";
import { summaryOf } from "./summary-of.ts";
import type { View } from "./view.ts";

/** The first thing on the page: what a person should know, each with a link to where the page says more. */
export function Summary({ view }: { view: View }) {
	const items = summaryOf(view);
	return (
		<nav class="summary" aria-label="Summary">
			<ul>
				{items.map(({ tone, text, section }) => (
					<li key={text} class={tone}>
						<Glyph tone={tone} />
						{section === undefined ? <span>{text}</span> : <a href={`#${section}`}>{text}</a>}
					</li>
				))}
			</ul>
		</nav>
	);
}
