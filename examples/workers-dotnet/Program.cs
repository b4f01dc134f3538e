using System.Diagnostics;
using System.Globalization;
using Workers;

// Several worker processes load the same files into memory of their own, as workers of a web server load the same
// dictionary or model, and end up holding them once.
//
//   workers [--workers N] [--data DIRECTORY] [--domain NAME] [--keeper PATH]
//
// Without --data the .NET runtime's own assemblies are the data set.
var settings = Settings.Parse(args);
if (settings.IsWorker)
{
    return Worker.Run(settings);
}

var workers = new List<Process>();
for (var i = 0; i < settings.Workers; i++)
{
    var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
    foreach (var argument in Environment.GetCommandLineArgs().Skip(Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? 0 : 1).Append("--worker"))
    {
        start.ArgumentList.Add(argument);
    }

    workers.Add(Process.Start(start)!);
}

// Every worker says what it holds before merging, then, once it is told to go on, after.
var before = Conversation.Ask(workers);
var after = Conversation.Ask(workers);
var intact = Conversation.Ask(workers);
var culture = CultureInfo.InvariantCulture;
Console.WriteLine(string.Create(culture, $"{workers.Count} workers loaded {before[0].Loaded >> 20} MiB each"));
Console.WriteLine(string.Create(culture, $"private memory of their data together: {before.Sum(line => line.Private) >> 20} MiB before, {after.Sum(line => line.Private) >> 20} MiB after merging"));
Console.WriteLine(string.Create(culture, $"proportional share together: {before.Sum(line => line.Proportional) >> 20} MiB before, {after.Sum(line => line.Proportional) >> 20} MiB after merging"));
Console.WriteLine(string.Create(culture, $"pages merged: {after.Sum(line => line.Merged)}; data intact in {intact.Count(line => line.IsIntact)} of {workers.Count}"));
workers.ForEach(worker => worker.WaitForExit());
return intact.All(line => line.IsIntact) && workers.All(worker => worker.ExitCode == 0) ? 0 : 1;
