/**
 * Of every element with a text of its own that can be seen: the contrast of its colour against what lies behind it, by
 * the rules of WCAG 2. Runs in a page, as an expression.
 */
(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

	/** Any colour of CSS as [red, green, blue, alpha], from 0 to 1. */
	function rgba(color) {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
		return [red / 255, green / 255, blue / 255, alpha / 255];
	}

	function over([red, green, blue, alpha], [r, g, b]) {
		const mix = (above, below) => above * alpha + below * (1 - alpha);
		return [mix(red, r), mix(green, g), mix(blue, b), 1];
	}

	function behind(element) {
		const layers = [];
		for (let one = element; one !== null; one = one.parentElement) {
			const layer = rgba(getComputedStyle(one).backgroundColor);
			if (layer[3] > 0) layers.push(layer);
			if (layer[3] === 1) break;
		}
		const ground = rgba(getComputedStyle(document.body).backgroundColor);
		return layers.reverse().reduce((below, layer) => over(layer, below), ground);
	}

	function luminance(color) {
		const [red, green, blue] = color.map((part) => (part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
		return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
	}

	const seen = [...document.body.querySelectorAll("*")].filter(
		(element) =>
			element.checkVisibility() &&
			!element.matches("noscript, script, style, option, title, :disabled") &&
			getComputedStyle(element).clipPath === "none" &&
			[...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ""),
	);
	return seen.map((element) => {
		const ground = behind(element);
		const text = over(rgba(getComputedStyle(element).color), ground);
		const [light, dark] = [luminance(text), luminance(ground)].sort((one, other) => other - one);
		return { text: element.textContent.trim().slice(0, 40), ratio: (light + 0.05) / (dark + 0.05) };
	});
})();
