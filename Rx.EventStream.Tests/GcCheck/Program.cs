using System.Globalization;
using Rx.Tests.GcCheck;

// A linked list can cost the collector dearly: a dead node that was promoted keeps all behind it alive, until each event is
// promoted too. This compares the pauses with those of a channel that carries the same events, and fails beyond 1.5 times.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int Runs = 5;
const double Allowed = 1.5;
int events = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5_000_000;

bool isWithin = true;
Console.WriteLine($"{events:N0} reference-type events, lag below {Carrier.MaxLag:N0}; medians of {Runs} alternating runs");
foreach (bool isWithSecond in new[] { false, true })
{
    var stream = new List<Cost>();
    var channel = new List<Cost>();
    Carrier.Measure(new StreamCarrier(isWithSecond), events / 10); // warm
    Carrier.Measure(new ChannelCarrier(isWithSecond), events / 10);
    for (int run = 0; run < Runs; run++)
    {
        stream.Add(Carrier.Measure(new StreamCarrier(isWithSecond), events));
        channel.Add(Carrier.Measure(new ChannelCarrier(isWithSecond), events));
    }

    Cost ours = Cost.Median(stream);
    Cost theirs = Cost.Median(channel);
    double ratio = ours.PauseMilliseconds / theirs.PauseMilliseconds;
    isWithin &= ratio <= Allowed;
    Console.WriteLine(isWithSecond ? $"one observer, and a second reader {Carrier.Behind:N0} behind" : "one observer");
    Console.WriteLine($"  stream   {ours}");
    Console.WriteLine($"  channel  {theirs}");
    Console.WriteLine($"  pause ratio {ratio:0.00}, at most {Allowed:0.0} allowed");
}

return isWithin ? 0 : 1;
