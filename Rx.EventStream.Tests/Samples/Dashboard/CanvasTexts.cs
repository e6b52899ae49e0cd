namespace Rx.Tests.Samples.Dashboard;

/// <summary>Looks at what is written on canvases, which have no elements to ask.</summary>
internal static class CanvasTexts
{
    /// <summary>To run before the page's own scripts. While <c>isCollecting</c> is set, <c>canvasTexts</c> gets each text with its colour,
    /// the colours it is written on, and, when the next picture begins, whether something was drawn over it.</summary>
    public const string Script =
        """
        (() => {
            const texts = window.canvasTexts = [];
            const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
            let open = [];

            // From a copy: Chromium warns of a canvas that is read again and again.
            const read = (canvas, [x, y, width, height]) => {
                const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
                copy.drawImage(canvas, -x, -y);
                return copy.getImageData(0, 0, width, height).data;
            };

            CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
                // What fades out on the left, or is only half there, nobody has to read.
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
