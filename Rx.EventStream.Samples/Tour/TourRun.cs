using Spectre.Console;

namespace Rx.Samples.Tour;

/// <summary>Goes from screen to screen: on a terminal at the pace of who watches, otherwise straight through.</summary>
internal sealed class TourRun(IReadOnlyList<Screen> screens, CancellationToken interrupted)
{
    /// <summary>How long a tick takes on a terminal.</summary>
    private static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(150);

    /// <summary>Clears what is in sight; what was there before the tour can still be scrolled to.</summary>
    private static readonly ControlCode _clear = new("\e[2J\e[H");

    private static bool IsGuided =>
        !Console.IsInputRedirected && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true };

    public async Task RunAsync()
    {
        using KeyReader? keys = IsGuided ? new KeyReader() : null;
        for (int i = 0; i < screens.Count; i++)
        {
            Stage whole = new(_ => Task.CompletedTask);
            await screens[i].PlayAsync(whole);
            var view = new ScreenView(screens[i], $"{PlaceOf(screens[i])}/{Screen.All.Count}", whole);
            if (!await ShowAsync(screens[i], view, whole, keys))
            {
                AnsiConsole.MarkupLine($"[grey]The tour was left at screen {PlaceOf(screens[i])} of {Screen.All.Count}.[/]");
                return;
            }
        }
    }

    private static int PlaceOf(Screen screen) => Screen.All.TakeWhile(other => other != screen).Count() + 1;

    /// <returns>Whether the tour goes on.</returns>
    private async Task<bool> ShowAsync(Screen screen, ScreenView view, Stage whole, KeyReader? keys)
    {
        if (keys is null)
        {
            AnsiConsole.Write(view.Draw(whole));
            AnsiConsole.WriteLine();
            return !interrupted.IsCancellationRequested;
        }

        try
        {
            AnsiConsole.Write(_clear);
            Stage played = await AnimateAsync(screen, view, keys);
            ConsoleKey key = keys.TryRead(out ConsoleKey early) && early == ConsoleKey.Q ? early : ConsoleKey.None;

            // What moves is cut off where the window is too low; this scrolls.
            AnsiConsole.Write(view.Draw(played));
            AnsiConsole.Markup(screen == screens[^1] ? "[grey]Enter ends the tour[/] " : "[grey]Enter: next   q: quit[/] ");

            // A key that came before the picture was complete has completed it, and done its work with that, unless it is to leave.
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

    /// <summary>Plays it, and shows each tick when it is over. A key that is pressed ends the waiting, not the play.</summary>
    private Task<Stage> AnimateAsync(Screen screen, ScreenView view, KeyReader keys) =>
        AnsiConsole.Live(Text.Empty).AutoClear(true).StartAsync(async live =>
        {
            Stage stage = new(async stage =>
            {
                live.UpdateTarget(view.Draw(stage));
                await keys.RestAsync(_tick, interrupted);
            });
            await screen.PlayAsync(stage);
            return stage;
        });
}
