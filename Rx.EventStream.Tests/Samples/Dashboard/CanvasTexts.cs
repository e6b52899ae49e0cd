namespace Rx.Tests.Samples.Dashboard;

/// <summary>Records the texts that are drawn on canvases, because a canvas has no elements to inspect.</summary>
internal static class CanvasTexts
{
    /// <summary>Must run before the page's own scripts. While <c>isCollecting</c> is set, <c>canvasTexts</c> receives each text with its
    /// colour, the pixels below it, and, when the next picture begins, whether something was drawn over it.</summary>
    public const string Script =
        """
        (() => {
            const texts = window.canvasTexts = [];
            const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
            let open = [];

            // Reads from a copy, because Chromium warns about a canvas that is read often.
            const read = (canvas, [x, y, width, height]) => {
                const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
                copy.drawImage(canvas, -x, -y);
                return copy.getImageData(0, 0, width, height).data;
            };

            CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
                // Skips texts that fade out on the left or are cut off, because they need not be readable.
                if (!window.isCollecting || x < 50 || x > this.canvas.clientWidth - 10) {
                    return fillText.call(this, text, x, y);
                }

                const m = this.measureText(text), scale = devicePixelRatio;
                const box = [
                    Math.round((x - m.actualBoundingBoxLeft) * scale),
                    Math.round((y - m.actualBoundingBoxAscent) * scale),
                    Math.ceil((m.actualBoundingBoxLeft + m.actualBoundingBoxRight) * scale),
                    Math.ceil((m.actualBoundingBoxAscent + m.actualBoundingBoxDescent) * scale),
                ];
                const ground = read(this.canvas, box);
                fillText.call(this, text, x, y);
                const entry = { text, canvas: this.canvas, box, ground, colour: this.fillStyle, after: read(this.canvas, box), isDone: false, isCovered: false };
                open.push(entry);
                texts.push(entry);
            };

            CanvasRenderingContext2D.prototype.clearRect = function (...area) {
                for (const entry of open.filter(e => e.canvas === this.canvas)) {
                    entry.isCovered = read(this.canvas, entry.box).some((value, i) => Math.abs(value - entry.after[i]) > 2);
                    entry.isDone = true;
                }

                open = open.filter(e => e.canvas !== this.canvas);
                clearRect.apply(this, area);
            };
        })()
        """;
}
