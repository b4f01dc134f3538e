namespace Samepage.Scenarios.Workers;

/// <summary>
/// What the interpreters run: load pieces of files and some random data into anonymous memory, keep them, and answer
/// questions on standard input until it ends. Arguments: bytes of random data, then path and length of each piece.
/// </summary>
internal static class WorkerScripts
{
    /// <summary>Perl without any module: perl-base has no digests, so it computes <see cref="Digests.Polynomial"/>.</summary>
    public const string Perl = """
        use integer;
        $| = 1;
        my (@shared, @unique);
        sub load {
            my ($into, $path, $length) = @_;
            open(my $file, '<:raw', $path) or die "$path: $!\n";
            my $at = 0;
            while ($at < $length) {
                my $got = sysread($file, $$into, $length - $at, $at);
                die "$path: too short\n" unless $got;
                $at += $got;
            }
        }
        sub digest {
            my $hash = 0;
            foreach my $data (@_) {
                for (my $at = 0; $at < length $$data; $at += 65536) {
                    my $chunk = substr $$data, $at, 65536;
                    $chunk .= "\0" x (-length($chunk) & 7);
                    $hash = $hash * 6364136223846793005 + $_ for unpack 'q<*', $chunk;
                }
            }
            return sprintf '%016x', $hash;
        }
        my $random = shift;
        load(\$unique[0], '/dev/urandom', $random);
        for (my $i = 0; @ARGV; $i++) {
            my ($path, $length) = splice @ARGV, 0, 2;
            load(\$shared[$i], $path, $length);
        }
        print 'samepage-up ', digest(\(@unique)), "\n";
        while (my $line = <STDIN>) {
            my ($question, $number, $part, $offset) = split ' ', $line;
            if ($question eq 'verify') {
                print "samepage-verified $number ", digest(\(@shared)), ' ', digest(\(@unique)), "\n";
            } elsif ($question eq 'corrupt') {
                my $data = $part eq 'shared' ? \$shared[0] : \$unique[0];
                substr($$data, $offset, 1) = chr(ord(substr $$data, $offset, 1) ^ 255);
                print "samepage-corrupted $number done\n";
            }
        }
        """;

    /// <summary>
    /// Python, with SHA-256 from its standard library. All pieces lie in one mapping, each from the beginning of a page on:
    /// the user engine is offered large mappings only.
    /// </summary>
    public const string Python = """
        import hashlib, mmap, sys

        def load(paths, lengths):
            starts, end = [], 0
            for length in lengths:
                starts.append(end)
                end += -(-length // mmap.PAGESIZE) * mmap.PAGESIZE
            view = memoryview(mmap.mmap(-1, end, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
            pieces = [view[start:start + length] for start, length in zip(starts, lengths)]
            for path, piece in zip(paths, pieces):
                at = 0
                with open(path, 'rb', buffering=0) as file:
                    while at < len(piece):
                        got = file.readinto(piece[at:])
                        if not got:
                            sys.exit(path + ': too short')
                        at += got
            return pieces

        def digest(parts):
            hash = hashlib.sha256()
            for part in parts:
                hash.update(part)
            return hash.hexdigest()

        unique = load(['/dev/urandom'], [int(sys.argv[1])])
        shared = load(sys.argv[2::2], [int(length) for length in sys.argv[3::2]])
        print('samepage-up', digest(unique), flush=True)
        for line in sys.stdin:
            question, number, *rest = line.split()
            if question == 'verify':
                print('samepage-verified', number, digest(shared), digest(unique), flush=True)
            elif question == 'corrupt':
                data = (shared if rest[0] == 'shared' else unique)[0]
                data[int(rest[1])] ^= 255
                print('samepage-corrupted', number, 'done', flush=True)
        """;
}
