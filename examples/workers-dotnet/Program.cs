using System.Globalization;
using Workers;

// Several worker processes load the same files into memory of their own, as workers of a web server load the same
// dictionary or model, and end up holding them once.
//
//   workers [--workers N] [--data DIRECTORY] [--domain NAME] [--keeper PATH]
//
// Without --data the .NET runtime's own assemblies are the data set. It is done twice, without and with merging, and
// the kernel's own count of memory is shown: each worker's share of every page that it maps, the engine included.
var settings = Settings.Parse(args);
if (settings.IsWorker)
{
    return Worker.Run(settings);
}

var plain = Round.Run(settings.Workers, "--plain");
var merged = Round.Run(settings.Workers);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{settings.Workers} workers loaded {merged[0].Loaded >> 20} MiB each"));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory of all workers: {plain.Sum(line => line.Share) >> 20} MiB without, {merged.Sum(line => line.Share) >> 20} MiB with merging"));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pages merged: {merged.Sum(line => line.Merged)}; data intact in {merged.Count(line => line.IsIntact)} of {merged.Length}"));
return merged.All(line => line.IsIntact) ? 0 : 1;
