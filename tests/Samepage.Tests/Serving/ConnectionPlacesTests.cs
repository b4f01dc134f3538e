using Microsoft.AspNetCore.Connections;
using Samepage.Server.Http;

namespace Samepage.Tests.Serving;

/// <summary>Who gets in when all places are taken, and at whose cost.</summary>
public sealed class ConnectionPlacesTests
{
    private readonly ConnectionPlaces _places = new(2);
    private readonly Dictionary<string, TaskCompletionSource> _ends = [];

    [Fact]
    public void The_one_that_waited_longest_gives_way()
    {
        var (first, second) = (Enter("first"), Enter("second"));
        _places.Begin("first");
        _places.End("first");
        var third = Enter("third");
        Assert.Equal((false, true, false), (IsOver(first), IsOver(second), IsOver(third)));
    }

    [Fact]
    public void Who_is_being_answered_keeps_its_place_and_the_newcomer_goes()
    {
        var (first, second) = (Enter("first"), Enter("second"));
        _places.Begin("first");
        _places.Begin("second");
        Assert.True(IsOver(Enter("third")));
        _places.End("second");
        var fourth = Enter("fourth");
        Assert.Equal((false, true, false), (IsOver(first), IsOver(second), IsOver(fourth)));
    }

    [Fact]
    public void A_place_is_given_back_once_however_it_ends()
    {
        // The second loses its place before it ends: its end gives nothing back again.
        var all = new[] { "first", "second", "third" }.Select(Enter).ToList();
        Assert.True(IsOver(all[0]));
        _ends["first"].SetResult();
        Assert.False(IsOver(all[1]));
        _ends["third"].SetException(new InvalidOperationException());
        var fourth = Enter("fourth");
        Assert.Equal((false, false), (IsOver(all[1]), IsOver(fourth)));

        // What is not there any more is not moved.
        _places.Begin("first");
        _places.End("first");
        Enter("fifth");
        Assert.True(IsOver(all[1]));
    }

    private DefaultConnectionContext Enter(string id)
    {
        var connection = new DefaultConnectionContext(id);
        var end = _ends[id] = new TaskCompletionSource();
        _ = _places.Guard(_ => end.Task)(connection);
        return connection;
    }

    /// <summary>Aborting takes a moment.</summary>
    private static bool IsOver(DefaultConnectionContext connection) =>
        SpinWait.SpinUntil(() => connection.ConnectionClosed.IsCancellationRequested, TimeSpan.FromMilliseconds(300));
}
