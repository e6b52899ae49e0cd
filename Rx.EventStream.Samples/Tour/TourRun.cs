using Spectre.Console;

namespace Rx.Samples.Tour;

/// <summary>Shows one screen after the other. On a terminal, each screen waits for a key; otherwise the tour does not stop.</summary>
internal sealed class TourRun(IReadOnlyList<Screen> screens, CancellationToken interrupted)
{
    /// <summary>The length of a tick on a terminal.</summary>
    private static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(150);

    /// <summary>Clears the visible part of the terminal. The user can still scroll to the text before the tour.</summary>
    private static readonly ControlCode _clear = new("\e[2J\e[H");

    private static bool IsInteractive =>
        !Console.IsInputRedirected && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true };

    public async Task RunAsync()
    {
        using KeyReader? keys = IsInteractive ? new KeyReader() : null;
        for (int i = 0; i < screens.Count; i++)
        {
            ScreenPlayer finished = new(_ => Task.CompletedTask);
            await screens[i].PlayAsync(finished);
            var view = new ScreenView(screens[i], $"{NumberOf(screens[i])}/{Screen.All.Count}", finished);
            if (!await ShowAsync(screens[i], view, finished, keys))
            {
                AnsiConsole.MarkupLine($"[grey]The tour ended at screen {NumberOf(screens[i])} of {Screen.All.Count}.[/]");
                return;
            }
        }
    }

    private static int NumberOf(Screen screen) => Screen.All.TakeWhile(other => other != screen).Count() + 1;

    /// <returns>Whether the tour continues.</returns>
    private async Task<bool> ShowAsync(Screen screen, ScreenView view, ScreenPlayer finished, KeyReader? keys)
    {
        if (keys is null)
        {
            AnsiConsole.Write(view.Draw(finished));
            AnsiConsole.WriteLine();
            return !interrupted.IsCancellationRequested;
        }

        try
        {
            AnsiConsole.Write(_clear);
            ScreenPlayer played = await AnimateAsync(screen, view, keys);
            ConsoleKey key = keys.TryRead(out ConsoleKey early) && early == ConsoleKey.Q ? early : ConsoleKey.None;

            // A live display is cut off at the bottom of a low window; this final picture scrolls.
            AnsiConsole.Write(view.Draw(played));
            AnsiConsole.Markup(screen == screens[^1] ? "[grey]Enter ends the tour[/] " : "[grey]Enter: next   q: quit[/] ");

            // A key that was pressed during the animation only completed the picture, unless it was Q.
            while (key is not (ConsoleKey.Enter or ConsoleKey.Q))
            {
                key = await keys.ReadAsync(interrupted);
            }

            AnsiConsole.WriteLine();
            return key == ConsoleKey.Enter;
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            AnsiConsole.WriteLine();
            return false;
        }
    }

    /// <summary>Plays the screen and draws it at the end of each tick. A pressed key ends the pauses, not the screen.</summary>
    private Task<ScreenPlayer> AnimateAsync(Screen screen, ScreenView view, KeyReader keys) =>
        AnsiConsole.Live(Text.Empty).AutoClear(true).StartAsync(async live =>
        {
            ScreenPlayer player = new(async player =>
            {
                live.UpdateTarget(view.Draw(player));
                await keys.DelayAsync(_tick, interrupted);
            });
            await screen.PlayAsync(player);
            return player;
        });
}
