namespace Samepage.Scenarios.Guests;

/// <summary>The program that a guest runs: its first and only one.</summary>
internal static class GuestInit
{
    /// <summary>The parts of busybox that the script uses.</summary>
    public static readonly string[] Applets = ["cat", "dd", "mount", "od", "poweroff", "sha256sum", "sh", "sleep", "stty", "tee", "wc"];

    /// <summary>
    /// Makes the guest's own data from its random generator, says that it is up, and answers questions on the serial
    /// line. The kernel hands SAMEPAGE_UNIQUE_MB from its command line to the first process as environment.
    /// </summary>
    public const string Script = """
        #!/bin/sh
        PATH=/bin
        mount -t devtmpfs dev /dev
        mount -t proc proc /proc
        exec </dev/ttyS0 >/dev/ttyS0 2>/dev/null
        stty raw -echo
        dd if=/dev/urandom of=/unique/data bs=1M count="$SAMEPAGE_UNIQUE_MB"

        digest() {
            cat "$@" | sha256sum | { read -r sum rest; echo "$sum"; }
        }

        # Turns all bits of one byte over, so that it is another one whatever it was.
        corrupt() {
            byte=$(dd if="$1" bs=1 skip="$2" count=1 | od -An -tu1)
            printf "\\$(printf %03o $((byte ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc
        }

        # Puts random data in place of all common files, and says the digest of what was meant to be in them.
        rewrite() {
            for file in /shared/*; do
                # Asked before tee empties it.
                pages=$(($(wc -c <"$file") / 4096))
                dd if=/dev/urandom bs=4096 count=$pages | tee "$file"
            done | digest
        }

        # Writes a ring of megabytes over and over, each with a piece of a common file: pages that were merged become
        # others and, as the pieces repeat, duplicates again.
        churn() {
            slot=0
            while :; do
                for file in /shared/*; do
                    dd if="$file" of="/churn/$slot" bs=1M count=1 conv=notrunc
                    slot=$(((slot + 1) % SAMEPAGE_CHURN_MB))
                    sleep "$SAMEPAGE_CHURN_REST"
                done
            done
        }

        [ "$SAMEPAGE_CHURN_MB" -gt 0 ] && churn &

        # A server that the guest was given; it has no business with the serial line.
        [ -x /service/start ] && (cd /service && ./start </dev/null >/dev/null)

        echo "samepage-up $(digest /unique/*)"
        while read -r question number part offset; do
            case $question in
            verify) echo "samepage-verified $number $(digest /shared/*) $(digest /unique/*)" ;;
            rewrite) echo "samepage-rewritten $number $(rewrite)" ;;
            corrupt)
                set -- /"$part"/*
                corrupt "$1" "$offset"
                echo "samepage-corrupted $number done"
                ;;
            esac
        done
        poweroff -f

        """;
}
