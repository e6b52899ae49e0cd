namespace Rx.Tests.Samples.Dashboard;

/// <summary>Measures contrast according to WCAG 2.2: at min 4.5 for text, and 3 for large text, the borders of controls, and focus.</summary>
internal static class Contrast
{
    /// <summary>A function that returns the number of checked pairs of colours, the number of texts on canvases, and the failures.</summary>
    public const string Script =
        """
        () => {
            const pixel = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
            const parse = colour => {
                pixel.clearRect(0, 0, 1, 1);
                pixel.fillStyle = colour;
                pixel.fillRect(0, 0, 1, 1);
                const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
                return [r, g, b, a / 255];
            };
            const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
            const ground = element => {
                const layers = [];
                for (let e = element; e; e = e.parentElement) {
                    layers.push(parse(getComputedStyle(e).backgroundColor));
                    if (layers.at(-1)[3] === 1) break;
                }
                return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
            };
            const luminance = colour => {
                const [r, g, b] = colour.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const ratio = (a, b) => {
                const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
                return (high + 0.05) / (low + 0.05);
            };

            const failures = [];
            let checked = 0;
            const check = (what, front, back, min) => {
                checked++;
                const value = ratio(over(front, back), back);
                if (value < min) failures.push(`${what}: ${value.toFixed(2)}, less than ${min}`);
            };

            for (const element of document.querySelectorAll('body *')) {
                const hasText = [...element.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.textContent.trim())
                    || element.matches('input:not([type=range]), select');
                if (!hasText || !element.checkVisibility() || element.closest('[disabled], script, template, .visually-hidden')) continue;
                const style = getComputedStyle(element);
                const size = parseFloat(style.fontSize);
                const isLarge = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
                const colour = element instanceof SVGElement ? style.fill : style.color;
                check(element.textContent.trim().slice(0, 30) || element.id, parse(colour), ground(element), isLarge ? 3 : 4.5);
            }

            for (const element of document.querySelectorAll('button, input:not([type=range]), select')) {
                if (!element.checkVisibility() || element.disabled) continue;
                const style = getComputedStyle(element);
                check(`border of ${element.textContent.trim() || element.id}`, parse(style.borderTopColor), ground(element.parentElement), 3);
            }

            const probe = document.body.appendChild(document.createElement('span'));
            const named = name => {
                probe.style.color = `var(--${name})`;
                return parse(getComputedStyle(probe).color);
            };
            for (let i = 1; i <= 6; i++) {
                check(`number on marble ${i}`, named('on-marble'), named(`marble-${i}`), 4.5);
                check(`marble ${i} on the lane`, named(`marble-${i}`), named('surface'), 3);
                check(`marble ${i} on the publishers' lane`, named(`marble-${i}`), named('raised'), 3);
            }
            check('missed part of a ring', named('missed'), named('surface'), 3);
            for (const name of ['stream', 'subject', 'memory']) check(`line ${name}`, named(name), named('surface'), 3);
            for (const name of ['ground', 'surface', 'raised']) check(`focus on ${name}`, named('focus'), named(name), 3);
            probe.remove();

            // The pixel with the lowest contrast below each text on a canvas.
            const onCanvas = (window.canvasTexts ?? []).filter(t => t.isDone);
            for (const { text, canvas, colour, ground: pixels } of onCanvas) {
                const behind = ground(canvas);
                const shades = new Map();
                for (let i = 0; i < pixels.length; i += 4) {
                    const [r, g, b, a] = pixels.slice(i, i + 4);
                    shades.set(`${r},${g},${b},${a}`, [r, g, b, a / 255]);
                }
                const worst = [...shades.values()].map(s => over(s, behind)).reduce((a, b) => ratio(parse(colour), a) < ratio(parse(colour), b) ? a : b);
                check(`${text} on a canvas`, parse(colour), worst, 4.5);
            }
            return { checked, failures, onCanvas: onCanvas.length };
        }
        """;
}
